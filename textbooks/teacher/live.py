"""A live endpoint that speaks OpenAI's chat completions: one request in, one response out, or None.

Passing faults (429, 5xx, lost connections, timeouts) are tried again, at the pace that the endpoint bears and within
the budget; the SDK's own retries are off, since they would hold places and know neither. A refusal of one request (400,
say) is its answer. An endpoint that cannot be used at all is noted in `fault`: nothing more is sent, what is under way
still arrives, and whoever runs the build raises it. Knows nothing of journals or plans.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from textbooks.calls import Request, Response
from textbooks.errors import TextbooksError
from textbooks.teacher import faults, pacing
from textbooks.teacher.budget import Budget
from textbooks.teacher.faults import Passing
from textbooks.teacher.pacing import Pacer

TIMEOUT_SECONDS = 300.0
MOST_TRIES = 10
"""How often one request is tried in a run before it is left for the next."""
EMPTY_TRIES = 8
"""So many empty answers before any whole one mean that the endpoint, not the prompt, is at fault."""
FAILURES_BEFORE_ANY_ANSWER = 24
FAILURES_IN_A_ROW, FAILING_SECONDS = 50, 60.0
"""So many failures without an answer between them, for so long, and the endpoint counts as down."""
REFUSALS_IN_A_ROW = 5
"""So many refusals of key, path or account, once there were answers; before, one is enough."""


class Log(Protocol):
    """Told what happens to one request."""

    def sent(self) -> None:
        """Hear, before the first try, that the request goes out."""

    def lost(self, said: str) -> None:
        """Hear that a try may have been paid for and brought nothing."""


class LiveTeacher:
    """Asks one endpoint; of one event loop."""

    def __init__(
        self,
        *,
        base_url: str | None,
        proved: bool,
        budget: Budget,
        pacer: Pacer | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """Prepare the client; `proved` says that this run has a whole answer already."""
        import openai

        self.fault: TextbooksError | None = None
        self.proved = proved
        self.is_stopped = False
        """Whether nothing more is to be sent."""
        self.pacer = pacer or Pacer()
        self.budget = budget
        self.last_failure: str | None = None
        """What the endpoint last said where it gave no answer."""
        self.failures: Counter[str] = Counter()
        """Passing faults by kind, whether or not a later try went well."""
        self._empty = 0
        self._failures_in_a_row = 0
        self._refusals_in_a_row = 0
        self._last_answer_at = time.monotonic()
        self._tokens_needed = 1
        self._timeout_seconds = timeout_seconds
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            # A local server takes any key, and the SDK refuses to start without one.
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=timeout_seconds,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(),
        )

    async def ask(self, request: Request, log: Log) -> Response | None:
        """Return the answer, or the endpoint's refusal of this one request; None where there is neither."""
        is_sent = False
        for tries in range(1, MOST_TRIES + 1):
            async with self.pacer.place() as taken_at:
                stake = None if self._is_closed else await self.budget.reserve(request)
                if stake is None:
                    return None
                if self._is_closed:
                    self.budget.unpaid(stake)
                    return None
                if not is_sent:
                    log.sent()
                    is_sent = True
                try:
                    return await self._settled(request, taken_at, stake)
                except Passing as fault:
                    self._failed(str(fault))
                    if fault.may_be_paid:
                        log.lost(str(fault))
            if tries < MOST_TRIES:
                await asyncio.sleep(self.pacer.delay_seconds(tries))
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def empty_fault(self, request: Request) -> TextbooksError:
        """Return the complaint about an endpoint that answers, but never with a text."""
        return faults.only_empty(self._url, request.body["model"])

    @property
    def _is_closed(self) -> bool:
        return bool(self.fault) or self.is_stopped or self.budget.is_spent

    async def _settled(self, request: Request, taken_at: float, stake: float) -> Response | None:
        """Try once, and settle what was at stake, whatever comes of it."""
        try:
            response = await self._tried(request, taken_at)
        except Passing as fault:
            (self.budget.lost if fault.may_be_paid else self.budget.unpaid)(stake)
            raise
        except BaseException:  # a try that is given up while it is under way
            self.budget.lost(stake)
            raise
        if response is None or response.status_code != 200:
            self.budget.unpaid(stake)
        else:
            self.budget.answered(response, stake)
        return response

    async def _tried(self, request: Request, taken_at: float) -> Response | None:
        import httpx2
        import openai

        try:
            # The SDK's own limit starts anew with each byte; this one does not. Its typed call would walk through the
            # whole body, at a quarter of the processor time of a request, to send what is in it already.
            async with asyncio.timeout(self._timeout_seconds):
                raw = await self._client.post(request.path, cast_to=httpx2.Response, body=dict(request.body))
        except (TimeoutError, openai.APITimeoutError) as error:
            self.pacer.troubled(taken_at)
            # The SDK's transport calls some lost and refused connections timeouts, too.
            is_late = isinstance(error, TimeoutError) or isinstance(faults.first_cause(error), TimeoutError)
            said = f"no answer within {self._timeout_seconds:g} s" if is_late else _connection_words(error)
            raise Passing(said, may_be_paid=self._was_sent(error)) from error
        except openai.APIConnectionError as error:
            self.pacer.troubled(taken_at)
            raise Passing(_connection_words(error), may_be_paid=self._was_sent(error)) from error
        except openai.APIStatusError as error:
            body = faults.error_body(error)
            return self._refused(request, error.status_code, body, error.response.headers, taken_at)
        except (ValueError, UnicodeDecodeError) as error:
            raise Passing(f"the answer cannot be read: {error}", may_be_paid=True) from error
        return self._answered(request, raw.text, raw.headers, taken_at)

    def _was_sent(self, error: Exception) -> bool:
        """Return whether a failed request may have gone out; nobody at the address, at the beginning, is a fault."""
        if not faults.was_not_connected(error):
            return True
        if not self.proved:
            self.fault = faults.unreachable(self._url, error.__cause__ or error)
        return False

    def _refused(
        self, request: Request, status: int, body: dict[str, Any], headers: Mapping[str, str], taken_at: float
    ) -> Response | None:
        said = f"HTTP {status}: {str(body.get('message') or body)[: faults.SAID_CHARACTERS]}"
        fault = faults.of_status(status, body, url=self._url, model=request.body["model"])
        if fault:
            self._refusals_in_a_row += 1
            if self.proved and self._refusals_in_a_row < REFUSALS_IN_A_ROW:
                raise Passing(said)  # one of several servers behind the same address may be at fault
            self.fault = fault
            return None
        if status in (408, 429) or status >= 500:
            (self.pacer.refused if status == 429 else self.pacer.troubled)(taken_at)
            wait = pacing.retry_after_seconds(headers, time.time())
            if wait is not None:
                self.pacer.close_for(wait)
            raise Passing(said)
        self._went_well()
        return Response(custom_id=request.custom_id, status_code=status, body={"error": body})

    def _answered(self, request: Request, text: str, headers: Mapping[str, str], taken_at: float) -> Response | None:
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or "choices" not in body:
            said = faults.without_key(text.strip()[:60])
            if self.proved:  # a proxy's page, or an answer that was cut off
                raise Passing(f"the answer is no chat completion: {said!r}", may_be_paid=True)
            self.fault = faults.no_completion(self._url, said)
            return None
        response = Response(custom_id=request.custom_id, status_code=200, body=body)
        self._went_well()
        self.pacer.answered(taken_at)
        if response.usage:
            self._tokens_needed = max(1, response.usage.prompt_tokens + response.usage.completion_tokens)
        wait = pacing.exhausted_seconds(headers, self._tokens_needed)
        if wait is not None:
            self.pacer.close_for(wait)
        if response.text is not None:
            self.proved, self._empty = True, 0
        else:
            self._empty += 1
            if not self.proved and self._empty >= EMPTY_TRIES:
                self.fault = self.empty_fault(request)
        return response

    def _went_well(self) -> None:
        self._failures_in_a_row = self._refusals_in_a_row = 0
        self._last_answer_at = time.monotonic()

    @property
    def failing_seconds(self) -> float:
        """For how long every try has failed; 0 where the last one went well."""
        return time.monotonic() - self._last_answer_at if self._failures_in_a_row else 0.0

    def _failed(self, said: str) -> None:
        """Count a passing fault; too many in a row are none."""
        self.last_failure = said
        self.failures[said.split(":", maxsplit=1)[0]] += 1
        self._failures_in_a_row += 1
        silent = time.monotonic() - self._last_answer_at
        is_down = self._failures_in_a_row >= FAILURES_IN_A_ROW and silent >= FAILING_SECONDS
        if is_down or (not self.proved and self._failures_in_a_row >= FAILURES_BEFORE_ANY_ANSWER):
            self.fault = self.fault or faults.down(self._url, self._failures_in_a_row, said)


def _connection_words(error: Exception) -> str:
    return f"the connection failed: {faults.first_cause(error)}"
