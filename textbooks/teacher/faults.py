"""What it means when an endpoint fails, in one sentence each, with the cure. Shows no key and no password.

A passing fault is tried again; a fault of the endpoint ends the asking; a refusal of one request is that one's outcome.
"""

import os
import re
from collections.abc import Mapping
from typing import Any

from textbooks.errors import TextbooksError

SAID_CHARACTERS = 200


class Passing(Exception):  # an outcome of one try, not an error of ours
    """A passing fault; the words say which."""

    def __init__(self, said: str, *, may_be_paid: bool = False) -> None:
        """Say what happened, and whether the provider may charge for it although nothing whole arrived."""
        super().__init__(without_key(said))
        self.may_be_paid = may_be_paid


def first_cause(error: BaseException) -> BaseException:
    """Return the error with which a chain of causes began."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def was_not_connected(error: BaseException) -> bool:
    """Return whether a request failed before there was a connection to send it through."""
    import aiohttp

    # The SDK's transport calls a reset connection a timeout of connecting; only the first cause tells them apart.
    never = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, never):
            return True
        cause = cause.__cause__
    return False


def without_key(text: str) -> str:
    """Return a text without the key, which endpoints like to repeat in their complaints."""
    key = os.environ.get("OPENAI_API_KEY")
    return text.replace(key, "[key]") if key and len(key) >= MASKED_CHARACTERS else text


MASKED_CHARACTERS = 8
"""Shorter keys, such as `none`, are words that texts contain for other reasons."""


def shown(url: str) -> str:
    """Return an address without the user and password that it may hold."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


def error_body(error: Any) -> dict[str, Any]:
    """Return what the endpoint said of an error status, without the key."""
    body = error.body if isinstance(error.body, dict) else {"message": str(error)}
    return {name: without_key(value) if isinstance(value, str) else value for name, value in body.items()}


def of_status(status: int, body: Mapping[str, Any], *, url: str, model: str) -> TextbooksError | None:
    """Return what is wrong with key, address, model or account, by an error status; None where it is none of these."""
    said = str(body.get("message") or body)[:SAID_CHARACTERS]
    where = repr(shown(url))
    if status in (401, 403):
        sentence = f"endpoint {where} refuses the key (HTTP {status}: {said}); set OPENAI_API_KEY to a valid one"
    elif status == 404:
        sentence = (
            f"endpoint {where} knows no such path or model {model!r} (HTTP 404: {said}); "
            "correct --base-url (it usually ends in /v1) or --model"
        )
    elif status == 402 or body.get("code") == "insufficient_quota":
        sentence = (
            f"endpoint {where} says that there is no credit left (HTTP {status}: {said}); add some, and the same "
            "command goes on"
        )
    else:
        return None
    return TextbooksError(sentence)


def unreachable(url: str, cause: object) -> TextbooksError:
    """Nobody listens at the address."""
    return TextbooksError(
        f"endpoint {shown(url)!r} cannot be reached ({cause}); start the server or correct --base-url"
    )


def no_completion(url: str, said: str) -> TextbooksError:
    """Whoever answers is no chat endpoint."""
    return TextbooksError(
        f"endpoint {shown(url)!r} answered something that is no chat completion ({said!r}); "
        "correct --base-url (it usually ends in /v1)"
    )


def down(url: str, failures: int, said: str) -> TextbooksError:
    """Nothing but failures for too long."""
    return TextbooksError(
        f"endpoint {shown(url)!r} failed {failures} times in a row (last: {said}); wait until it answers again, and "
        "the same command goes on"
    )


def only_empty(url: str, model: str) -> TextbooksError:
    """Answers, but never a text."""
    return TextbooksError(
        f"endpoint {shown(url)!r} answers with empty choices for model {model!r}; "
        "try another --model, or raise its token limit with --set"
    )
