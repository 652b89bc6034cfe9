"""Answers that do not hold go back to the teacher, with what was found, and what comes back is examined anew.

Knows which failures can be mended by writing again, and what each round took. The teacher is asked through the
writer, so that journal, pace and budget are the same as for any other request.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from textbooks.calls import Request, Response
from textbooks.job import Job
from textbooks.records import Outcome, Rejection, Written
from textbooks.writing import Writer, total, unusable

MENDABLE = ("read", "format", "contract", "run", "claims", "exercise")
"""Steps whose rejections writing again may mend; what the endpoint refused or cut off is not among them."""


def repaired(
    job: Job,
    writer: Writer,
    shard: int,
    outcomes: Sequence[Outcome],
    examine: Callable[[Sequence[Written]], Sequence[Outcome]],
) -> tuple[list[Outcome], list[Request]]:
    """Return the outcomes with what could be mended, and the requests for repair that nobody answered.

    `examine` examines texts, in order. An answer that cannot be used at all leaves the outcome as it was, and who gives
    the very same answer again is not asked a third time.
    """
    current = list(outcomes)
    given_up: set[int] = set()
    unanswered: list[Request] = []
    for _ in range(job.recipe.spec.repair.rounds):
        failing = [
            place
            for place, outcome in enumerate(current)
            if outcome.rejection and place not in given_up and _is_mendable(job, outcome.rejection)
        ]
        if not failing:
            break
        requests = {place: writer.repair_request(current[place]) for place in failing}
        for place in failing:
            if requests[place].custom_id in current[place].written.custom_ids:
                given_up.add(place)
                del requests[place]
        again: list[tuple[int, Written]] = []
        for place, response in zip(requests, writer.ask_all(shard, list(requests.values())), strict=True):
            if response is None:
                unanswered.append(requests[place])
                given_up.add(place)
            elif unusable(response):
                given_up.add(place)
                current[place] = replace(current[place], written=_charged(job, current[place].written, response))
            else:
                again.append((place, _rewritten(job, current[place], response)))
        for (place, _), outcome in zip(again, examine([written for _, written in again]), strict=True):
            current[place] = outcome
    return current, unanswered


def _is_mendable(job: Job, rejection: Rejection) -> bool:
    is_final = rejection.step == "contract" and job.recipe.spec.on_violation.get(rejection.reason) == "reject"
    return rejection.step in MENDABLE and not is_final


def _rewritten(job: Job, outcome: Outcome, response: Response) -> Written:
    """Return what was written anew, with the whole road to it."""
    written = _charged(job, outcome.written, response)
    why = outcome.rejection
    said = f"{why.step}: {why.reason}" if why else ""
    return replace(written, text=response.texts[0], others=(), repaired=(*written.repaired, said))


def _charged(job: Job, written: Written, response: Response) -> Written:
    """Return the record with another answer on its account."""
    cost = job.price.paid_usd(response) if job.price else None
    return replace(
        written,
        custom_ids=(*written.custom_ids, response.custom_id),
        usage=total((written.usage, response.usage)),
        cost_usd=total((written.cost_usd, cost)),
        repair_cost_usd=total((written.repair_cost_usd, cost)),
    )
