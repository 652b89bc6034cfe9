"""One call of a model in the words of OpenAI's API: the request, the response, the tokens that it took. Asks nobody.

Both are lines of the Batch API's files, which is what journals, recordings and batches hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One chat call, in the words of the OpenAI Batch API."""

    custom_id: str
    """SHA-256 of the canonical body: the same question always bears the same id."""
    body: Mapping[str, Any]
    """The body of `POST /v1/chat/completions`, or, where it has a `prompt`, of `POST /v1/completions`."""

    @property
    def path(self) -> str:
        """Where it goes, below the endpoint's address."""
        return "/completions" if "prompt" in self.body else "/chat/completions"

    def line(self) -> dict[str, Any]:
        """Return the request as a Batch API input line."""
        return {
            "custom_id": self.custom_id,
            "method": "POST",
            "url": f"/v1{self.path}",
            "body": self.body,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, or of several together, as the endpoint counted them."""

    prompt_tokens: int
    cached_tokens: int
    """How many of the prompt's were read from the provider's cache."""
    completion_tokens: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


NOTHING_USED = Usage(prompt_tokens=0, cached_tokens=0, completion_tokens=0)
RECORDED = "recorded-"
"""Begins the line id of an answer that a journal has from a file: this run did not pay for it."""
BATCHED = "batch_req_"
"""Begins the line id of an answer that came through the provider's Batch API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back for a request: an answer, or the reason why there is none."""

    custom_id: str
    status_code: int
    """HTTP status."""
    body: Mapping[str, Any]
    """The chat completion, or the error as the endpoint worded it."""
    line_id: str | None = None
    """The id of the line that it was read from; it says how the answer was come by."""

    @property
    def is_recorded(self) -> bool:
        """Whether it came from a file, and so was paid for elsewhere."""
        return bool(self.line_id and self.line_id.startswith(RECORDED))

    @property
    def is_batched(self) -> bool:
        """Whether it was paid for at the price of a batch."""
        return bool(self.line_id and self.line_id.removeprefix(RECORDED).startswith(BATCHED))

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of all choices that are whole, in order."""
        return tuple(
            text for choice in self._choices() if _finish(choice) in (None, "stop") and (text := _text(choice))
        )

    @property
    def text(self) -> str | None:
        """The first choice's text; None where the call failed or the choice is empty."""
        return next((_text(choice) for choice in self._choices()), None)

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped writing the first choice; only `stop` is a whole answer."""
        return next((_finish(choice) for choice in self._choices()), None)

    @property
    def usage(self) -> Usage | None:
        """The tokens that it took; None where the endpoint did not say. A refused request took none."""
        if self.status_code != 200:
            return NOTHING_USED
        usage = self.body.get("usage")
        if not isinstance(usage, Mapping):
            return None
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if not isinstance(prompt, int) or not isinstance(completion, int):
            return None
        details = usage.get("prompt_tokens_details")
        # The first is OpenAI's name, the second DeepSeek's.
        cached = details.get("cached_tokens") if isinstance(details, Mapping) else usage.get("prompt_cache_hit_tokens")
        cached = min(cached, prompt) if isinstance(cached, int) else 0
        return Usage(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)

    def _choices(self) -> list[Mapping[str, Any]]:
        """Return the choices; endpoints have been seen to send other things in their place."""
        choices = self.body.get("choices") if self.status_code == 200 else None
        return [one for one in choices if isinstance(one, Mapping)] if isinstance(choices, list) else []

    def line(self) -> dict[str, Any]:
        """Return the response as a Batch API output line."""
        return {
            "id": self.line_id or f"resp-{self.custom_id[:24]}",
            "custom_id": self.custom_id,
            "response": {
                "status_code": self.status_code,
                "request_id": self.body.get("id"),
                "body": self.body,
            },
            "error": None,
        }


def _text(choice: Mapping[str, Any]) -> str | None:
    message = choice.get("message")
    content = message.get("content") if isinstance(message, Mapping) else choice.get("text")
    return content if isinstance(content, str) and content.strip() else None


def _finish(choice: Mapping[str, Any]) -> str | None:
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) else None
