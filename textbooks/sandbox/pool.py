"""`Sandbox`: a set of workers that run programs in order, and replace each other when one is lost."""

import asyncio
import os
import queue
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Literal

from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox import policy as policies
from textbooks.sandbox.policy import BARE, Policy, kind_of
from textbooks.sandbox.worker import Worker, WorkerLost

Isolation = Literal["A", "none"]
AHEAD = 8
"""Programs in hand per worker while the oldest result is awaited."""


class Sandbox:
    """Runs untrusted programs; use it as a context manager.

    `isolation` is the tier that must hold: A (namespaces, seccomp, limits). "none" only limits resources and is for
    code that you trust. `workers` None takes all processors.
    """

    def __init__(self, *, workers: int | None = 1, policy: Policy | None = None, isolation: Isolation = "A") -> None:
        if not sys.platform.startswith("linux"):
            raise TextbooksError(
                f"the box needs Linux, and this is {sys.platform!r}; run in the container of sandbox/Dockerfile"
            )
        self.policy = policy or policies.shipped()
        self.isolation = isolation
        self.workers = worker_count(workers)
        self._idle: queue.SimpleQueue[dict[str, Worker]] = queue.SimpleQueue()
        for _ in range(self.workers):
            self._idle.put({})

    def __enter__(self) -> "Sandbox":
        slot = self._idle.get()
        try:
            self._worker(slot, BARE)
        finally:
            self._idle.put(slot)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self.workers):
            slot = self._idle.get()
            for worker in slot.values():
                worker.close()
            self._idle.put({})

    def run(self, code: str, *, bare: bool = False) -> Verdict:
        """Run one program and return what happened; safe to call from several threads.

        `bare` runs it in an empty namespace as `exec` would, where `__name__` is not "__main__".
        """
        kind = kind_of(self.policy, code)
        slot = self._idle.get()
        reason = ""
        try:
            for _ in range(2):
                worker = self._worker(slot, kind)
                try:
                    verdict = worker.run(code, bare=bare)
                except WorkerLost as lost:
                    reason = str(lost)
                    slot.pop(kind).close()
                    continue
                if worker.runs >= self.policy.recycle_after:
                    slot.pop(kind).close()
                return verdict
        finally:
            self._idle.put(slot)
        return Verdict(status="harness_error", reason=reason, isolation=self.isolation)

    async def run_async(self, code: str, *, bare: bool = False) -> Verdict:
        """Run one program from a coroutine; as many at a time as there are workers."""
        return await asyncio.to_thread(self.run, code, bare=bare)

    def map(self, codes: Iterable[str], *, bare: bool = False) -> Iterator[Verdict]:
        """Yield the verdicts of programs in order, all workers busy, memory bounded."""
        with ThreadPoolExecutor(self.workers, thread_name_prefix="box") as threads:
            waiting: deque[Future[Verdict]] = deque()
            try:
                for code in codes:
                    waiting.append(threads.submit(partial(self.run, bare=bare), code))
                    if len(waiting) >= AHEAD * self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _worker(self, slot: dict[str, Worker], kind: str) -> Worker:
        """Return the slot's worker of a kind, started if need be. A slot is in one thread's hands at a time."""
        if kind not in slot:
            slot[kind] = Worker(self.policy, isolation=self.isolation, kind=kind)
        return slot[kind]


def worker_count(wanted: int | None) -> int:
    """Return how many workers to use: as wanted, or one for each processor that this process may use.

    Raises:
        TextbooksError: fewer than one is wanted.

    """
    if wanted is not None and wanted < 1:
        raise TextbooksError(f"--workers is {wanted}; give at least 1")
    return wanted or len(os.sched_getaffinity(0))
