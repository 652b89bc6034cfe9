"""The order of the steps, for one shard and for a run. The only place that knows it.

    draw → prompt → teacher → read → format → contract → run → claims → exercise → repair (back to teacher) → retrieve
    → contamination → duplicates → corpus

Shards of SHARD assignments go one after another: the teacher writes a shard, the engine examines it and looks for
benchmark problems in it, its rows become a part; at the end the parts are curated as one corpus and joined into the
dataset folder. Everything that can be refused is refused before the
first request is sent and before anything is written.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textbooks import job as jobs
from textbooks import refusals, run_folder
from textbooks.calls import Request
from textbooks.corpus import card, dataset, rows
from textbooks.corpus.tally import Tally
from textbooks.engines import LocalEngine
from textbooks.errors import TextbooksError
from textbooks.job import Job
from textbooks.linting import linted
from textbooks.plan.recipe import DEFAULT
from textbooks.records import Outcome, Written
from textbooks.repairing import repaired
from textbooks.retrieval import Retriever
from textbooks.sandbox.tiers import Isolation
from textbooks.sifting import Sifted
from textbooks.standing import Standing, standing
from textbooks.storage import digest, write_json_lines, write_text
from textbooks.tasks import examine_task, settled, task
from textbooks.teacher.journal import Journal
from textbooks.writing import Writer

SHARD = 1000
"""Assignments in a shard: one pair of journal files, one Parquet part."""
REPAIRS = "repairs.jsonl"
"""File of a part that holds the requests for repair that nobody answered."""
HOPELESS = 200
"""After so many assignments without an accepted one, a run that wants accepted ones gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build came to."""

    out: Path
    tally: Mapping[str, Any]
    unchanged: bool
    """Whether the corpus was there already, whole, so that nothing was done."""

    @property
    def corpus(self) -> Path:
        """The dataset folder."""
        return self.out / "corpus"


def build(
    recipe: str = DEFAULT,
    *,
    out: Path | None = None,
    samples: int | None = None,
    accepted: int | None = None,
    settings: Sequence[str] = (),
    model: str | None = None,
    base_url: str | None = None,
    recorded: Sequence[Path] = (),
    price: str | None = None,
    budget_usd: float | None = None,
    workers: int | None = 1,
    isolation: Isolation | None = None,
) -> Built:
    """Build a corpus, or go on where an earlier call in the same folder left off.

    With `accepted` in place of `samples`, assignments are gone through until so many samples are accepted, or the plan
    or the budget ends. More than one worker starts processes, so a script that asks for them needs the
    `__name__ == "__main__"` guard.

    Raises:
        TextbooksError: whatever a person can mend, before anything is asked where it can be known before.

    """
    job = jobs.prepare(
        recipe,
        samples=samples,
        accepted=accepted,
        settings=settings,
        model=model,
        base_url=base_url,
        recorded=recorded,
        price=price,
        budget_usd=budget_usd,
        isolation=isolation,
    )
    return run_job(job, out=out, workers=workers)


def run_job(
    job: Job,
    *,
    out: Path | None = None,
    workers: int | None = None,
    watch: Callable[[Callable[[], Standing]], None] | None = None,
    interrupt: Callable[[Callable[[], None]], None] | None = None,
) -> Built:
    """Run a job to its end, or go on where an earlier call left off.

    `watch` is handed a function that says where the run stands, good from any thread as long as the run lasts;
    `interrupt` one that stops the asking: what is there is then examined and packaged.

    Raises:
        TextbooksError: the folder is not this recipe's or cannot be written, or the teacher cannot be used.

    """
    out = out or Path("runs") / job.recipe.name
    started = time.monotonic()
    refusals.no_teacher(job, out)
    finished = run_folder.finished(job, out)
    if finished:
        return Built(out=out, tally=finished, unchanged=True)
    if job.source == "live":
        refusals.outstanding_batches(out)
    run = _Run(job=job, out=out, retriever=Retriever(job))
    engine = LocalEngine(workers=workers, policy=job.policy, isolation=job.isolation)
    # The folder is claimed by the first answer worth keeping, so that an unusable endpoint leaves nothing behind.
    with (
        Journal(out / "journal", before_first=lambda: run_folder.claim(job, out)) as journal,
        engine,
        Writer(job, journal, shard_size=SHARD) as writer,
    ):
        if interrupt:
            interrupt(writer.stop)
        if watch:
            watch(lambda: standing(job, writer, run.tally, run.part))
        try:
            _go_through(run, writer, engine)
        except TextbooksError as error:
            raise refusals.saying_what_is_kept(error, len(journal), out) from error
    return Built(out=out, tally=_package(run, writer, time.monotonic() - started), unchanged=False)


@dataclass(slots=True, kw_only=True)
class _Run:
    """What grows while a job runs."""

    job: Job
    out: Path
    retriever: Retriever
    tally: Tally = field(default_factory=Tally)
    part: Tally = field(default_factory=Tally)
    """Counts of the shard that is being examined."""
    parts: list[Path] = field(default_factory=list)
    repairs_unanswered: int = 0
    sifted: Sifted | None = None
    """The curation of all parts so far; None where there are new ones."""

    @property
    def accepted(self) -> int:
        """Samples that are accepted beside all others."""
        return self.tally.accepted - self.curated().rejected.total()

    def curated(self) -> Sifted:
        """Return the curation of all parts so far."""
        self.sifted = self.sifted or Sifted(self.job, self.parts)
        return self.sifted


def _go_through(run: _Run, writer: Writer, engine: LocalEngine) -> None:
    """Write and examine assignments, round after round, until the target is met or cannot be."""
    while indices := _next_round(run):
        run.tally.assignments = indices.stop
        for number, shard in writer.shards(indices):
            if not (run.parts or shard):
                refusals.silence(run.job, writer)
            run_folder.claim(run.job, run.out)
            run.parts.append(_part(run, number, shard, writer, engine))
            run.sifted = None


def _next_round(run: _Run) -> range:
    """Return the assignments to go through next.

    Where accepted samples are wanted, a round is as long as what is still missing, so that nothing is paid for beyond
    the target, and the same answers always make the same rounds.
    """
    job, tally = run.job, run.tally
    done = tally.assignments
    if job.accepted is None:
        return range(done, job.samples)
    if tally.to_do or (not tally.accepted and done >= HOPELESS):
        return range(0)
    return range(done, min(done + max(job.accepted - run.accepted, 0), job.samples))


def _part(run: _Run, number: int, shard: Sequence[Written], writer: Writer, engine: LocalEngine) -> Path:
    """Examine a shard and write its part, or find the part that an earlier run made from the very same answers."""
    job = run.job
    made_from = [job.makes_rows(), [[list(w.custom_ids), w.assignment.index] for w in shard]]
    part = dataset.part_folder(run.out / "parts", number, digest(made_from))
    counts = dataset.read_part_tally(part)
    if counts is None:
        kept: dict[str, list[dict[str, Any]]] = {name: [] for name in dataset.CONFIGURATIONS}
        outcomes, unanswered = _examined(run, number, shard, writer, engine)
        outcomes = linted(run.retriever.filtered([settled(job, outcome) for outcome in outcomes]))
        run.repairs_unanswered += len(unanswered)
        if unanswered:  # the next run asks again
            part = dataset.part_folder(run.out / "parts", number, digest([*made_from, "without all repairs"]))
            write_json_lines(part / REPAIRS, (request.line() for request in unanswered))
        for outcome in outcomes:
            if outcome.rejection:
                kept["rejected"].append(rows.rejected(outcome, job.labels))
            else:
                kept["default"].append(rows.accepted(outcome, job.labels, _own_columns(job, outcome)))
            kept["snippets"] += rows.snippets(outcome)
        run.part = Tally()
        run.part.add(outcomes)
        counts = run.part.counts()
        dataset.write_part(part, kept, rows.schemas(job.labels), counts)
    run.part = Tally()
    run.tally.merge(counts)
    return part


def _own_columns(job: Job, outcome: Outcome) -> dict[str, Any]:
    """Return the values of the recipe's own columns."""
    examination, percent = outcome.examination, job.recipe.spec.publish.test_percent
    if examination is None:
        raise ValueError("an accepted sample has been examined")
    published = {"id": outcome.id, "text": examination.text, "split": dataset.split_of(outcome.id, percent)}
    return job.prompter.columns(outcome.written.assignment, examination.answers, published)


def _examined(
    run: _Run, number: int, shard: Sequence[Written], writer: Writer, engine: LocalEngine
) -> tuple[list[Outcome], list[Request]]:
    """Examine a shard, and have mended what can be; return the outcomes, and the repairs that nobody answered."""
    outcomes = []
    for outcome in engine.map(examine_task, (task(run.job, written) for written in shard)):
        run.part.add([outcome])
        outcomes.append(outcome)
    return repaired(
        run.job,
        writer,
        number,
        outcomes,
        lambda again: list(engine.map(examine_task, (task(run.job, written) for written in again))),
    )


def _package(run: _Run, writer: Writer, wall_seconds: float) -> dict[str, Any]:
    """Curate and join the parts, write card, recipe and tally, and make sure that nothing was lost on the way."""
    job, out, tally = run.job, run.out, run.tally
    sifted = run.curated()
    ended = _ending(run)
    tally.take_out(sifted.rejected, sifted.tokens)
    corpus = out / "corpus"
    # Whoever is interrupted from here on leaves no tally behind that would call the corpus finished.
    (out / "tally.json").unlink(missing_ok=True)
    publish = job.recipe.spec.publish
    schemas = rows.schemas(job.labels)
    written = dataset.publish(corpus, sifted.tables, schemas, test_percent=publish.test_percent)
    accepted = written["train"] + written["test"]
    if accepted != tally.accepted or written["rejected"] != sum(tally.rejected.values()):
        raise RuntimeError(f"rows were lost: tally {tally.as_json()}, written {written}")
    if tally.to_do < 0:
        raise RuntimeError(f"more outcomes than assignments: {tally.as_json()}")
    result = {
        "recipe": job.recipe.name,
        **tally.as_json(),
        **writer.counts,
        **writer.budget.view(),
        "target": job.accepted,
        "ended": ended,
        "curation": sifted.summary(),
        "repairs_unanswered": run.repairs_unanswered,
        "wall_seconds": round(wall_seconds, 3),
        "recipe_digest": digest(job.frozen_text()),
    }
    write_text(corpus / "README.md", card.card(job.frozen, result, written, dataset.sizes(corpus)))
    write_text(out / "tally.json", json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    dataset.remove_stale(out / "parts", run.parts)
    return result


def _ending(run: _Run) -> str:
    """Return why no further assignment was begun, in words."""
    job, tally = run.job, run.tally
    if tally.to_do:
        return "not all assignments have an answer"
    if job.accepted is None or run.accepted >= job.accepted:
        return "the target is met"
    if tally.assignments >= job.samples:
        return f"the recipe has only {job.samples} combinations; add values to its lists"
    return f"not one of {tally.assignments} was accepted; look at the reasons before you pay for more"
