"""Where a run stands at this moment: counts, pace, money, time left. Measures nothing by itself and shows nothing."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from textbooks.corpus.tally import Tally
from textbooks.job import Job
from textbooks.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One look at a run."""

    planned: int
    """Assignments to go through, as far as is known by now."""
    target: int | None
    """Accepted samples that are wanted; None where all assignments are to be gone through."""
    written: int
    examined: int
    accepted: int
    rejected: Mapping[str, int]
    """`step: reason` → count."""
    asked: int
    """Answers that the endpoint gave in this call."""
    in_flight: int
    concurrency: int
    """Requests that the endpoint is believed to bear at a time."""
    prompt_tokens: int
    completion_tokens: int
    """Of the answers of this call."""
    spent_usd: float | None
    """Of the whole run, with what may have been lost; None where the price is unknown."""
    projected_usd: float | None
    budget_usd: float | None
    seconds_left: float | None
    paused_seconds: float
    """How long the endpoint still wants to be left alone."""
    failing_seconds: float
    """For how long every try has failed; 0 where the last one went well."""
    last_failure: str | None


def standing(job: Job, writer: Writer, tally: Tally, part: Tally) -> Standing:
    """Look at a run: `tally` counts the shards that are done, `part` the one that is being examined.

    Both may be growing in another thread: what is copied here in one step is whole.
    """
    rejected = Counter({f"{step}: {reason}": count for (step, reason), count in dict(tally.rejected).items()})
    rejected.update({f"{step}: {reason}": count for (step, reason), count in dict(part.rejected).items()})
    accepted = tally.accepted + part.accepted
    live, budget = writer.live, writer.budget
    asked = writer.counts["requests"]
    left = max(0, tally.assignments - writer.written)
    spent = budget.spent_usd + budget.lost_usd if budget.is_known else None
    usage = writer.teacher.usage if writer.teacher else None
    steps = len(job.recipe.spec.steps)
    seconds = time.monotonic() - writer.asking_since
    return Standing(
        planned=tally.assignments,
        target=job.accepted,
        written=writer.written,
        examined=accepted + sum(rejected.values()),
        accepted=accepted,
        rejected=dict(rejected.most_common()),
        asked=asked,
        in_flight=live.pacer.in_flight if live else 0,
        concurrency=int(live.pacer.limit) if live else 0,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        spent_usd=spent,
        projected_usd=spent + budget.paid_now_usd / asked * left * steps if spent is not None and asked else spent,
        budget_usd=budget.limit_usd,
        seconds_left=seconds / asked * left * steps if asked else None,
        paused_seconds=live.pacer.paused_seconds if live else 0.0,
        failing_seconds=live.failing_seconds if live else 0.0,
        last_failure=live.last_failure if live else None,
    )
