"""`Sandbox`: a set of workers that run programs in order, and replace each other when one is lost."""

import asyncio
import contextlib
import os
import queue
import sys
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from types import TracebackType

from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox import policy as policies
from textbooks.sandbox.policy import BARE, Policy, kind_of
from textbooks.sandbox.stream import AHEAD, Slot, Stream
from textbooks.sandbox.tiers import Isolation, started
from textbooks.sandbox.worker import TierRefused, Worker, WorkerLost, patience_seconds


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
        self._streams = 0
        """How many passes of `map` hold slots now."""
        self._idle: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        self._slots: list[Slot] = [{} for _ in range(self.workers)]
        for slot in self._slots:
            self._idle.put(slot)

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
        for slot in self._slots:
            _close(slot)

    def run(self, code: str, *, bare: bool = False, seed: int = 0) -> Verdict:
        """Run one program and return what happened; safe to call from several threads.

        `bare` runs it in an empty namespace as `exec` would, where `__name__` is not "__main__". Another `seed` is
        another seed of `random`: what comes out otherwise then was chance.
        """
        slot = self._taken()
        try:
            return self._run_in(slot, code, bare=bare, attempts=2, seed=seed)
        finally:
            self._give_back(slot)

    async def run_async(self, code: str, *, bare: bool = False) -> Verdict:
        """Run one program from a coroutine; as many at a time as there are workers."""
        return await asyncio.to_thread(self.run, code, bare=bare)

    def map(self, codes: Iterable[str], *, bare: bool = False) -> Iterator[Verdict]:
        """Yield the verdicts of programs in order, all idle workers busy, memory bounded."""
        slots = [self._taken()]
        with contextlib.suppress(queue.Empty):
            while True:
                slots.append(self._idle.get_nowait())
        self._streams += 1
        stream = Stream(
            slots,
            choose=lambda slot, code: self._chosen(slot, kind_of(self.policy, code)),
            again=lambda slot, code: self._run_in(slot, code, bare=bare, attempts=1),
            bare=bare,
            patience_seconds=patience_seconds(self.policy),
        )
        try:
            yield from stream.verdicts(codes)
        finally:
            stream.abandon()
            self._streams -= 1
            for slot in slots:
                self._give_back(slot)

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

    def _taken(self) -> Slot:
        """Return a slot; where a pass of `map` holds them all, one for this once, since it may be waiting for us."""
        if self._streams:
            try:
                return self._idle.get_nowait()
            except queue.Empty:
                return {}
        return self._idle.get()

    def _give_back(self, slot: Slot) -> None:
        if any(slot is own for own in self._slots):
            self._idle.put(slot)
        else:
            _close(slot)

    def _run_in(self, slot: Slot, code: str, *, bare: bool, attempts: int, seed: int = 0) -> Verdict:
        """Run one program in a slot; a worker that is lost is replaced, the program then run once more, alone."""
        kind, reason = kind_of(self.policy, code), ""
        for _ in range(attempts):
            try:
                worker = self._chosen(slot, kind)
                verdict = worker.run(code, bare=bare, seed=seed)
            except (WorkerLost, TierRefused) as lost:
                reason = str(lost)
                if kind in slot:
                    slot.pop(kind).close()
                continue
            except BaseException:  # an interrupt; the answer that is still to come belongs to nobody
                if kind in slot:
                    slot.pop(kind).close()
                raise
            if worker.runs >= self.policy.recycle_after:
                slot.pop(kind).close()
            return verdict
        return Verdict(status="harness_error", reason=reason, isolation=self.isolation)

    def _chosen(self, slot: Slot, kind: str) -> Worker:
        """Return the worker of a kind in a slot, started if need be. A slot is in one thread's hands at a time."""
        if kind not in slot:
            slot[kind] = Worker(self.policy, isolation=self.isolation, kind=kind)
        return slot[kind]


def _close(slot: Slot) -> None:
    while slot:
        slot.popitem()[1].close()


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
