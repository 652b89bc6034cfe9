"""`Sandbox`: a set of workers that run programs in order, and replace each other when one is lost."""

import asyncio
import os
import queue
import sys
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType

from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox import policy as policies
from textbooks.sandbox.policy import BARE, Policy, kind_of
from textbooks.sandbox.tiers import Isolation, started
from textbooks.sandbox.worker import TierRefused, Worker, WorkerLost

AHEAD = 8
"""Programs in hand per worker while the oldest result is awaited."""


class Sandbox:
    """Runs untrusted programs; use it as a context manager.

    `isolation` is the tier that must hold: A (namespaces), B (Landlock and seccomp), C (seccomp alone), or "none",
    which only limits resources and is for code that you trust. None takes the best that this machine offers, down to
    the policy's own least. `workers` None takes all processors.
    """

    def __init__(
        self, *, workers: int | None = 1, policy: Policy | None = None, isolation: Isolation | None = None
    ) -> None:
        if not sys.platform.startswith("linux"):
            raise TextbooksError(
                f"the box needs Linux, and this is {sys.platform!r}; run in the container of sandbox/Dockerfile"
            )
        self.policy = policy or policies.shipped()
        self.workers = worker_count(workers)
        self.refused: dict[str, str] = {}
        """Why better tiers than the one in force do not hold."""
        self._wanted = isolation
        self._isolation: Isolation | None = None
        self._idle: queue.SimpleQueue[dict[str, Worker]] = queue.SimpleQueue()
        for _ in range(self.workers):
            self._idle.put({})

    @property
    def isolation(self) -> Isolation:
        """The tier in force, once the box is open."""
        if self._isolation is None:
            raise RuntimeError("the box is not open; use it in a with statement")
        return self._isolation

    def __enter__(self) -> "Sandbox":
        slot = self._idle.get()
        try:
            self._isolation, slot[BARE], self.refused = started(self.policy, self._wanted)
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
                try:
                    worker = self._worker(slot, kind)
                    verdict = worker.run(code, bare=bare)
                except (WorkerLost, TierRefused) as lost:
                    reason = str(lost)
                    if kind in slot:
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

    async def map_async(
        self, codes: AsyncIterable[str] | Iterable[str], *, bare: bool = False
    ) -> AsyncIterator[Verdict]:
        """Yield the verdicts of programs in order, as `map` does, from a coroutine."""
        waiting: deque[asyncio.Task[Verdict]] = deque()
        try:
            async for code in _asynchronous(codes):
                waiting.append(asyncio.create_task(self.run_async(code, bare=bare)))
                if len(waiting) >= AHEAD * self.workers:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()

    def _worker(self, slot: dict[str, Worker], kind: str) -> Worker:
        """Return the slot's worker of a kind, started if need be. A slot is in one thread's hands at a time."""
        if kind not in slot:
            slot[kind] = Worker(self.policy, isolation=self.isolation, kind=kind)
        return slot[kind]


async def _asynchronous(codes: AsyncIterable[str] | Iterable[str]) -> AsyncIterator[str]:
    if isinstance(codes, AsyncIterable):
        async for code in codes:
            yield code
    else:
        for code in codes:
            yield code


def worker_count(wanted: int | None) -> int:
    """Return how many workers to use: as wanted, or one for each processor that this process may use.

    Raises:
        TextbooksError: fewer than one is wanted.

    """
    if wanted is not None and wanted < 1:
        raise TextbooksError(f"--workers is {wanted}; give at least 1")
    return wanted or len(os.sched_getaffinity(0))
