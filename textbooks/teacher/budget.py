"""The money of a run: what was spent, what is at stake in requests under way, and when no more may be sent.

Spend plus the worst case of everything under way never passes the limit. The worst case of a request is a token per
byte of its messages (a byte-level tokenizer cannot make more) and as many completion tokens as it allows. A try that
may have been paid for although no answer arrived (a lost connection, a timeout, an unreadable answer) counts as its
worst case for good. Knows prices and requests; asks nothing, writes nothing.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from textbooks.calls import Request, Response, Usage
from textbooks.teacher.prices import Price

TOKENS_AROUND_MESSAGE = 16
"""More than any known chat format adds to a message."""


class Budget:
    """Counts dollars; of one event loop."""

    def __init__(self, *, price: Price | None, limit_usd: float | None = None) -> None:
        """Take the price, without which nothing is counted, and the limit, without which nothing is refused."""
        self._price = price
        self._limit_usd = limit_usd
        self.spent_usd = 0.0
        """For answers that arrived."""
        self.paid_now_usd = 0.0
        """Likewise, without what earlier calls of the same run paid."""
        self.lost_usd = 0.0
        """At most, for tries that may have been paid for and brought no answer."""
        self._at_stake_usd = 0.0
        self._under_way = 0
        self._most_completion_tokens = 0
        self.is_spent = False
        """Whether a request did not fit although nothing was under way: the budget is at its end."""
        self._settled: asyncio.Event | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a price, so that the dollars mean something."""
        return self._price is not None

    @property
    def limit_usd(self) -> float | None:
        """What may be spent; None for no limit."""
        return self._limit_usd

    def view(self) -> dict[str, float | bool | None]:
        """Return what the run spent, what it may have lost and what it may spend, in the words of tally.json."""
        known = self._price is not None
        return {
            "spent_usd": round(self.spent_usd, 6) if known else None,
            "lost_usd_at_most": round(self.lost_usd, 6) if known else None,
            "budget_usd": self._limit_usd,
            "budget_is_spent": self.is_spent,
        }

    async def reserve(self, request: Request) -> float | None:
        """Wait until a request fits, and return what is at stake with it; None where it never will."""
        if self._price is None:
            return 0.0
        stake = worst_case_usd(request.body, self._price, at_least=self._most_completion_tokens)
        while self._limit_usd is not None and not self.is_spent:
            if self.spent_usd + self.lost_usd + self._at_stake_usd + stake <= self._limit_usd:
                break
            if not self._under_way:
                self.is_spent = True
                break
            self._settled = self._settled or asyncio.Event()
            await self._settled.wait()
        if self.is_spent:
            self._wake()
            return None
        self._at_stake_usd += stake
        self._under_way += 1
        return stake

    def answered(self, response: Response, stake: float) -> None:
        """Note an answer; one that does not say what it took counts as its worst case."""
        if self._price is None:
            return
        cost = self._price.paid_usd(response)
        if response.usage:
            self._most_completion_tokens = max(self._most_completion_tokens, response.usage.completion_tokens)
        paid = stake if cost is None else cost
        self.spent_usd += paid
        self.paid_now_usd += paid
        self._release(stake)

    def unpaid(self, stake: float) -> None:
        """Note that the endpoint refused a request: it costs nothing."""
        self._release(stake)

    def lost(self, stake: float) -> None:
        """Note that a request may have been answered and paid for, and that nothing arrived."""
        self.lost_usd += stake
        self._release(stake)

    def already(self, body: Mapping[str, Any], response: Response | None) -> None:
        """Count what an earlier call of the same run paid for an answer, or may have lost on a request (None)."""
        if self._price is None or (response and response.is_recorded):
            return
        cost = self._price.paid_usd(response) if response else None
        is_batched = bool(response and response.is_batched)
        worst = worst_case_usd(body, self._price, is_batched=is_batched)
        if response:
            self.spent_usd += worst if cost is None else cost
        else:
            self.lost_usd += worst

    def _release(self, stake: float) -> None:
        if self._price is None:
            return
        self._under_way -= 1
        # What is left when nothing is under way is the rounding of sums.
        self._at_stake_usd = self._at_stake_usd - stake if self._under_way else 0.0
        self._wake()

    def _wake(self) -> None:
        if self._settled:
            self._settled.set()
            self._settled = None


def worst_case_usd(body: Mapping[str, Any], price: Price, *, at_least: int = 0, is_batched: bool = False) -> float:
    """Return what a request can cost at most; `at_least` is what an answer was seen to take against its limit."""
    messages = body["messages"] if "messages" in body else [{"content": body.get("prompt")}]
    prompt_tokens = sum(
        len(str(message.get("content") or "").encode("utf-8", "replace")) + TOKENS_AROUND_MESSAGE
        for message in messages
    )
    completion_tokens = max(most_completion_tokens(body) or 0, at_least)
    usage = Usage(prompt_tokens=prompt_tokens, cached_tokens=0, completion_tokens=completion_tokens)
    return price.cost_usd(usage, is_batched=is_batched)


def most_completion_tokens(body: Mapping[str, Any]) -> int | None:
    """Return how many completion tokens a request allows, over all its candidates; None where it sets no limit."""
    limits = [body.get(name) for name in ("max_completion_tokens", "max_tokens")]
    most = next((limit for limit in limits if isinstance(limit, int) and limit > 0), None)
    candidates = body.get("n")
    return None if most is None else most * (candidates if isinstance(candidates, int) else 1)
