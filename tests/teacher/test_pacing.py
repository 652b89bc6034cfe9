"""The pace: found by trying, given up when the endpoint says so, and never above what it says of itself."""

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from textbooks.teacher import pacing
from textbooks.teacher.pacing import Pacer


def test_places_are_given_up_to_the_limit_and_no_further() -> None:
    async def most_at_once() -> int:
        pacer, most = Pacer(start=3), 0

        async def one() -> None:
            nonlocal most
            async with pacer.place():
                most = max(most, pacer.in_flight)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(one() for _ in range(20)))
        assert pacer.in_flight == 0
        return most

    assert asyncio.run(most_at_once()) == 3


class Clock:
    """A time that stands until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_round(
    pacer: Pacer, clock: Clock, *, troubled: float = 0.0, stray: float = 0.0, real_limit: int | None = None
) -> int:
    """Let a second pass in which each place is used once: answered, in trouble, or refused; return the refusals."""
    places, taken_at = int(pacer.limit), clock.now
    clock.now += 1
    refusals = 0
    for place in range(places):
        pacer.in_flight = int(pacer.limit)
        if int((place + 1) * troubled) > int(place * troubled):
            pacer.troubled(taken_at)
        elif int((place + 1) * stray) > int(place * stray):
            pacer.refused(taken_at)
        elif real_limit is None or place < real_limit:
            pacer.answered(taken_at)
    for _ in range(10_000):  # a place that is refused is free at once for the next to be refused
        if real_limit is None or pacer.limit <= real_limit:
            break
        clock.now += 0.001
        pacer.in_flight = int(pacer.limit)
        pacer.refused(clock.now)
        refusals += 1
    return refusals


def test_concurrency_doubles_with_each_round_of_answers_until_the_endpoint_objects() -> None:
    clock = Clock()
    pacer = Pacer(start=8, clock=clock)
    for expected in (16, 32):
        a_round(pacer, clock)
        assert pacer.limit == expected
    clock.now += 1
    pacer.in_flight = 32
    pacer.refused(clock.now)
    assert pacer.limit == pytest.approx(32 * pacing.YIELD_TO_LIMITS)
    before = pacer.limit
    a_round(pacer, clock)
    assert before + 0.9 < pacer.limit < before + 1.1, "then it feels its way back"


def test_answers_while_places_are_free_prove_nothing() -> None:
    pacer = Pacer(start=8)
    pacer.in_flight = 2
    for _ in range(100):
        pacer.answered(pacer._clock())
    assert pacer.limit == 8


def test_refusals_of_requests_under_way_together_count_once() -> None:
    clock = Clock()
    pacer = Pacer(start=100, clock=clock)
    pacer.in_flight = 100
    for _ in range(50):
        pacer.refused(100.0)
    assert pacer.limit == pytest.approx(98)


def test_a_limit_that_sank_far_is_found_at_little_cost() -> None:
    clock = Clock()
    pacer = Pacer(start=500, clock=clock)
    a_round(pacer, clock)
    refusals = a_round(pacer, clock, real_limit=50)
    assert pacer.limit <= 50
    assert refusals < 500, "less than a round of requests"


def test_near_its_limit_an_endpoint_is_kept_busy() -> None:
    clock = Clock()
    pacer = Pacer(start=490, clock=clock)
    limits, refusals = [], 0
    for _ in range(60):
        refusals += a_round(pacer, clock, real_limit=500)
        limits.append(pacer.limit)
    assert sum(limits[10:]) / 50 > 490
    assert refusals < 60 * 500 / 100, "less than one in a hundred"


def test_a_limit_that_rose_is_found_again() -> None:
    clock = Clock()
    pacer = Pacer(start=500, clock=clock)
    a_round(pacer, clock, real_limit=50)
    rounds = 0
    while pacer.limit < 500:
        a_round(pacer, clock)
        rounds += 1
    assert rounds < 40


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_failures_now_and_then_do_not_slow_the_rest(share: float) -> None:
    clock = Clock()
    pacer = Pacer(start=100, clock=clock)
    for _ in range(20):
        a_round(pacer, clock, troubled=share)
    assert pacer.limit >= 100


@pytest.mark.parametrize("share", [0.02, 0.05])
def test_stray_refusals_do_not_slow_the_rest_for_long(share: float) -> None:
    clock = Clock()
    pacer = Pacer(start=100, clock=clock)
    for _ in range(60):
        a_round(pacer, clock, stray=share)
    assert pacer.limit >= 100


def test_an_endpoint_on_which_most_fails_is_left_alone() -> None:
    clock = Clock()
    pacer = Pacer(start=100, clock=clock)
    for _ in range(20):
        a_round(pacer, clock, troubled=1.0)
    assert pacer.limit < 2


def test_the_limit_never_falls_below_one() -> None:
    clock = Clock()
    pacer = Pacer(start=2, clock=clock)
    for _ in range(300):
        clock.now += 1
        pacer.refused(clock.now)
    assert pacer.limit == 1


def test_a_closed_endpoint_is_left_alone_until_it_opens() -> None:
    async def waited() -> float:
        pacer = Pacer()
        loop = asyncio.get_running_loop()
        started = loop.time()
        pacer.close_for(0.2)
        async with pacer.place():
            return loop.time() - started

    assert asyncio.run(waited()) >= 0.19


WAITS = {
    "seconds": ({"retry-after": "7"}, 7.0),
    "half a second": ({"retry-after": "0.5"}, 0.5),
    "hours": ({"retry-after": "86400"}, 86400.0),
    "milliseconds first": ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
    "a date": ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
    "a date that is over": ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
    "below zero": ({"retry-after": "-5"}, 0.0),
    "nonsense": ({"retry-after": "soon"}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("case", WAITS)
def test_retry_after_is_read_in_every_form(case: str) -> None:
    headers, expected = WAITS[case]
    assert pacing.retry_after_seconds(headers, now=10.0) == expected


ACCOUNTS = {
    "requests left": ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1s"}, None),
    "no requests left": ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
    "too few tokens": ({"x-ratelimit-remaining-tokens": "99", "x-ratelimit-reset-tokens": "250ms"}, 0.25),
    "enough tokens": ({"x-ratelimit-remaining-tokens": "100", "x-ratelimit-reset-tokens": "250ms"}, None),
    "nonsense": ({"x-ratelimit-remaining-tokens": "many", "x-ratelimit-reset-tokens": "1s"}, None),
    "no reset": ({"x-ratelimit-remaining-requests": "0"}, None),
}


@pytest.mark.parametrize("case", ACCOUNTS)
def test_an_empty_account_closes_the_endpoint_until_it_is_filled(case: str) -> None:
    headers, expected = ACCOUNTS[case]
    assert pacing.exhausted_seconds(headers, tokens_needed=100) == expected


@given(st.integers(1, 50))
def test_tries_are_spread_and_bounded(tries: int) -> None:
    delay = Pacer(seed=tries).delay_seconds(tries)
    assert 0 <= delay <= pacing.LONGEST_DELAY_SECONDS


@given(st.text(max_size=20))
@example("²")
@example("inf")
@example("0\x1f")
def test_no_header_text_raises(text: str) -> None:
    pacing.duration_seconds(text)
    pacing.retry_after_seconds({"retry-after": text, "retry-after-ms": text}, now=0.0)
    pacing.exhausted_seconds({f"x-ratelimit-{a}-{b}": text for a in ("remaining", "reset") for b in ("tokens",)}, 1)


@pytest.mark.parametrize("endless", ["inf", "nan", "1e999"])
def test_an_endless_wait_is_no_wait(endless: str) -> None:
    assert pacing.retry_after_seconds({"retry-after": endless}, now=0.0) is None
    assert pacing.duration_seconds(endless) is None
