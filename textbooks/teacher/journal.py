"""The journal of a run: every request and every answer, appended as Batch API lines, one pair of files per shard.

An answer that is in the journal is never asked for again, whatever else changed: it is found by the hash of its
request. One process at a time writes a journal. Knows nothing of where answers come from.
"""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Request, Response
from textbooks.teacher.answers import Answers

OPEN_SHARDS = 8
"""Shards whose files are kept open at the same time."""
SYNC_LINES = 100
SYNC_SECONDS = 1.0


class Journal:
    """Appends to `folder`, and finds what is already there. Nothing is created before the first line."""

    def __init__(self, folder: Path, *, before_first: Callable[[], None] = lambda: None) -> None:
        """Index what `folder` holds; `before_first` is called once, before the first line is written.

        Raises:
            TextbooksError: another process writes this journal.

        """
        self._folder = folder
        self._before_first = before_first
        self._files: dict[tuple[int, str], int] = {}
        self._unsynced = 0
        self._synced_at = time.monotonic()
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
        """Append a request and its answer.

        Both are handed to the operating system before this returns, so that no end of this process loses them; they
        are forced to disk, against the machine's own end, every SYNC_LINES lines or SYNC_SECONDS, and by `finish`.

        Raises:
            TextbooksError: they could not be written; what was whole before still is.

        """
        self._open(shard)
        self._append(shard, "requests", request.line())
        offset = self._append(shard, "responses", response.line())
        self._answers.add(response.custom_id, self._path(shard, "responses"), offset)
        self._unsynced += 1
        if self._unsynced >= SYNC_LINES or time.monotonic() - self._synced_at >= SYNC_SECONDS:
            self._sync()

    def finish(self, shard: int) -> None:
        """Force a shard to disk: it is complete."""
        for key in [key for key in self._files if key[0] == shard]:
            os.fsync(self._files[key])
            os.close(self._files.pop(key))

    def close(self) -> None:
        """Force everything to disk, close the files and let others write."""
        for shard, _ in list(self._files):
            self.finish(shard)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _path(self, shard: int, kind: str) -> Path:
        return self._folder / f"{shard:05d}.{kind}.jsonl"

    def _open(self, shard: int) -> None:
        if (shard, "responses") in self._files:
            return
        if len(self._files) >= 2 * OPEN_SHARDS:
            self.finish(min(shard for shard, _ in self._files))
        with _refusing_a_full_disk(self._folder):
            if self._lock is None:
                self._before_first()
                self._folder.mkdir(parents=True, exist_ok=True)
                self._take_lock()
            for kind in ("requests", "responses"):
                path = self._path(shard, kind)
                _cut_torn_end(path)
                self._files[shard, kind] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def _sync(self) -> None:
        for file in self._files.values():
            os.fsync(file)
        self._unsynced, self._synced_at = 0, time.monotonic()

    def _take_lock(self) -> None:
        self._lock = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TextbooksError(
                f"another build is working in {str(self._folder.parent)!r}; wait for it or name another --out"
            ) from error

    def _append(self, shard: int, kind: str, value: dict[str, Any]) -> int:
        """Append a line, whole or not at all, and return the offset at which it starts."""
        file = self._files[shard, kind]
        line = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        offset = os.lseek(file, 0, os.SEEK_END)
        with _refusing_a_full_disk(self._folder):
            try:
                written = 0
                while written < len(line):
                    written += os.write(file, line[written:])
            except OSError:
                os.ftruncate(file, offset)
                raise
        return offset


@contextlib.contextmanager
def _refusing_a_full_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise TextbooksError(
            f"the disk of {str(folder)!r} is full; free some room, and the same command goes on without "
            "asking again for what it has"
        ) from error


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
