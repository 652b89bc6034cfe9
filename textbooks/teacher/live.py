"""A live endpoint that speaks OpenAI's chat completions: one request in, one response out, or a sentence why not.

Knows nothing of journals or plans. The SDK's own retries cover passing faults; what is left of those counts as "no
answer yet" and is asked again by the next run.
"""

import asyncio
import json
import os
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Request, Response

CONCURRENT_REQUESTS = 32
TIMEOUT_SECONDS = 300.0


class LiveTeacher:
    """Asks one endpoint, at most `concurrent` requests at a time."""

    def __init__(self, *, base_url: str | None, concurrent: int = CONCURRENT_REQUESTS) -> None:
        import openai

        self._url = base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self.last_failure: str | None = None
        """What the endpoint last said where it gave no answer."""
        self._slots = asyncio.Semaphore(concurrent)
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            # A local server takes any key, and the SDK refuses to start without one.
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=TIMEOUT_SECONDS,
            http_client=openai.DefaultAioHttpClient(),
        )

    async def ask(self, request: Request) -> Response | None:
        """Return the answer, or the endpoint's refusal of this one request; None where it should be asked again.

        Raises:
            TextbooksError: the endpoint itself is unusable: unreachable, wrong key, wrong path or model, not JSON.

        """
        import openai

        extra = {key: value for key, value in request.body.items() if key not in ("model", "messages")}
        try:
            async with self._slots:
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=request.body["model"], messages=request.body["messages"], extra_body=extra
                )
                text = raw.text
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise TextbooksError(
                f"endpoint {self._url!r} cannot be reached ({cause}); start the server or correct --base-url"
            ) from error
        except openai.APIStatusError as error:
            return self._refused(request, error.status_code, _error_body(error))
        return Response(custom_id=request.custom_id, status_code=200, body=self._parsed(text))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _refused(self, request: Request, status: int, body: dict[str, Any]) -> Response | None:
        said = str(body.get("message") or body)[:200]
        if status in (401, 403):
            raise TextbooksError(
                f"endpoint {self._url!r} refuses the key (HTTP {status}: {said}); set OPENAI_API_KEY to a valid one"
            )
        if status == 404:
            raise TextbooksError(
                f"endpoint {self._url!r} knows no such path or model {request.body['model']!r} (HTTP 404: {said}); "
                "correct --base-url (it usually ends in /v1) or --model"
            )
        if status == 429 or status >= 500:
            self.last_failure = f"HTTP {status}: {said}"
            return None
        return Response(custom_id=request.custom_id, status_code=status, body={"error": body})

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict) or "choices" not in body:
            raise TextbooksError(
                f"endpoint {self._url!r} answered something that is no chat completion ({text.strip()[:60]!r}); "
                "correct --base-url (it usually ends in /v1)"
            )
        return body


def _error_body(error: Any) -> dict[str, Any]:
    body = error.body
    return body if isinstance(body, dict) else {"message": str(error)}
