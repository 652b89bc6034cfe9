"""Answers in files: an index over OpenAI Batch API output lines, by custom_id.

Holds the place of each answer, not its text, so that millions of answers cost little memory. Reads the output of the
Batch API, of `vllm run-batch`, and this project's own journals and recordings.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from textbooks.calls import Response
from textbooks.errors import TextbooksError

PASSING_STATUSES = (401, 402, 403, 404, 408, 429)
"""What is wrong with key, account, address or load, and not with the request: it may be asked again."""


class Answers:
    """Whole answers found in a set of files."""

    def __init__(self, paths: Iterable[Path] = (), *, torn_end: bool = False) -> None:
        """Index the files; with `torn_end` a broken last line, as a killed writer leaves it, is passed over."""
        self._places: dict[str, tuple[Path, int]] = {}
        for path in paths:
            self.index(path, torn_end=torn_end)

    def __len__(self) -> int:
        return len(self._places)

    def find(self, custom_id: str) -> Response | None:
        """Return the answer to the request with this id, or None."""
        place = self._places.get(custom_id)
        if place is None:
            return None
        path, offset = place
        with path.open("rb") as file:
            file.seek(offset)
            return response_of(json.loads(file.readline()))

    def some(self, count: int) -> Iterator[Response]:
        """Yield the first answers, at most so many."""
        for custom_id in islice(self._places, count):
            response = self.find(custom_id)
            if response:
                yield response

    def add(self, custom_id: str, path: Path, offset: int) -> None:
        """Note where an answer was written."""
        self._places[custom_id] = (path, offset)

    def index(self, path: Path, *, torn_end: bool = False) -> None:
        """Add one file.

        Raises:
            TextbooksError: the file cannot be read, or holds a line that is no batch output line.

        """
        try:
            with path.open("rb") as file:
                offset = 0
                for number, line in enumerate(file, start=1):
                    if torn_end and not line.endswith(b"\n"):
                        return
                    if line.strip():
                        try:
                            response = response_of(json.loads(line))
                        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                            raise TextbooksError(
                                f"{path}:{number}: not a batch output line ({type(error).__name__}: {error}); "
                                + ("remove the damaged line" if torn_end else "give the file that the batch returned")
                            ) from error
                        if response is not None:
                            self._places[response.custom_id] = (path, offset)
                    offset += len(line)
        except OSError as error:
            raise TextbooksError(f"cannot read {str(path)!r} ({error.strerror}); check the path") from error


def response_of(line: Mapping[str, Any]) -> Response | None:
    """Return the response of a batch output line; None where the item failed without an answer."""
    custom_id = line["custom_id"]
    answer = line["response"]
    if answer is None or not isinstance(answer.get("body"), dict):
        return None
    status = int(answer["status_code"])
    if status in PASSING_STATUSES or status >= 500:
        return None
    line_id = line.get("id")
    return Response(
        custom_id=str(custom_id),
        status_code=status,
        body=answer["body"],
        line_id=line_id if isinstance(line_id, str) else None,
    )
