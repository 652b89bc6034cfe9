"""The order of the steps, for one shard and for a run. The only place that knows it.

    draw → prompt → teacher → read → format → contract → run → claims → corpus

Shards of SHARD assignments go one after another: the teacher writes a shard, the engine examines it, its rows become a
part; at the end the parts are joined into the dataset folder. Everything that can be refused is refused before the
first request is sent and before anything is written.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from textbooks import job as jobs
from textbooks import run_folder
from textbooks.corpus import card, dataset, rows
from textbooks.corpus.tally import Tally
from textbooks.engines import LocalEngine
from textbooks.errors import TextbooksError
from textbooks.examine import examine_answer
from textbooks.job import Job
from textbooks.plan.recipe import DEFAULT
from textbooks.records import Outcome, Written
from textbooks.sandbox import Sandbox
from textbooks.sandbox.tiers import Isolation
from textbooks.storage import digest, writable_folder, write_json_lines, write_text
from textbooks.teacher.journal import Journal
from textbooks.writing import Progress, Writer

SHARD = 1000
"""Assignments in a shard: one pair of journal files, one Parquet part."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One answer to examine, as it travels to a worker process."""

    written: Written
    rules: Mapping[str, Any]
    claims_policy: Literal["reject", "ignore"]


def plan(
    recipe: str = DEFAULT,
    *,
    samples: int | None = None,
    settings: Sequence[str] = (),
    model: str | None = None,
    requests: Path | None = None,
    price: str | None = None,
) -> dict[str, Any]:
    """Return what would be asked; with `requests`, also write the prompts there as Batch API input lines.

    Raises:
        TextbooksError: the recipe cannot be used, or `requests` is something else's file.

    """
    job = jobs.prepare(recipe, samples=samples, settings=settings, model=model, price=price, asks=False)
    if requests:
        _refuse_other_file(requests)
        writable_folder(requests.parent)
        write_json_lines(requests, (request.line() for request in job.first_requests()))
    return job.estimate()


def build(
    recipe: str = DEFAULT,
    *,
    out: Path | None = None,
    samples: int | None = None,
    settings: Sequence[str] = (),
    model: str | None = None,
    base_url: str | None = None,
    recorded: Sequence[Path] = (),
    workers: int | None = 1,
    isolation: Isolation | None = None,
    progress: Progress | None = None,
) -> Built:
    """Build a corpus, or go on where an earlier call in the same folder left off.

    More than one worker starts processes, so a script that asks for them needs the `__name__ == "__main__"` guard.

    Raises:
        TextbooksError: whatever a person can mend, before anything is asked where it can be known before.

    """
    job = jobs.prepare(
        recipe,
        samples=samples,
        settings=settings,
        model=model,
        base_url=base_url,
        recorded=recorded,
        isolation=isolation,
    )
    return run_job(job, out=out, workers=workers, progress=progress)


def run_job(
    job: Job,
    *,
    out: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    interrupt: Callable[[Callable[[], None]], None] | None = None,
) -> Built:
    """Run a job to its end, or go on where an earlier call left off.

    `interrupt` is handed a function that stops the asking: what is there is then examined and packaged.

    Raises:
        TextbooksError: the folder is not this recipe's or cannot be written, or the teacher cannot be used.

    """
    out = out or Path("runs") / job.recipe.name
    started = time.monotonic()
    report = progress or (lambda step, done, planned: None)
    _refuse_no_teacher(job)
    finished = run_folder.finished(job, out)
    if finished:
        return Built(out=out, tally=finished, unchanged=True)
    tally = Tally(assignments=job.samples)
    parts: list[Path] = []
    engine = LocalEngine(workers=workers, policy=job.policy, isolation=job.isolation)
    # The folder is claimed by the first answer worth keeping, so that an unusable endpoint leaves nothing behind.
    with (
        Journal(out / "journal", before_first=lambda: run_folder.claim(job, out)) as journal,
        engine,
        Writer(job, journal, shard_size=SHARD, report=report) as writer,
    ):
        if interrupt:
            interrupt(writer.stop)
        for number, shard in writer.shards():
            if not (parts or shard):
                _refuse_silence(job, writer.last_failure)
            run_folder.claim(job, out)
            parts.append(_part(job, number, shard, engine, out, tally, report))
    counts = writer.counts
    result = _package(job, out, parts, tally, counts, time.monotonic() - started)
    return Built(out=out, tally=result, unchanged=False)


def examine_task(task: Task, sandbox: Sandbox) -> Outcome:
    """Examine one answer, in whatever process this runs."""
    if task.written.rejection:
        return Outcome(written=task.written, examination=None)
    examination = examine_answer(task.written.text, sandbox, rules=task.rules, claims_policy=task.claims_policy)
    return Outcome(written=task.written, examination=examination)


def _part(
    job: Job,
    number: int,
    shard: Sequence[Written],
    engine: LocalEngine,
    out: Path,
    tally: Tally,
    report: Progress,
) -> Path:
    """Examine a shard and write its part, or find the part that an earlier run made from the very same answers."""
    made_from = digest([job.makes_rows(), [[list(w.custom_ids), w.assignment.index] for w in shard]])
    part = dataset.part_folder(out / "parts", number, made_from)
    counts = dataset.read_part_tally(part)
    if counts is None:
        own = Tally()
        kept: dict[str, list[dict[str, Any]]] = {name: [] for name in dataset.CONFIGURATIONS}
        claims_policy = job.recipe.spec.claims
        tasks = (Task(written=w, rules=job.recipe.rules_for(w.assignment), claims_policy=claims_policy) for w in shard)
        for done, outcome in enumerate(engine.map(examine_task, tasks), start=1):
            own.add([outcome])
            name = "rejected" if outcome.rejection else "default"
            make = rows.rejected if outcome.rejection else rows.accepted
            kept[name].append(make(outcome, job.labels))
            kept["snippets"] += rows.snippets(outcome)
            report("examined", number * SHARD + done, job.samples)
        counts = own.counts()
        dataset.write_part(part, kept, rows.schemas(job.labels), counts)
    tally.merge(counts)
    return part


def _package(
    job: Job, out: Path, parts: list[Path], tally: Tally, counts: Mapping[str, int], wall_seconds: float
) -> dict[str, Any]:
    """Join the parts, write card, recipe and tally, and make sure that nothing was lost on the way."""
    corpus = out / "corpus"
    # Whoever is interrupted from here on leaves no tally behind that would call the corpus finished.
    (out / "tally.json").unlink(missing_ok=True)
    publish = job.recipe.spec.publish
    written = dataset.publish(corpus, parts, rows.schemas(job.labels), test_percent=publish.test_percent)
    accepted = written["train"] + written["test"]
    if accepted != tally.accepted or written["rejected"] != sum(tally.rejected.values()):
        raise RuntimeError(f"rows were lost: tally {tally.as_json()}, written {written}")
    if tally.to_do < 0:
        raise RuntimeError(f"more outcomes than assignments: {tally.as_json()}")
    result = {
        "recipe": job.recipe.name,
        **tally.as_json(),
        **counts,
        "wall_seconds": round(wall_seconds, 3),
        "recipe_digest": digest(job.frozen_text()),
    }
    write_text(corpus / "README.md", card.card(job.frozen, result, written))
    write_text(out / "tally.json", json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    dataset.remove_stale(out / "parts", parts)
    return result


def _refuse_no_teacher(job: Job) -> None:
    if job.source == "shipped" and not job.recorded:
        raise TextbooksError(
            f"recipe {job.recipe.name!r} has no recorded answers; name an endpoint with --base-url and --model, "
            "or answers with --recorded"
        )


def _refuse_silence(job: Job, last_failure: str | None) -> None:
    if job.source == "live":
        raise TextbooksError(
            f"the endpoint answered none of the first requests for model {job.prompter.model!r} "
            f"({last_failure or 'it gave no reason'}); wait until it can, or name another with --base-url"
        )
    raise TextbooksError(
        f"none of the first requests of recipe {job.recipe.name!r} for model {job.prompter.model!r} is answered by "
        f"{len(job.recorded)} file(s) of recorded answers; answers are bound to the exact request, so undo --set and "
        "--model, or use --base-url"
    )


def _refuse_other_file(path: Path) -> None:
    """Refuse to write requests over anything but requests."""
    if path.is_dir():
        raise TextbooksError(f"--requests {str(path)!r} is a folder; name a file in it")
    if path.exists():
        with path.open("rb") as file:
            first = file.readline(1_000_000)
        if first and b'"custom_id"' not in first:
            raise TextbooksError(f"--requests {str(path)!r} holds something else; name a new file")
