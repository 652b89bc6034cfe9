"""A run through the provider's Batch API: submit what has no answer, look how it goes, collect and package.

A batch is one more way to fill the journal: the same requests, the same answers, at a lower price and hours later.
Knows how recipe, journal and batches go together; what a batch is at the provider is the teacher's business.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from textbooks import build as building
from textbooks import job as jobs
from textbooks import run_folder
from textbooks.build import REPAIRS, SHARD, Built
from textbooks.calls import BATCHED, Request, Response
from textbooks.errors import TextbooksError
from textbooks.job import Job
from textbooks.plan.recipe import DEFAULT
from textbooks.storage import read_json_lines, write_text
from textbooks.teacher.answers import response_of
from textbooks.teacher.budget import Budget, worst_case_usd
from textbooks.teacher.journal import Journal
from textbooks.teacher.ledger import Batch, Ledger
from textbooks.teacher.provider import MOST_BYTES, MOST_REQUESTS, OVER, Provider
from textbooks.writing import taken_apart, unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a submission came to."""

    batches: Sequence[Batch]
    left_out: int
    """Requests that the budget had no room for."""

    def view(self) -> dict[str, Any]:
        """Return it as JSON."""
        batches = [{"number": b.number, "batch_id": b.batch_id, "requests": b.requests} for b in self.batches]
        return {"batches": batches, "requests": sum(b.requests for b in self.batches), "left_out": self.left_out}


def submit(
    run: Path,
    recipe: str | None = None,
    *,
    samples: int | None = None,
    settings: Sequence[str] = (),
    model: str | None = None,
    base_url: str | None = None,
    price: str | None = None,
    budget_usd: float | None = None,
    most_requests: int = MOST_REQUESTS,
    most_bytes: int = MOST_BYTES,
) -> Submitted:
    """Submit every request of a run that has no answer and is in no outstanding batch.

    The first call says what the run is; later ones need not, and send what failed, expired, or came to be asked by the
    answers of an earlier step, and the repairs of collected answers that do not hold.

    Raises:
        TextbooksError: recipe, folder, endpoint or budget cannot be used.

    """
    options = _options(
        run,
        {"recipe": recipe, "samples": samples, "settings": list(settings), "model": model}
        | {"base_url": base_url, "price": price},
    )
    job = _job(run, options, budget_usd=budget_usd)
    with (
        Ledger(run) as ledger,
        Provider(ledger, base_url=job.base_url) as provider,
        Journal(run / "journal") as journal,
    ):
        provider.check()
        run_folder.claim(job, run)
        _remember(run, options)
        under_way = {line["custom_id"] for batch in ledger.outstanding for line in ledger.input_lines(batch)}
        chosen, left_out = [], 0
        room = _Room(job, journal, ledger)
        for request in itertools.chain(_missing(job, journal), _repairs(run)):
            if request is None or request.custom_id in under_way or journal.find(request.custom_id):
                continue
            under_way.add(request.custom_id)
            if room.takes(request):
                chosen.append(request)
            else:
                left_out += 1
        ledger.prepare(chosen, most_requests=most_requests, most_bytes=most_bytes)
        return Submitted(batches=provider.submit(), left_out=left_out)


def status(run: Path, *, base_url: str | None = None) -> list[dict[str, Any]]:
    """Return what the provider says of each batch of a run; of collected ones, what the ledger says.

    Raises:
        TextbooksError: the run has no batches, or the endpoint cannot be used.

    """
    job = _job(run, _options(run, {"base_url": base_url}))
    with Ledger(run) as ledger, Provider(ledger, base_url=job.base_url) as provider:
        return [_state(provider, batch) for batch in ledger.batches.values()]


def collect(
    run: Path, *, base_url: str | None = None, workers: int | None = 1
) -> tuple[list[dict[str, Any]], Built | None]:
    """Journal the answers of the batches that are over, and package what the run has by now; asks no model.

    Returns how the batches stand, and the run; None where all answers are to earlier steps, whose next ones are to be
    submitted.

    Any number of times: what is not over yet is left to a later call, and what is there already is not fetched again.

    Raises:
        TextbooksError: the run has no batches, or no answer at all yet, or the endpoint cannot be used.

    """
    job = _job(run, _options(run, {"base_url": base_url}))
    with (
        Ledger(run) as ledger,
        Provider(ledger, base_url=job.base_url) as provider,
        Journal(run / "journal") as journal,
    ):
        states = []
        for batch in list(ledger.batches.values()):
            state = _state(provider, batch)
            states.append(state)
            if state["state"] in OVER:
                _take(ledger, batch, provider.lines(batch, state["files"]), journal)
                ledger.record({"event": "collected", "number": batch.number, "state": state["state"]})
        if not len(journal):
            raise TextbooksError(f"no batch of {str(run)!r} has an answer yet ({_words(states)}); collect again later")
        if all(request is not None for request in _missing(job, journal)):
            return states, None
    job = replace(job, source="recorded", recorded=())
    return states, building.run_job(job, out=run, workers=workers)


class _Room:
    """Whether a request still fits the budget, beside all that was spent and is outstanding."""

    def __init__(self, job: Job, journal: Journal, ledger: Ledger) -> None:
        self._price, self._limit_usd, self._used_usd = job.price, job.budget_usd, 0.0
        if self._price and self._limit_usd is not None:
            budget = Budget(price=self._price)
            journal.close_unanswered()
            for body, response in journal.spending():
                budget.already(body, response)
            self._used_usd = budget.spent_usd + budget.lost_usd
            for batch in ledger.outstanding:
                for line in ledger.input_lines(batch):
                    self._used_usd += worst_case_usd(line["body"], self._price, is_batched=True)

    def takes(self, request: Request) -> bool:
        if self._price is None or self._limit_usd is None:
            return True
        worst = worst_case_usd(request.body, self._price, is_batched=True)
        if self._used_usd + worst > self._limit_usd:
            return False
        self._used_usd += worst
        return True


def _missing(job: Job, journal: Journal) -> Iterator[Request | None]:
    """Yield, for each assignment, the request of its first step without an answer; None where there is none."""
    for index in range(job.samples):
        answers: dict[str, Any] = {}
        for step in job.recipe.spec.steps:
            request = job.prompter.request(job.plan[index], step, answers)
            response = journal.find(request.custom_id)
            if response is None:
                yield request
                break
            if unusable(response) or taken_apart(job, step.name, response.texts[0], answers):
                yield None
                break
        else:
            yield None


def _repairs(run: Path) -> Iterator[Request]:
    """Yield the requests for repair that the last packaging came to; some may be answered since."""
    for path in sorted((run / "parts").glob(f"*/{REPAIRS}")):
        for _, line in read_json_lines(path):
            yield Request(custom_id=line["custom_id"], body=line["body"])


def _take(ledger: Ledger, batch: Batch, lines: Iterable[Mapping[str, Any]], journal: Journal) -> None:
    """Journal what a batch brought: answers, and the reasons of what has none."""
    asked = {line["custom_id"]: (place, line["body"]) for place, line in enumerate(ledger.input_lines(batch))}
    for line in lines:
        custom_id = line["custom_id"]
        if custom_id not in asked or journal.find(custom_id):
            continue
        place, body = asked[custom_id]
        request = Request(custom_id=custom_id, body=body)
        journal.sent(place // SHARD, request)
        response = response_of(line)
        if response:
            journal.record(place // SHARD, _batched(response))
        else:
            journal.failed(place // SHARD, request, "batch", _reason(line))


def _batched(response: Response) -> Response:
    """Return the response marked as paid for in a batch, whatever the provider's line ids look like."""
    line_id = response.line_id or response.custom_id[:24]
    return response if response.is_batched else replace(response, line_id=BATCHED + line_id)


def _reason(line: Mapping[str, Any]) -> str:
    error = line.get("error") or (line.get("response") or {}).get("body") or {}
    error = error.get("error") or error if isinstance(error, Mapping) else error
    return str(error.get("message") or error.get("code") or error if isinstance(error, Mapping) else error)[:200]


def _state(provider: Provider, batch: Batch) -> dict[str, Any]:
    known = {"number": batch.number, "batch_id": batch.batch_id, "requests": batch.requests}
    if batch.collected:
        return {**known, "state": f"collected ({batch.collected})", "completed": None, "failed": None, "said": None}
    if not batch.batch_id:
        return {**known, "state": "not submitted", "completed": None, "failed": None, "said": None}
    return provider.state(batch)


def _words(states: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{s['batch_id'] or 'batch'}: {s['state']}{': ' + s['said'] if s['said'] else ''}" for s in states)


def _options(run: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a run now, or was said when its first batch was submitted."""
    path = run / "batch.yaml"
    if path.exists():
        known = yaml.safe_load(path.read_text(encoding="utf-8"))
    elif "recipe" in said:
        known = {"recipe": DEFAULT}
    else:
        raise TextbooksError(f"{str(run)!r} has no batches; begin with: textbooks batch submit {run} RECIPE")
    return {**known, **{name: value for name, value in said.items() if value}}


def _remember(run: Path, options: Mapping[str, Any]) -> None:
    head = "# What 'textbooks batch' was told of this run; later calls need not say it again.\n"
    write_text(run / "batch.yaml", head + yaml.safe_dump(dict(options), sort_keys=False, allow_unicode=True))


def _job(run: Path, options: Mapping[str, Any], *, budget_usd: float | None = None) -> Job:
    job = jobs.prepare(
        options["recipe"],
        samples=options.get("samples"),
        settings=options.get("settings") or (),
        model=options.get("model"),
        base_url=options.get("base_url"),
        price=options.get("price"),
        budget_usd=budget_usd,
    )
    if job.source != "live":
        raise TextbooksError("no endpoint is named; set OPENAI_API_KEY, or name one with --base-url")
    run_folder.refuse_foreign(job, run)
    return job
