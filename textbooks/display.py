"""The live look of a build: a panel on a terminal, else a line every half minute, all on stderr. Decides nothing.

The run is looked at from a thread of its own, so that showing costs the run nothing and a silent endpoint still shows.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from textbooks import show

if TYPE_CHECKING:
    from rich.console import RenderableType

    from textbooks.standing import Standing

Look = Callable[[], "Standing"]
LINE_SECONDS = 30.0
PANEL_SECONDS = 0.25
PAUSE_WORTH_SAYING_SECONDS = 2.0
FAILING_WORTH_SAYING_SECONDS = 5.0
REASONS_SHOWN = 4


@contextlib.contextmanager
def live(*, quiet: bool) -> Iterator[Callable[[Look], None]]:
    """Show how a run goes, for as long as the block lasts; yields what has to be given the run's look."""
    shown: list[threading.Thread] = []
    over = threading.Event()

    def watch(look: Look) -> None:
        target = _panel if sys.stderr.isatty() else _lines
        shown.append(threading.Thread(target=target, args=(look, over), name="display", daemon=True))
        shown[0].start()

    try:
        yield (lambda look: None) if quiet else watch
    finally:
        over.set()
        for thread in shown:
            thread.join()


def _lines(look: Look, over: threading.Event) -> None:
    while not over.wait(LINE_SECONDS):
        show.talk(line(look()))


def _panel(look: Look, over: threading.Event) -> None:
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as screen:
        while not over.wait(PANEL_SECONDS):
            screen.update(panel(look()), refresh=True)


def line(now: "Standing") -> str:
    """Return where a run stands, in one line."""
    parts = [f"written {now.written} of {now.planned}", f"examined {now.examined}", _accepted(now)]
    parts += [words for words in (_pace(now), _money(now), _time(now), _trouble(now)) if words]
    return show.plain("; ".join(parts))


def panel(now: "Standing") -> "RenderableType":
    """Return where a run stands, for a terminal."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", justify="right")
    grid.add_column()
    for name, done in (("written", now.written), ("examined", now.examined)):
        bar = Table.grid(padding=(0, 1))
        bar.add_row(ProgressBar(total=max(1, now.planned), completed=done, width=32), f"{done:,} of {now.planned:,}")
        grid.add_row(name, bar)
    rows = [
        ("accepted", _accepted(now)),
        ("rejected", ", ".join(f"{count:,} {reason}" for reason, count in _first_reasons(now))),
        ("endpoint", _pace(now)),
        ("tokens", f"{now.prompt_tokens:,} in, {now.completion_tokens:,} out" if now.completion_tokens else ""),
        ("money", _money(now)),
        ("time", _time(now)),
        ("waiting", _trouble(now)),
    ]
    for name, words in rows:
        if words:
            grid.add_row(name, Text(show.plain(words)))
    return grid


def _first_reasons(now: "Standing") -> list[tuple[str, int]]:
    reasons = list(now.rejected.items())
    more = sum(count for _, count in reasons[REASONS_SHOWN:])
    return reasons[:REASONS_SHOWN] + ([("others", more)] if more else [])


def _accepted(now: "Standing") -> str:
    wanted = f" of {now.target:,} wanted" if now.target else ""
    share = f" ({100 * now.accepted / now.examined:.1f} %)" if now.examined else ""
    return f"accepted {now.accepted:,}{wanted}{share}"


def _pace(now: "Standing") -> str:
    return f"{now.in_flight} requests under way of {now.concurrency} at a time" if now.concurrency else ""


def _money(now: "Standing") -> str:
    if now.spent_usd is None:
        return "cost unavailable (--price says it)" if now.concurrency else ""
    budget = f", budget ${now.budget_usd:g}" if now.budget_usd is not None else ""
    projected = f", ${now.projected_usd:.4f} in the end" if now.projected_usd is not None else ""
    return f"${now.spent_usd:.4f} spent{projected}{budget}"


def _time(now: "Standing") -> str:
    is_stuck = now.failing_seconds >= FAILING_WORTH_SAYING_SECONDS
    if now.seconds_left is None or now.written >= now.planned or is_stuck:
        return ""
    hours, rest = divmod(int(now.seconds_left), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02} left"


def _trouble(now: "Standing") -> str:
    if now.paused_seconds >= PAUSE_WORTH_SAYING_SECONDS:
        return f"the endpoint asked for {now.paused_seconds:.0f} s of rest (last: {now.last_failure})"
    if now.failing_seconds >= FAILING_WORTH_SAYING_SECONDS:
        return f"every try has failed for {now.failing_seconds:.0f} s (last: {now.last_failure})"
    if now.last_failure and not now.asked:
        return f"no answer yet (last: {now.last_failure})"
    return ""
