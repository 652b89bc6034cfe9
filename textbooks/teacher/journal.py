"""The journal of a run: every request and every answer, appended as Batch API lines, one pair of files per shard.

An answer that is in the journal is never asked for again, whatever else changed: it is found by the hash of its
request. Knows nothing of where answers come from.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from textbooks.records import Request, Response
from textbooks.teacher.answers import Answers


class Journal:
    """Appends to `folder`, and finds what is already there. Files are created by the first line only."""

    def __init__(self, folder: Path, *, before_first: Callable[[], None] = lambda: None) -> None:
        """Index what `folder` holds; `before_first` is called once, before the first line is written."""
        self._folder = folder
        self._before_first = before_first
        self._files: dict[Path, IO[bytes]] = {}
        self._answers = Answers(sorted(folder.glob("*.responses.jsonl")), torn_end=True)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def find(self, custom_id: str) -> Response | None:
        """Return the answer to a request asked earlier in this run, or None."""
        return self._answers.find(custom_id)

    def record(self, shard: int, request: Request, response: Response) -> None:
        """Append a request and its answer; both are handed to the operating system before this returns."""
        self._append(self._folder / f"{shard:05d}.requests.jsonl", request.line())
        path = self._folder / f"{shard:05d}.responses.jsonl"
        self._answers.add(response.custom_id, path, self._append(path, response.line()))

    def close(self) -> None:
        """Force everything to disk and close the files."""
        for file in self._files.values():
            os.fsync(file.fileno())
            file.close()
        self._files.clear()

    def _append(self, path: Path, value: dict[str, Any]) -> int:
        """Append a line and return the offset at which it starts."""
        file = self._files.get(path)
        if file is None:
            if not self._files:
                self._before_first()
            self._folder.mkdir(parents=True, exist_ok=True)
            _cut_torn_end(path)
            file = self._files[path] = path.open("ab")
        offset = file.tell()
        file.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        file.flush()
        return offset


def _cut_torn_end(path: Path) -> None:
    """Remove a last line without a newline: its writer was killed before it was whole."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data_end = file.seek(0, os.SEEK_END)
        position = data_end
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            newline = file.read(position - start).rfind(b"\n")
            if newline >= 0:
                file.truncate(start + newline + 1)
                return
            position = start
        file.truncate(0)
