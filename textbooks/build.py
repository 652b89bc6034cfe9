"""The order of the steps, for one shard and for a run. The only place that knows it.

    draw → prompt → teacher → read → format → contract → run → claims → corpus

Shards of SHARD assignments go one after another: the teacher writes a shard, the engine examines it, its rows become a
part; at the end the parts are joined into the dataset folder. Everything that can be refused is refused before the
first request is sent and before anything is written.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from textbooks import job as jobs
from textbooks.corpus import card, dataset, rows
from textbooks.corpus.tally import Tally
from textbooks.engines import LocalEngine
from textbooks.errors import TextbooksError
from textbooks.examine import examine_answer
from textbooks.job import Job
from textbooks.plan.recipe import DEFAULT
from textbooks.records import Assignment, Outcome, Rejection, Response, Written
from textbooks.sandbox import Sandbox
from textbooks.storage import digest, refuse_unwritable, writable_folder, write_json_lines, write_text
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.teacher import Teacher

SHARD = 1000
"""Assignments in a shard: one pair of journal files, one Parquet part."""

Progress = Callable[[str, int, int], None]
"""Told the step, how many assignments have passed it and how many are planned."""


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
) -> dict[str, Any]:
    """Return what would be asked; with `requests`, also write the prompts there as Batch API input lines."""
    job = jobs.prepare(recipe, samples=samples, settings=settings, model=model)
    if requests:
        writable_folder(requests.parent)
        write_json_lines(requests, (request.line() for request in job.first_requests()))
    return job.estimate()


def build(job: Job, *, out: Path | None = None, workers: int | None = None, progress: Progress | None = None) -> Built:
    """Run a job to its end, or go on where an earlier call left off.

    Raises:
        TextbooksError: the folder is not this recipe's or cannot be written, or the teacher cannot be used.

    """
    out = out or Path("runs") / job.recipe.name
    started = time.monotonic()
    report = progress or (lambda step, done, planned: None)
    _refuse_no_teacher(job)
    finished = _finished(job, out)
    if finished:
        return Built(out=out, tally=finished, unchanged=True)
    tally = Tally(assignments=job.samples)
    parts: list[Path] = []
    engine = LocalEngine(workers=workers, policy=job.policy, isolation=job.isolation)
    # The folder is claimed by the first answer worth keeping, so that an unusable endpoint leaves nothing behind.
    with Journal(out / "journal", before_first=lambda: _claim(job, out)) as journal, engine:
        writer = _Writer(job, journal)
        for number, first in enumerate(range(0, job.samples, SHARD)):
            indices = range(first, min(first + SHARD, job.samples))
            shard = writer.write(number, indices, report)
            if not (parts or shard):
                _refuse_silence(job)
            _claim(job, out)
            parts.append(_part(job, number, shard, engine, out, tally, report))
        counts = writer.counts
    result = _package(job, out, parts, tally, counts, time.monotonic() - started)
    return Built(out=out, tally=result, unchanged=False)


class _Writer:
    """Has the teacher write shard after shard."""

    def __init__(self, job: Job, journal: Journal) -> None:
        self._job = job
        self._journal = journal
        self._seen: set[bytes] = set()
        self.counts: dict[str, int] = {"requests": 0, "reused": 0, "recorded": 0}

    def write(self, shard: int, indices: range, report: Progress) -> list[Written]:
        """Return what was written for the assignments of a shard, in order; those without an answer are left out."""
        return asyncio.run(self._write(shard, indices, report))

    async def _write(self, shard: int, indices: range, report: Progress) -> list[Written]:
        live = LiveTeacher(base_url=self._job.base_url) if self._job.source == "live" else None
        teacher = Teacher(self._journal, self._job.recorded, live)
        done = indices.start

        async def one(index: int) -> Written | None:
            nonlocal done
            written = await _written(self._job, self._job.plan[index], teacher, shard)
            done += 1
            report("written", done, self._job.samples)
            return written

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(index)) for index in indices]
        except BaseExceptionGroup as errors:
            raise _first_of(errors) from errors
        finally:
            await teacher.close()
        for name, count in teacher.counts.items():
            self.counts[name] += count
        return [self._unrepeated(task.result()) for task in tasks if task.result()]  # type: ignore[arg-type]  # filtered

    def _unrepeated(self, written: Written) -> Written:
        """Reject an assignment whose request was the very same as an earlier one's: it can only give a copy."""
        key = bytes.fromhex(written.custom_ids[-1])[:16]
        if key in self._seen and not written.rejection:
            said = "the prompt is the same as that of an earlier assignment"
            rejection = Rejection(step="teacher", reason="same_request", evidence=said)
            return replace(written, rejection=rejection)
        self._seen.add(key)
        return written


async def _written(job: Job, assignment: Assignment, teacher: Teacher, shard: int) -> Written | None:
    """Go through the chat steps of one assignment; None where an answer is missing."""
    answers: dict[str, str] = {}
    responses: list[Response] = []
    rejection = None
    for step in job.recipe.spec.steps:
        request = job.prompter.request(assignment, step, answers)
        response = await teacher.ask(shard, request)
        if response is None:
            return None
        responses.append(response)
        answers[step.name] = response.text or ""
        rejection = _unusable(response)
        if rejection:
            break
    return Written(
        assignment=assignment,
        custom_ids=tuple(response.custom_id for response in responses),
        model=str(responses[-1].body.get("model") or job.prompter.model),
        text=responses[-1].text or "",
        prompt_tokens=_total(response.usage("prompt_tokens") for response in responses),
        completion_tokens=_total(response.usage("completion_tokens") for response in responses),
        rejection=rejection,
    )


def _unusable(response: Response) -> Rejection | None:
    if response.status_code != 200:
        reason = f"refused_{response.status_code}"
    elif response.text is None:
        reason = "empty_answer"
    elif response.finish_reason not in (None, "stop"):
        reason = f"finish_{response.finish_reason}"
    else:
        return None
    evidence = json.dumps(response.body, ensure_ascii=False)[:2000]
    return Rejection(step="teacher", reason=reason, evidence=evidence)


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
    made_from = digest([job.frozen(), [[list(w.custom_ids), w.assignment.index] for w in shard]])
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
    write_text(corpus / "README.md", card.card(job.frozen(), result, written))
    write_text(out / "tally.json", json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    dataset.remove_stale(out / "parts", parts)
    return result


def _claim(job: Job, out: Path) -> None:
    """Mark the folder as this run's."""
    writable_folder(out)
    frozen = out / "recipe.yaml"
    if not frozen.exists() or frozen.read_text(encoding="utf-8") != job.frozen_text():
        write_text(frozen, job.frozen_text())


def _finished(job: Job, out: Path) -> dict[str, Any] | None:
    """Return the tally of a run that is whole and would come out the same."""
    _refuse_foreign_folder(job, out)
    path = out / "tally.json"
    if not path.exists() or not (out / "corpus" / "README.md").exists():
        return None
    tally: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    is_same = tally["recipe_digest"] == digest(job.frozen_text())
    return tally if is_same and tally["to_do"] == 0 else None


def _refuse_foreign_folder(job: Job, out: Path) -> None:
    """Raise a TextbooksError for a folder that is not this recipe's, or in which nothing can be written."""
    refuse_unwritable(out)
    frozen = out / "recipe.yaml"
    if not frozen.exists():
        strange = sorted(path.name for path in out.iterdir()) if out.exists() else []
        if strange:
            raise TextbooksError(
                f"--out {str(out)!r} holds other things (such as {strange[0]!r}) and no run; name a new folder"
            )
        return
    try:
        owner = yaml.safe_load(frozen.read_text(encoding="utf-8"))["recipe"]["name"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise TextbooksError(f"{frozen} is not a run's recipe; remove it or name another --out") from error
    if owner != job.recipe.name:
        raise TextbooksError(
            f"--out {str(out)!r} belongs to recipe {owner!r}, not {job.recipe.name!r}; name another folder"
        )


def _refuse_no_teacher(job: Job) -> None:
    if job.source == "shipped" and not job.recorded:
        raise TextbooksError(
            f"recipe {job.recipe.name!r} has no recorded answers; name an endpoint with --base-url and --model, "
            "or answers with --recorded"
        )


def _refuse_silence(job: Job) -> None:
    where = "the endpoint" if job.source == "live" else f"{len(job.recorded)} file(s) of recorded answers"
    raise TextbooksError(
        f"none of the first requests of recipe {job.recipe.name!r} for model {job.prompter.model!r} is answered by "
        f"{where}; answers are bound to the exact request, so undo --set and --model, or use --base-url"
    )


def _first_of(errors: BaseExceptionGroup) -> BaseException:
    """Return the error that a person should see: the first that can be mended, else the first."""
    flat: list[BaseException] = []
    waiting: list[BaseException] = [errors]
    while waiting:
        error = waiting.pop(0)
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
        else:
            flat.append(error)
    return next((error for error in flat if isinstance(error, TextbooksError)), flat[0])


def _total(values: Any) -> int | None:
    numbers = list(values)
    return None if any(number is None for number in numbers) else sum(numbers)
