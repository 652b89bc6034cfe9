"""The tally of a run: counts by step and reason, snippets, claims, tokens and times, addable shard by shard.

Knows nothing of files or of how the numbers are shown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textbooks.records import Outcome

STEPS = (
    "teacher",
    "read",
    "format",
    "contract",
    "run",
    "claims",
    "exercise",
    "retrieve",
    "contamination",
    "duplicates",
)
"""The steps at which a sample can be rejected, in order."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Running counts; `as_json` is what tally.json and `build --json` hold."""

    assignments: int = 0
    accepted: int = 0
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    snippets: Counter[str] = field(default_factory=Counter)
    claims_checked: int = 0
    claims_open: int = 0
    claims_corrected: int = 0
    repair_rounds: int = 0
    repaired: Counter[str] = field(default_factory=Counter)
    """What was wrong, `step: reason`, with the samples that were accepted after repair."""
    repair_cost_usd: float = 0.0
    repairs_unpriced: int = 0
    tokens: Counter[str] = field(default_factory=Counter)
    unreported: int = 0
    """Assignments of which the endpoint reported no token counts."""
    cost_usd: float = 0.0
    unpriced: int = 0
    """Assignments of which nobody knows what they cost."""
    isolation: set[str] = field(default_factory=set)

    @property
    def to_do(self) -> int:
        """Assignments without an answer yet."""
        return self.assignments - self.accepted - sum(self.rejected.values())

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count what became of some assignments."""
        for outcome in outcomes:
            if outcome.rejection:
                self.rejected[outcome.rejection.step, outcome.rejection.reason] += 1
            else:
                self.accepted += 1
            self._add_effort(outcome)

    def counts(self) -> dict[str, Any]:
        """Return the counts in a form that JSON keeps and `merge` takes back."""
        return {
            "accepted": self.accepted,
            "rejected": [[*key, count] for key, count in sorted(self.rejected.items())],
            "snippets": dict(self.snippets),
            "claims_checked": self.claims_checked,
            "claims_open": self.claims_open,
            "claims_corrected": self.claims_corrected,
            "repair_rounds": self.repair_rounds,
            "repaired": dict(self.repaired),
            "repair_cost_usd": self.repair_cost_usd,
            "repairs_unpriced": self.repairs_unpriced,
            "tokens": dict(self.tokens),
            "unreported": self.unreported,
            "cost_usd": self.cost_usd,
            "unpriced": self.unpriced,
            "isolation": sorted(self.isolation),
        }

    def merge(self, counts: Mapping[str, Any]) -> None:
        """Add the counts of one part."""
        self.accepted += counts["accepted"]
        self.rejected.update({(step, reason): count for step, reason, count in counts["rejected"]})
        self.snippets.update(counts["snippets"])
        self.claims_checked += counts["claims_checked"]
        self.claims_open += counts["claims_open"]
        self.claims_corrected += counts["claims_corrected"]
        self.repair_rounds += counts["repair_rounds"]
        self.repaired.update(counts["repaired"])
        self.repair_cost_usd += counts["repair_cost_usd"]
        self.repairs_unpriced += counts["repairs_unpriced"]
        self.tokens.update(counts["tokens"])
        self.unreported += counts["unreported"]
        self.cost_usd += counts["cost_usd"]
        self.unpriced += counts["unpriced"]
        self.isolation.update(counts["isolation"])

    def take_out(self, rejected: Counter[tuple[str, str]], completion_tokens: int) -> None:
        """Count accepted samples as rejected that turned out to be so beside the others."""
        self.accepted -= sum(rejected.values())
        self.rejected.update(rejected)
        self.tokens["accepted_completion"] -= completion_tokens

    def as_json(self) -> dict[str, Any]:
        """Return the counts in the words of docs/design.md; unknown sums are null."""
        by_step: dict[str, dict[str, int]] = {}
        for (step, reason), count in sorted(self.rejected.items(), key=lambda item: (_order(item[0]), item[0])):
            by_step.setdefault(step, {})[reason] = count
        known = not self.unreported
        cost = None if self.unpriced else self.cost_usd
        accepted_tokens = self.tokens["accepted_completion"] if known else 0
        return {
            "assignments": self.assignments,
            "accepted": self.accepted,
            "rejected": by_step,
            "to_do": self.to_do,
            "snippets": dict(sorted(self.snippets.items())),
            "claims": {"checked": self.claims_checked, "corrected": self.claims_corrected, "open": self.claims_open},
            "repairs": self._repairs(),
            "prompt_tokens": self.tokens["prompt"] if known else None,
            "cached_tokens": self.tokens["cached"] if known else None,
            "completion_tokens": self.tokens["completion"] if known else None,
            "cost_usd": _rounded(cost),
            "cost_per_accepted_usd": _rounded(_ratio(cost, self.accepted)),
            "cost_per_million_accepted_tokens_usd": _rounded(_ratio(cost, accepted_tokens / 1_000_000)),
            "isolation": "+".join(sorted(self.isolation)) or None,
        }

    def _repairs(self) -> dict[str, Any]:
        """Return what repair did: rounds, samples saved by what was wrong before, and what each of them cost."""
        saved = sum(self.repaired.values())
        cost = None if self.repairs_unpriced else self.repair_cost_usd
        return {
            "rounds": self.repair_rounds,
            "saved": saved,
            "by_reason": dict(sorted(self.repaired.items())),
            "cost_usd": _rounded(cost),
            "cost_per_saved_usd": _rounded(_ratio(cost, saved)),
        }

    def _add_effort(self, outcome: Outcome) -> None:
        written = outcome.written
        self.unreported += written.usage is None
        if written.usage:
            self.tokens["prompt"] += written.usage.prompt_tokens
            self.tokens["cached"] += written.usage.cached_tokens
            self.tokens["completion"] += written.usage.completion_tokens
            self.tokens["accepted_completion"] += 0 if outcome.rejection else written.usage.completion_tokens
        self.repair_rounds += len(written.repaired)
        if written.repaired and not outcome.rejection:
            self.repaired[written.repaired[0]] += 1
        self.repairs_unpriced += written.repair_cost_usd is None
        self.repair_cost_usd += written.repair_cost_usd or 0.0
        self.unpriced += written.cost_usd is None
        self.cost_usd += written.cost_usd or 0.0
        if outcome.examination:
            self.claims_corrected += outcome.examination.claims_corrected
        for item in outcome.examination.checked if outcome.examination else ():
            self.snippets[item.verdict.status] += 1
            self.isolation.add(item.verdict.isolation)
            self.claims_checked += sum(claim.agrees is not None for claim in item.claims)
            self.claims_open += sum(claim.agrees is None for claim in item.claims)


def _ratio(cost: float | None, count: float) -> float | None:
    return cost / count if cost is not None and count else None


def _rounded(dollars: float | None) -> float | None:
    """Return dollars to the millionth: nobody charges less, and sums of binary fractions have longer tails."""
    return None if dollars is None else round(dollars, 6)


def waterfall(tally: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Return (step or step: reason, rejected there, left after it) from assignments down to the accepted."""
    left = tally["assignments"]
    lines = [("assignments", 0, left)]
    if tally["to_do"]:
        left -= tally["to_do"]
        lines.append(("no answer yet", tally["to_do"], left))
    for step in sorted(tally["rejected"], key=lambda step: _order((step, ""))):
        for reason, count in tally["rejected"][step].items():
            left -= count
            lines.append((f"{step}: {reason}", count, left))
    return [*lines, ("accepted", 0, left)]


def _order(key: tuple[str, str]) -> int:
    return STEPS.index(key[0]) if key[0] in STEPS else len(STEPS)
