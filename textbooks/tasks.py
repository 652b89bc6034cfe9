"""What was written → tasks for the workers that examine it, and what they found → outcomes.

An answer is taken apart, and the document that is examined put together, before a worker sees it; what came out of the
examination is put back into the parts after it. Knows nothing of shards or files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textbooks.contamination import lenses, matches
from textbooks.examine import ClaimsPolicy, examine_answer, rejected, signals_of
from textbooks.excerpt import markdown, parts
from textbooks.excerpt.checks import Contract
from textbooks.job import Job
from textbooks.records import Examination, Outcome, Rejection, Written
from textbooks.sandbox import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One form of the last answer."""

    text: str
    document: str
    """What is examined."""
    contract: Contract
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Step → answer, a text or its parts."""
    rejection: Rejection | None = None
    """Why it cannot be examined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One answer to examine, as it travels to a worker process."""

    written: Written
    candidates: tuple[Candidate, ...]
    claims_policy: ClaimsPolicy
    signals: bool
    problems: tuple[Path, ...] = ()
    """Files of benchmark problems beside HumanEval's."""


def task(job: Job, written: Written) -> Task:
    """Return what a worker needs to examine an answer."""
    spec = job.recipe.spec
    texts = () if written.rejection else (written.text, *written.others)
    earlier = {step: parts.view(job.shape, step, text) for step, text in written.earlier.items()} if texts else {}
    candidates = tuple(_candidate(job, written, text, earlier) for text in texts)
    return Task(
        written=written,
        candidates=candidates,
        claims_policy=spec.claims,
        signals=spec.signals,
        problems=job.recipe.problems,
    )


def examine_task(task: Task, sandbox: Sandbox) -> Outcome:
    """Examine one answer, in whatever process this runs: the first candidate that passes, else the first one."""
    written = task.written
    if written.rejection:
        return Outcome(written=written, examination=None)
    first = None
    for candidate in task.candidates:
        outcome = Outcome(
            written=replace(written, text=candidate.text), examination=_examined(candidate, sandbox, task.claims_policy)
        )
        if not outcome.rejection and outcome.examination:
            measured = outcome.examination
            if task.signals:
                measured = replace(measured, signals=signals_of(measured, sandbox))
            code = "\n\n".join(item.code for item in measured.checked)
            found = matches(measured.text, code, lenses(task.problems), sandbox)
            return replace(outcome, examination=replace(measured, matches=found))
        first = first or outcome
    return first or Outcome(written=written, examination=None)


def settled(job: Job, outcome: Outcome) -> Outcome:
    """Return an outcome with what came out of the examination put back into the parts of the answers."""
    examination = outcome.examination
    if outcome.rejection or not examination or isinstance(job.recipe.spec.document, str):
        return outcome
    found = parts.put_back(job.shape, examination.answers, examination.text)
    if found is None:
        said = rejected("format", "not_put_back", "the parts of the examined text cannot be told apart")
        return replace(outcome, examination=replace(examination, rejection=said))
    answers, text = found
    return replace(outcome, examination=replace(examination, answers=answers, text=text))


def _candidate(job: Job, written: Written, text: str, earlier: Mapping[str, Any]) -> Candidate:
    recipe = job.recipe
    try:
        answers = {**earlier, job.shape.last: parts.view(job.shape, job.shape.last, text)}
    except parts.Missing as error:
        rejection = rejected("read", f"no_{error.name}", f"{error}\n\n{text}")
        return Candidate(text=text, document=text, contract=_contract(job, {}), rejection=rejection)
    document = job.prompter.document(written.assignment, answers)
    return Candidate(
        text=text,
        document=parts.document(job.shape, answers) if document is None else document,
        contract=_contract(job, recipe.rules_for(written.assignment, answers)),
        answers=answers,
    )


def _contract(job: Job, rules: Mapping[str, Any]) -> Contract:
    spec = job.recipe.spec
    return Contract(rules=rules, on_violation=spec.on_violation, language=spec.language)


def _examined(candidate: Candidate, sandbox: Sandbox, claims_policy: ClaimsPolicy) -> Examination:
    if candidate.rejection:
        excerpt = markdown.read(candidate.text)
        return Examination(excerpt=excerpt, checked=(), text=candidate.text, rejection=candidate.rejection)
    found = examine_answer(candidate.document, sandbox, contract=candidate.contract, claims_policy=claims_policy)
    return replace(found, answers=candidate.answers)
