"""A live endpoint that speaks OpenAI's chat completions: one request in, one response out, or None.

Passing faults (429, 5xx, lost connections, timeouts) are tried again, at the pace that the endpoint bears; the SDK's
own retries are off, since they would hold places and know no pace. A refusal of one request (400, say) is its answer.
An endpoint that cannot be used at all is noted in `fault`: nothing more is sent, what is under way still arrives, and
whoever runs the build raises it. Knows nothing of journals or plans.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Request, Response
from textbooks.teacher import pacing
from textbooks.teacher.pacing import Pacer

TIMEOUT_SECONDS = 300.0
MOST_TRIES = 10
"""How often one request is tried in a run before it is left for the next."""
EMPTY_TRIES = 8
"""So many empty answers before any whole one mean that the endpoint, not the prompt, is at fault."""
FAILURES_BEFORE_ANY_ANSWER = 24
FAILURES_IN_A_ROW, FAILING_SECONDS = 50, 60.0
"""So many failures without an answer between them, for so long, and the endpoint counts as down."""


class _TryAgain(Exception):  # an outcome of one try
    """A passing fault; the words say which."""


class LiveTeacher:
    """Asks one endpoint; of one event loop."""

    def __init__(self, *, base_url: str | None, proved: bool, pacer: Pacer | None = None) -> None:
        """Prepare the client; `proved` says that this run has a whole answer already."""
        import openai

        self.fault: TextbooksError | None = None
        self.proved = proved
        self.is_stopped = False
        """Whether nothing more is to be sent."""
        self.pacer = pacer or Pacer()
        self.last_failure: str | None = None
        """What the endpoint last said where it gave no answer."""
        self.failures: Counter[str] = Counter()
        """Passing faults by kind, whether or not a later try went well."""
        self._empty = 0
        self._failures_in_a_row = 0
        self._last_answer_at = time.monotonic()
        self._tokens_needed = 1
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            # A local server takes any key, and the SDK refuses to start without one.
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=TIMEOUT_SECONDS,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(),
        )

    async def ask(self, request: Request) -> Response | None:
        """Return the answer, or the endpoint's refusal of this one request; None where there is neither."""
        for tries in range(1, MOST_TRIES + 1):
            async with self.pacer.place() as taken_at:
                if self.fault or self.is_stopped:
                    return None
                try:
                    return await self._tried(request, taken_at)
                except _TryAgain as fault:
                    self._failed(str(fault))
            if tries < MOST_TRIES:
                await asyncio.sleep(self.pacer.delay_seconds(tries))
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _tried(self, request: Request, taken_at: float) -> Response | None:
        import openai

        began = time.monotonic()
        extra = {key: value for key, value in request.body.items() if key not in ("model", "messages")}
        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                model=request.body["model"], messages=request.body["messages"], extra_body=extra
            )
        except openai.APIConnectionError as error:  # which a timeout is, too, and so is a refused connection
            self.pacer.refused(taken_at, pacing.YIELD_TO_TROUBLE)
            if time.monotonic() - began >= TIMEOUT_SECONDS:
                raise _TryAgain(f"no answer within {TIMEOUT_SECONDS:g} s") from error
            self._refuse_wrong_address(error)
            raise _TryAgain(f"the connection failed: {error.__cause__ or error}") from error
        except openai.APIStatusError as error:
            return self._refused(request, error.status_code, _error_body(error), error.response.headers, taken_at)
        except (ValueError, UnicodeDecodeError) as error:
            raise _TryAgain(f"the answer cannot be read: {error}") from error
        return self._answered(request, raw.text, raw.headers)

    def _refuse_wrong_address(self, error: Exception) -> None:
        """Note a wrong address; a connection that is lost later, or once there were answers, is a passing fault."""
        if not self.proved and type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):
            self.fault = TextbooksError(
                f"endpoint {self._url!r} cannot be reached ({error.__cause__ or error}); "
                "start the server or correct --base-url"
            )

    def _refused(
        self, request: Request, status: int, body: dict[str, Any], headers: Mapping[str, str], taken_at: float
    ) -> Response | None:
        said = str(body.get("message") or body)[:200]
        if status in (401, 403):
            self.fault = TextbooksError(
                f"endpoint {self._url!r} refuses the key (HTTP {status}: {said}); set OPENAI_API_KEY to a valid one"
            )
        elif status == 404:
            self.fault = TextbooksError(
                f"endpoint {self._url!r} knows no such path or model {request.body['model']!r} (HTTP 404: {said}); "
                "correct --base-url (it usually ends in /v1) or --model"
            )
        elif status == 402 or body.get("code") == "insufficient_quota":
            self.fault = TextbooksError(
                f"endpoint {self._url!r} says that there is no credit left (HTTP {status}: {said}); add some, and the "
                "same command goes on"
            )
        elif status == 429 or status >= 500 or status == 408:
            self.pacer.refused(taken_at, pacing.YIELD_TO_LIMITS if status == 429 else pacing.YIELD_TO_TROUBLE)
            wait = pacing.retry_after_seconds(headers, time.time())
            if wait is not None:
                self.pacer.close_for(wait)
            raise _TryAgain(f"HTTP {status}: {said}")
        else:
            self._went_well()
            return Response(custom_id=request.custom_id, status_code=status, body={"error": body})
        return None

    def _answered(self, request: Request, text: str, headers: Mapping[str, str]) -> Response | None:
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or "choices" not in body:
            said = text.strip()[:60]
            if self.proved:  # a proxy's page, or an answer that was cut off
                raise _TryAgain(f"the answer is no chat completion: {said!r}")
            self.fault = TextbooksError(
                f"endpoint {self._url!r} answered something that is no chat completion ({said!r}); "
                "correct --base-url (it usually ends in /v1)"
            )
            return None
        response = Response(custom_id=request.custom_id, status_code=200, body=body)
        self._went_well()
        self.pacer.answered()
        self._tokens_needed = max(
            1, (response.usage("prompt_tokens") or 0) + (response.usage("completion_tokens") or 0)
        )
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
        self._failures_in_a_row, self._last_answer_at = 0, time.monotonic()

    def _failed(self, said: str) -> None:
        """Count a passing fault; too many in a row are none."""
        self.last_failure = said
        self.failures[said.split(":", maxsplit=1)[0]] += 1
        self._failures_in_a_row += 1
        silent = time.monotonic() - self._last_answer_at
        is_down = self._failures_in_a_row >= FAILURES_IN_A_ROW and silent >= FAILING_SECONDS
        if is_down or (not self.proved and self._failures_in_a_row >= FAILURES_BEFORE_ANY_ANSWER):
            self.fault = self.fault or TextbooksError(
                f"endpoint {self._url!r} failed {self._failures_in_a_row} times in a row (last: {said}); wait until it "
                "answers again, and the same command goes on"
            )

    def empty_fault(self, request: Request) -> TextbooksError:
        """Return the complaint about an endpoint that answers, but never with a text."""
        return TextbooksError(
            f"endpoint {self._url!r} answers with empty choices for model {request.body['model']!r}; "
            "try another --model, or raise its token limit with --set"
        )


def _error_body(error: Any) -> dict[str, Any]:
    body = error.body
    return body if isinstance(body, dict) else {"message": str(error)}
