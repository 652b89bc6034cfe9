"""Ctrl-C while a build runs: the first stops the asking, the second everything. Knows nothing of what is stopped."""

import contextlib
import signal
from collections.abc import Callable, Iterator

from textbooks import show


class Interrupt:
    """Ctrl-C while a build runs: the first stops the asking, the second everything."""

    def __init__(self) -> None:
        self._stops: list[Callable[[], None]] = []

    def hand(self, stop: Callable[[], None]) -> None:
        """Take what the first one calls."""
        self._stops.append(stop)

    def heard(self, *_: object) -> None:
        """Handle the signal."""
        if not self._stops:
            raise KeyboardInterrupt
        show.talk(
            "Stopping: what is under way is waited for a moment, then what is there is packaged. Again: stop now."
        )
        while self._stops:
            self._stops.pop()()


@contextlib.contextmanager
def first() -> Iterator[Interrupt]:
    """Hear Ctrl-C, for as long as the block runs."""
    interrupt = Interrupt()
    before = signal.signal(signal.SIGINT, interrupt.heard)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
