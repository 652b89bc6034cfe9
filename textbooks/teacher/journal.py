"""The journal of a run: every request and what came of it, appended as Batch API lines, one pair of files per shard.

An answer that is in the journal is never asked for again, whatever else changed: it is found by the hash of its
request. A request is written before it goes out, so that one whose answer got lost with the machine is known to have
gone out. One process at a time writes a journal. Knows nothing of where answers come from.
"""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from textbooks.calls import Request, Response
from textbooks.errors import TextbooksError
from textbooks.storage import cut_torn_end
from textbooks.teacher.answers import Answers, response_of

OPEN_SHARDS = 16
"""Shards whose files are kept open at the same time."""
SYNC_LINES = 100
SYNC_SECONDS = 1.0
LOST, GAVE_UP, UNANSWERED = "lost", "gave_up", "unanswered"
"""Codes of error lines: a try that may have been paid for brought nothing, and the request was tried again; a request
was given up; the process ended while a request was under way."""


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
        self._held: list[tuple[int, str, dict[str, Any]]] = []
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

    def sent(self, shard: int, request: Request, *, at_once: bool = False) -> None:
        """Append a request that goes out now; in a run that has nothing yet, it waits for an answer unless `at_once`.

        Raises:
            TextbooksError: it could not be written; what was whole before still is.

        """
        if at_once:
            self._claim()
        self._append(shard, "requests", request.line())

    def record(self, shard: int, response: Response) -> None:
        """Append an answer.

        It is handed to the operating system before this returns, so that no end of this process loses it; it is
        forced to disk, against the machine's own end, every SYNC_LINES lines or SYNC_SECONDS, and by `finish`.

        Raises:
            TextbooksError: it could not be written; what was whole before still is.

        """
        self._claim()
        offset = self._append(shard, "responses", response.line())
        self._answers.add(response.custom_id, self._path(shard, "responses"), offset)

    def failed(self, shard: int, request: Request, code: str, message: str) -> None:
        """Append that a request brought nothing, and why.

        Raises:
            TextbooksError: it could not be written; what was whole before still is.

        """
        self._append(shard, "responses", _error_line(request.custom_id, code, message))

    def close_unanswered(self) -> None:
        """Note of each request that an earlier process sent and learned nothing of that it may have been paid for."""
        for path in sorted(self._folder.glob("*.requests.jsonl")):
            shard = int(path.name.partition(".")[0])
            open_ones = Counter(line["custom_id"] for line in _whole_lines(path))
            for line in _whole_lines(self._path(shard, "responses")):
                if line["response"] is not None or line["error"]["code"] != LOST:
                    open_ones[line["custom_id"]] -= 1
            said = "the process ended before an answer came"
            for custom_id, count in open_ones.items():
                for _ in range(count):
                    self._append(shard, "responses", _error_line(custom_id, UNANSWERED, said))

    def spending(self) -> Iterator[tuple[Mapping[str, Any], Response | None]]:
        """Yield (a request's body, the answer, or None for a lost try) of all that this run may have paid for."""
        for path in sorted(self._folder.glob("*.requests.jsonl")):
            bodies = {line["custom_id"]: line["body"] for line in _whole_lines(path)}
            for line in _whole_lines(self._path(int(path.name.partition(".")[0]), "responses")):
                response = response_of(line)
                if response or (line["error"] or {}).get("code") in (LOST, UNANSWERED):
                    yield bodies.get(line["custom_id"], {"messages": []}), response

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
            for kind in ("requests", "responses"):
                path = self._path(shard, kind)
                cut_torn_end(path)
                self._files[shard, kind] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def _claim(self) -> None:
        """Create the folder, and write what waited for that."""
        if self._lock is not None:
            return
        with _refusing_a_full_disk(self._folder):
            self._before_first()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        held, self._held = self._held, []
        for line in held:
            self._append(*line)

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
        if self._lock is None:
            self._held.append((shard, kind, value))
            return 0
        self._open(shard)
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
        self._unsynced += 1
        if self._unsynced >= SYNC_LINES or time.monotonic() - self._synced_at >= SYNC_SECONDS:
            self._sync()
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


def _error_line(custom_id: str, code: str, message: str) -> dict[str, Any]:
    return {
        "id": f"{code}-{custom_id[:24]}",
        "custom_id": custom_id,
        "response": None,
        "error": {"code": code, "message": message},
    }


def _whole_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file of ours, but for a torn last one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise TextbooksError(
                        f"{path}:{number}: not a line of a journal; remove the damaged line"
                    ) from error
