"""Where the examining runs: on this machine, in as many processes as asked for, each with a box of its own.

A process formats, reads and judges; the box that it operates runs. Knows nothing of what a task means.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from types import TracebackType
from typing import TypeVar

from textbooks.sandbox import Policy, Sandbox
from textbooks.sandbox.pool import worker_count
from textbooks.sandbox.tiers import Isolation

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
AHEAD = 4
"""Tasks in hand per process while the oldest result is awaited."""

_sandbox: Sandbox | None = None
"""The box of a worker process; set once when the process starts."""


class LocalEngine:
    """Maps tasks over processes of this machine, in order; with one worker, in this very process."""

    def __init__(self, *, workers: int | None, policy: Policy, isolation: Isolation | None) -> None:
        self._workers = worker_count(workers)
        self._sandbox = Sandbox(policy=policy, isolation=isolation)
        self._policy = policy
        self._pool: ProcessPoolExecutor | None = None

    @property
    def isolation(self) -> Isolation:
        """The tier of isolation in which it runs."""
        return self._sandbox.isolation

    def __enter__(self) -> "LocalEngine":
        self._sandbox.__enter__()
        if self._workers > 1:
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=_start,
                initargs=(self._policy, self._sandbox.isolation),
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            for process in active_children() if kind else ():
                process.terminate()  # whoever stops a run does not want to wait for the snippets in it
            self._pool.shutdown(cancel_futures=True)
        self._sandbox.__exit__(kind, error, trace)

    def map(self, function: Callable[[TaskT, Sandbox], ResultT], tasks: Iterable[TaskT]) -> Iterator[ResultT]:
        """Yield `function(task, sandbox)` for each task, in order, memory bounded."""
        if self._pool is None:
            for task in tasks:
                yield function(task, self._sandbox)
            return
        waiting: deque[Future[ResultT]] = deque()
        try:
            for task in tasks:
                waiting.append(self._pool.submit(_call, function, task))
                if len(waiting) >= AHEAD * self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise RuntimeError(
                "a worker process died; a script that asks for several workers must start under "
                "if __name__ == '__main__'"
            ) from error


def _start(policy: Policy, isolation: Isolation | None) -> None:
    global _sandbox  # noqa: PLW0603  # a process pool offers no other place for what a worker keeps
    import atexit
    import ctypes
    import signal

    # Whoever started this process may be killed outright; nobody else would end it then.
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
    # The pool would catch any exception; its box ends by itself when this process has hung up.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _sandbox = Sandbox(policy=policy, isolation=isolation)
    _sandbox.__enter__()
    atexit.register(_sandbox.__exit__, None, None, None)


def _call(function: Callable[[TaskT, Sandbox], ResultT], task: TaskT) -> ResultT:
    if _sandbox is None:
        raise RuntimeError("the worker process was not started by the engine")
    return function(task, _sandbox)
