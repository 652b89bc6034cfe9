"""The journal of a run: every request and every answer, appended as Batch API lines, one pair of files per shard.

An answer that is in the journal is never asked for again, whatever else changed: it is found by the hash of its
request. One process at a time writes a journal. Knows nothing of where answers come from.
"""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from textbooks.errors import TextbooksError
from textbooks.records import Request, Response
from textbooks.teacher.answers import Answers


class Journal:
    """Appends to `folder`, and finds what is already there. Nothing is created before the first line."""

    def __init__(self, folder: Path, *, before_first: Callable[[], None] = lambda: None) -> None:
        """Index what `folder` holds; `before_first` is called once, before the first line is written.

        Raises:
            TextbooksError: another process writes this journal.

        """
        self._folder = folder
        self._before_first = before_first
        self._shard = -1
        self._files: dict[str, IO[bytes]] = {}
        self._lock: int | None = None
        if folder.is_dir():
            self._take_lock()
        self._answers = Answers(sorted(folder.glob("*.responses.jsonl")), torn_end=True)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, custom_id: str) -> Response | None:
        """Return the answer to a request asked earlier in this run, or None."""
        return self._answers.find(custom_id)

    def record(self, shard: int, request: Request, response: Response) -> None:
        """Append a request and its answer; both are handed to the operating system before this returns."""
        self._open(shard)
        self._append("requests", request.line())
        offset = self._append("responses", response.line())
        self._answers.add(response.custom_id, self._path(shard, "responses"), offset)

    def close(self) -> None:
        """Force everything to disk, close the files and let others write."""
        self._close_files()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _path(self, shard: int, kind: str) -> Path:
        return self._folder / f"{shard:05d}.{kind}.jsonl"

    def _open(self, shard: int) -> None:
        if shard == self._shard:
            return
        if self._lock is None:
            self._before_first()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        self._close_files()
        for kind in ("requests", "responses"):
            path = self._path(shard, kind)
            _cut_torn_end(path)
            self._files[kind] = path.open("ab")
        self._shard = shard

    def _close_files(self) -> None:
        for file in self._files.values():
            os.fsync(file.fileno())
            file.close()
        self._files.clear()
        self._shard = -1

    def _take_lock(self) -> None:
        self._lock = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TextbooksError(
                f"another build is working in {str(self._folder.parent)!r}; wait for it or name another --out"
            ) from error

    def _append(self, kind: str, value: dict[str, Any]) -> int:
        """Append a line and return the offset at which it starts."""
        file = self._files[kind]
        offset = file.tell()
        file.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        file.flush()
        return offset


def _cut_torn_end(path: Path) -> None:
    """Remove a last line without a newline: its writer was killed before it was whole."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        position = file.seek(0, os.SEEK_END)
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            newline = file.read(position - start).rfind(b"\n")
            if newline >= 0:
                file.truncate(start + newline + 1)
                return
            position = start
        file.truncate(0)
