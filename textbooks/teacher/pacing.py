"""How many requests may be under way at one endpoint, and when the next may go. Knows no HTTP library and no prompt.

Concurrency is found by trying, as TCP finds bandwidth (slow start, then additive increase and multiplicative decrease,
RFC 5681): it doubles, and above GENTLE_ABOVE grows by a quarter, with each round of answers until the endpoint
says that it is too much; then it gives way a little, and feels its way back. Failures that come now and then,
whatever the pace, are none of its business; only where most tries fail does it give way to them. What an endpoint says
of its own limits (`Retry-After`, `x-ratelimit-*`) goes before what was found. A request that waits to be repeated holds
no place.
"""

import asyncio
import contextlib
import math
import random
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from email.utils import parsedate_to_datetime

START = 8
MOST = 4096
GENTLE_ABOVE = 64
GENTLE_GROWTH = 1 / 4
YIELD_TO_LIMITS = 0.98
"""What is left of the concurrency after an answer of 429, once a round: the endpoint says where its limit is."""
LEAST_YIELD = 0.5
"""Where refusals go on coming within the round, the share that is left is squared each time, down to this."""
MANY_REFUSALS, MANY_REFUSED_SHARE = 5, 0.1
"""So many, and such a share of the concurrency, refused within a round: the limit is far below."""
YIELD_TO_TROUBLE = 0.7
"""What is left after 5xx, timeouts and lost connections, once a round, where most tries end so."""
TROUBLED = 0.5
"""The share of recent tries in trouble above which there is too much to do, rather than bad luck."""
RECENT_TRIES = 20
REGAIN = 1 / 4
PROBE_GROWTH = 1.5
SHORTEST_ROUND_SECONDS = 0.05
FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0


class Pacer:
    """The pace of one endpoint. One event loop's; `clock` and `sleep` are for tests."""

    def __init__(
        self,
        *,
        start: int = START,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
        seed: int | None = None,
    ) -> None:
        self.limit = float(min(start, most))
        self.in_flight = 0
        self._most = most
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311  # spreads retries in time, guards nothing
        self._objected_at: float | None = None
        """The concurrency at which the endpoint last objected; None before it did."""
        self._probe = 1.0
        """By how much a round may pass it."""
        self._yielded_at = -math.inf
        self._share = 1.0
        """What was left by the last yield to limits."""
        self._refusals_since = self._tries_since = 0
        self._stray = 0.0
        """Which share of the tries is refused whatever the pace."""
        self._round_seconds = SHORTEST_ROUND_SECONDS
        """How long an answer takes, lately."""
        self._troubled = 0.0
        """Which share of the tries ended in trouble, lately."""
        self._closed_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[float]:
        """Wait for a place, and hold it; yields the time at which it was taken."""
        while True:
            pause = self._closed_until - self._clock()
            if pause > 0:
                await asyncio.sleep(pause)
            elif self.in_flight < int(self.limit):
                break
            else:
                waiter = asyncio.get_running_loop().create_future()
                self._waiting.append(waiter)
                await waiter
        self.in_flight += 1
        try:
            yield self._clock()
        finally:
            self.in_flight -= 1
            self._wake()

    def answered(self, taken_at: float) -> None:
        """Note an answer: where places are wanting, there may be more of them."""
        self._round_seconds += (self._clock() - taken_at - self._round_seconds) / RECENT_TRIES
        self._troubled -= self._troubled / RECENT_TRIES
        if taken_at > self._yielded_at:
            self._tries_since += 1
            self._learn_strays()
        if not self._waiting and self.in_flight < int(self.limit) - 1:
            return
        self.limit = min(float(self._most), self.limit + self._growth())
        self._wake()

    def _growth(self) -> float:
        """Return by how much an answer lets the concurrency grow.

        Up to where the endpoint last objected, by a part of what is missing with each round, as CUBIC does (RFC 9438);
        beyond it by one a round at first, and by more with each round that goes well.
        """
        fast = 1.0 if self.limit < GENTLE_ABOVE else GENTLE_GROWTH
        if self._objected_at is None:
            return fast
        if self.limit < self._objected_at:
            return max(1.0, (self._objected_at - self.limit) * REGAIN) / self.limit
        self._probe *= PROBE_GROWTH ** (1 / self.limit)
        return min(self._probe / self.limit, fast)

    def refused(self, taken_at: float) -> None:
        """Note an answer of 429: give way, once for all requests that were under way together."""
        if taken_at <= self._yielded_at:
            return
        self._refusals_since += 1
        self._tries_since += 1
        by_chance = self._stray * self._tries_since
        by_chance += 3 * math.sqrt(by_chance)
        if self._refusals_since <= by_chance:
            self._learn_strays()
        elif self._is_new_round():
            self._yield(YIELD_TO_LIMITS)
        elif self._refusals_since >= by_chance + max(MANY_REFUSALS, MANY_REFUSED_SHARE * self.limit):
            self._yield(max(LEAST_YIELD, self._share**2))

    def troubled(self, taken_at: float) -> None:
        """Note an answer of 5xx, a timeout or a lost connection: give way where most tries end so."""
        self._troubled += (1 - self._troubled) / RECENT_TRIES
        if self._troubled > TROUBLED and taken_at > self._yielded_at and self._is_new_round():
            self._yield(YIELD_TO_TROUBLE)

    def _learn_strays(self, least_tries: float | None = None) -> None:
        """Learn which share of tries is refused just below the limit, and so whatever the pace is."""
        if self._tries_since >= (max(RECENT_TRIES, self.limit) if least_tries is None else least_tries):
            share = min(self._refusals_since / self._tries_since, MANY_REFUSED_SHARE)
            self._stray += (share - self._stray) / 4
            self._refusals_since = self._tries_since = 0

    def _is_new_round(self) -> bool:
        return self._clock() - self._yielded_at >= max(SHORTEST_ROUND_SECONDS, self._round_seconds)

    def _yield(self, share: float) -> None:
        self._learn_strays(RECENT_TRIES)
        self._objected_at, self._probe = self.limit, 1.0
        self._yielded_at, self._share = self._clock(), share
        self._refusals_since = self._tries_since = 0
        self.limit = max(1.0, min(self.limit, float(self.in_flight)) * share)

    def close_for(self, seconds: float) -> None:
        """Let no request begin for some time, as the endpoint asked."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    @property
    def paused_seconds(self) -> float:
        """How long no request may begin yet."""
        return max(0.0, self._closed_until - self._clock())

    def delay_seconds(self, tries: int) -> float:
        """Return how long to wait before the next try of a request: exponential, with full jitter."""
        return self._random.uniform(0, min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (tries - 1)))

    def _wake(self) -> None:
        free = int(self.limit) - self.in_flight
        while self._waiting and free > 0:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return what `Retry-After` asks for (seconds, or an HTTP date; RFC 9110, 10.2.3), however long; None without it.

    `retry-after-ms`, which some endpoints send, goes first. `now` is the time of day in seconds since 1970.
    """
    milliseconds = headers.get("retry-after-ms")
    if milliseconds is not None:
        with contextlib.suppress(ValueError):
            return _finite(float(milliseconds) / 1000)
    text = headers.get("retry-after")
    if text is None:
        return None
    with contextlib.suppress(ValueError):
        return _finite(float(text))
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return _finite(parsedate_to_datetime(text).timestamp() - now)
    return None


def _finite(seconds: float) -> float | None:
    """Return a wait of at least nothing; None for one without end, which no endpoint means."""
    return max(0.0, seconds) if math.isfinite(seconds) else None


def exhausted_seconds(headers: Mapping[str, str], tokens_needed: int) -> float | None:
    """Return how long the endpoint's own account is empty, by its `x-ratelimit-*` headers; None where it is not."""
    waits = []
    for kind, needed in (("requests", 1), ("tokens", tokens_needed)):
        remaining, reset = headers.get(f"x-ratelimit-remaining-{kind}"), headers.get(f"x-ratelimit-reset-{kind}")
        left = (remaining or "").strip()  # which takes away more than int() overlooks
        if reset is not None and left.isdecimal() and int(left) < needed:
            waits.append(duration_seconds(reset))
    return max((wait for wait in waits if wait is not None), default=None)


def duration_seconds(text: str) -> float | None:
    """Return a duration such as `1s`, `6m0s`, `250ms` or `2` (seconds); None for anything else."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    with contextlib.suppress(ValueError):
        return _finite(float(text))
    parts = re.findall(r"([\d.]+)(ms|[smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    with contextlib.suppress(ValueError):
        return _finite(sum(float(number) * units[unit] for number, unit in parts))
    return None
