"""The ledger of a run's batches: what was written, sent and collected, noted the moment it is so. Asks nobody."""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from textbooks.calls import Request
from textbooks.errors import TextbooksError
from textbooks.storage import cut_torn_end, read_json_lines, write_json_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch, as far as the ledger knows it."""

    number: int
    requests: int
    file_id: str | None = None
    """Of its input file at the provider."""
    batch_id: str | None = None
    collected: str | None = None
    """The state in which it was collected; None where it is outstanding."""


class Ledger:
    """The batches of one run, in `batches.jsonl`, and their files beside it. One process at a time writes."""

    def __init__(self, run: Path) -> None:
        """Read what is there; nothing is written.

        Raises:
            TextbooksError: the ledger is damaged.

        """
        self._folder = run / "batches"
        self._path = run / "batches.jsonl"
        self._lock: int | None = None
        self.batches: dict[int, Batch] = {}
        if self._path.exists():
            for _, event in read_json_lines(self._path, torn_end=True):
                self._note(event)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)

    @property
    def outstanding(self) -> list[Batch]:
        """The batches that are not collected, whether or not they have reached the provider."""
        return [batch for batch in self.batches.values() if not batch.collected]

    def path(self, batch: Batch, kind: str) -> Path:
        """Return where a file of a batch lies; `requests` is its input."""
        return self._folder / f"{batch.number:05d}.{kind}.jsonl"

    def input_lines(self, batch: Batch) -> Iterator[dict[str, Any]]:
        """Yield the request lines that a batch was made of."""
        for _, line in read_json_lines(self.path(batch, "requests")):
            yield line

    def prepare(self, requests: Iterable[Request], *, most_requests: int, most_bytes: int) -> None:
        """Write requests to input files within limits, and note them as batches that are to be submitted."""
        for chunk in _chunks(requests, most_requests, most_bytes):
            batch = Batch(number=max(self.batches, default=-1) + 1, requests=len(chunk))
            write_json_lines(self.path(batch, "requests"), (request.line() for request in chunk))
            self.record({"event": "prepared", "number": batch.number, "requests": batch.requests})

    def record(self, event: Mapping[str, Any]) -> None:
        """Note an event for good: on disk before this returns.

        Raises:
            TextbooksError: another process works on the same batches.

        """
        self._claim()
        cut_torn_end(self._path)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._note(event)

    def _claim(self) -> None:
        if self._lock is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            run = str(self._folder.parent)
            raise TextbooksError(f"another command works on the batches of {run!r}; wait for it") from error

    def _note(self, event: Mapping[str, Any]) -> None:
        number = event["number"]
        if event["event"] == "prepared":
            self.batches[number] = Batch(number=number, requests=event["requests"])
        elif event["event"] == "uploaded":
            self.batches[number] = replace(self.batches[number], file_id=event["file_id"])
        elif event["event"] == "created":
            self.batches[number] = replace(self.batches[number], batch_id=event["batch_id"])
        elif event["event"] == "collected":
            self.batches[number] = replace(self.batches[number], collected=event["state"])


def _chunks(requests: Iterable[Request], most_requests: int, most_bytes: int) -> Iterator[list[Request]]:
    chunk: list[Request] = []
    size = 0
    for request in requests:
        length = len(json.dumps(request.line())) + 1  # ASCII, as it will be written
        if chunk and (len(chunk) >= most_requests or size + length > most_bytes):
            yield chunk
            chunk, size = [], 0
        chunk.append(request)
        size += length
    if chunk:
        yield chunk
