"""A live endpoint that speaks OpenAI's chat completions: one request in, one response out, or None.

Knows nothing of journals or plans. The SDK's own retries cover passing faults; what is left of those is "no answer
yet" and asked again by the next run. An endpoint that cannot be used at all is noted in `fault`: nothing more is sent,
what is under way still arrives, and whoever runs the shard raises it.
"""

import asyncio
import json
import os
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Request, Response

CONCURRENT_REQUESTS = 32
TIMEOUT_SECONDS = 300.0
EMPTY_TRIES = 8
"""So many empty answers before any whole one mean that the endpoint, not the prompt, is at fault."""


class LiveTeacher:
    """Asks one endpoint, at most `concurrent` requests at a time."""

    def __init__(self, *, base_url: str | None, proved: bool, concurrent: int = CONCURRENT_REQUESTS) -> None:
        """Prepare the client; `proved` says that this run has a whole answer already."""
        import openai

        self.fault: TextbooksError | None = None
        self.proved = proved
        self.last_failure: str | None = None
        """What the endpoint last said where it gave no answer."""
        self._empty = 0
        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self._slots = asyncio.Semaphore(concurrent)
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            # A local server takes any key, and the SDK refuses to start without one.
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=TIMEOUT_SECONDS,
            http_client=openai.DefaultAioHttpClient(),
        )

    async def ask(self, request: Request) -> Response | None:
        """Return the answer, or the endpoint's refusal of this one request; None where there is neither."""
        import openai

        extra = {key: value for key, value in request.body.items() if key not in ("model", "messages")}
        async with self._slots:
            if self.fault:
                return None
            try:
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=request.body["model"], messages=request.body["messages"], extra_body=extra
                )
                return self._answered(request, raw.text)
            except openai.APIConnectionError as error:
                self._unreached(error)
                return None
            except openai.APIStatusError as error:
                return self._refused(request, error.status_code, _error_body(error))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _unreached(self, error: Exception) -> None:
        """Note a lost connection: a passing fault once the endpoint has answered anything, else a wrong address."""
        self.last_failure = f"the connection failed: {error.__cause__ or error}"
        if not self.proved:
            self.fault = TextbooksError(
                f"endpoint {self._url!r} cannot be reached ({error.__cause__ or error}); "
                "start the server or correct --base-url"
            )

    def _refused(self, request: Request, status: int, body: dict[str, Any]) -> Response | None:
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
        elif status == 429 or status >= 500:
            self.last_failure = f"HTTP {status}: {said}"
        else:
            return Response(custom_id=request.custom_id, status_code=status, body={"error": body})
        return None

    def _answered(self, request: Request, text: str) -> Response | None:
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or "choices" not in body:
            self.fault = TextbooksError(
                f"endpoint {self._url!r} answered something that is no chat completion ({text.strip()[:60]!r}); "
                "correct --base-url (it usually ends in /v1)"
            )
            return None
        response = Response(custom_id=request.custom_id, status_code=200, body=body)
        if response.text is not None:
            self.proved, self._empty = True, 0
        else:
            self._empty += 1
            if not self.proved and self._empty >= EMPTY_TRIES:
                self.fault = self.empty_fault(request)
        return response

    def empty_fault(self, request: Request) -> TextbooksError:
        """Return the complaint about an endpoint that answers, but never with a text."""
        return TextbooksError(
            f"endpoint {self._url!r} answers with empty choices for model {request.body['model']!r}; "
            "try another --model, or raise its token limit with --set"
        )


def _error_body(error: Any) -> dict[str, Any]:
    body = error.body
    return body if isinstance(body, dict) else {"message": str(error)}
