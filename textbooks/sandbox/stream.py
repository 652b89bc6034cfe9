"""Many programs through several workers, in order, from one thread: no locks, no switches between threads.

Knows which worker is busy with what; what a worker is, and which slots there are, its caller knows.
"""

import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from textbooks.records import Verdict
from textbooks.sandbox.worker import TierRefused, Worker, WorkerLost

AHEAD = 64
"""Programs in hand per worker, at most, while the oldest is awaited: one slow program must not stop the others."""
HELD_BYTES = 4_000_000
"""Output of programs done before the oldest, at most, before no more are started."""

Slot = dict[str, Worker]
"""The workers, by kind, that one program at a time may use."""


@dataclass(slots=True)
class _Job:
    """A program on its way, or done: a verdict is made of the answer when it is wanted, while its worker goes on."""

    code: str
    done: tuple[Worker, bytes, bytes] | Verdict | None = None
    """The worker with its answer and the nonce, or what came of a second try."""


@dataclass(frozen=True, slots=True)
class _Busy:
    """A slot at work."""

    slot: Slot
    worker: Worker
    job: _Job
    deadline: float


class Stream:
    """One pass of programs through some slots, which it gives back whole when it ends."""

    def __init__(
        self,
        slots: list[Slot],
        *,
        choose: Callable[[Slot, str], Worker],
        again: Callable[[Slot, str], Verdict],
        bare: bool,
        patience_seconds: float,
    ) -> None:
        """Take the slots; `choose` finds a program's worker in one, `again` runs a program whose worker was lost."""
        self.slots = slots
        self._free = list(slots)
        self._choose = choose
        self._again = again
        self._bare = bare
        self._patience_seconds = patience_seconds
        self._busy: dict[int, _Busy] = {}
        self._held_bytes = 0
        self._poll = select.poll()

    def verdicts(self, codes: Iterable[str]) -> Iterator[Verdict]:
        """Yield the verdicts of the programs, in their order."""
        waiting: deque[_Job] = deque()
        most = AHEAD * len(self.slots)
        for code in codes:
            job = _Job(code)
            waiting.append(job)
            while not self._free:
                self._finish_some()
            self._start(job)
            while waiting and (waiting[0].done or len(waiting) >= most or self._held_bytes > HELD_BYTES):
                yield self._awaited(waiting.popleft())
        while waiting:
            yield self._awaited(waiting.popleft())

    def abandon(self) -> None:
        """End the workers that are still busy: nobody will fetch their answers."""
        for busy in self._busy.values():
            _drop(busy.slot, busy.worker)
        self._busy.clear()

    def _awaited(self, job: _Job) -> Verdict:
        while (done := job.done) is None:
            self._finish_some()
        if isinstance(done, Verdict):
            return done
        worker, answer, nonce = done
        self._held_bytes -= len(answer)
        return worker.verdict(answer, nonce)

    def _start(self, job: _Job) -> None:
        slot = self._free.pop()
        try:
            worker = self._choose(slot, job.code)
        except TierRefused:
            self._retry(slot, job)
            return
        try:
            worker.start(job.code, bare=self._bare)
        except WorkerLost:
            _drop(slot, worker)
            self._retry(slot, job)
            return
        self._busy[worker.fileno()] = _Busy(slot, worker, job, time.monotonic() + self._patience_seconds)
        self._poll.register(worker, select.POLLIN)

    def _finish_some(self) -> None:
        """Wait until one answer, at least, has come, and take in what has."""
        ready = [fd for fd, _ in self._poll.poll(1000)]
        if not ready:
            ready = [fd for fd, busy in self._busy.items() if busy.deadline < time.monotonic()]
        for fd in ready:
            busy = self._busy.pop(fd)
            self._poll.unregister(fd)
            try:
                answer, nonce = busy.worker.answer()
            except WorkerLost:
                _drop(busy.slot, busy.worker)
                self._retry(busy.slot, busy.job)
                continue
            busy.job.done = busy.worker, answer, nonce
            self._held_bytes += len(answer)
            if busy.worker.runs >= busy.worker.policy.recycle_after:
                _drop(busy.slot, busy.worker)
            self._free.append(busy.slot)

    def _retry(self, slot: Slot, job: _Job) -> None:
        job.done = self._again(slot, job.code)
        self._free.append(slot)


def _drop(slot: Slot, worker: Worker) -> None:
    for kind in [kind for kind, other in slot.items() if other is worker]:
        slot.pop(kind).close()
