"""Code straight into the box: one file, or JSON lines. Checks nothing but what happens when it runs."""

import contextlib
import gzip
import itertools
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox import Policy, Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.tiers import Isolation


def policy(
    *,
    cpu_seconds: float | None = None,
    wall_seconds: float | None = None,
    memory_mb: int | None = None,
    packages: Sequence[str] = (),
) -> Policy:
    """Return the shipped policy with what is given changed; a longer CPU limit lengthens the wall limit with it."""
    base = shipped()
    if cpu_seconds is not None and wall_seconds is None:
        wall_seconds = max(base.wall_seconds, 4 * cpu_seconds)
    return base.with_changes(
        cpu_seconds=cpu_seconds, wall_seconds=wall_seconds, memory_mb=memory_mb, packages=tuple(packages)
    )


def run_file(file: str, *, policy: Policy, isolation: Isolation | None, repeat: int = 1) -> tuple[Verdict, bool]:
    """Run one Python file (`-` is standard input) and return its verdict, and whether another run came out otherwise.

    Raises:
        TextbooksError: the file cannot be read.

    """
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        code = raw.decode("utf-8")
    except OSError as error:
        raise TextbooksError(f"cannot read {file!r} ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise TextbooksError(f"{file!r} is not UTF-8 text ({error}); save it as UTF-8") from error
    return next(_repeated([code], policy=policy, workers=1, isolation=isolation, repeat=repeat))


def run_lines(
    file: str, *, policy: Policy, workers: int | None, isolation: Isolation | None, repeat: int = 1
) -> Iterator[dict[str, Any]]:
    """Yield a verdict line per input line `{"id", "code"}`, in order, in bounded memory; blank lines are passed over.

    A line that is no JSON object with a text `code` gets a verdict too: `harness_error`, the reason naming the line.
    With `repeat`, each line has a field `flaky` more.

    Raises:
        TextbooksError: the file cannot be read.

    """
    waiting: deque[tuple[Any, str | None]] = deque()

    def codes() -> Iterator[str]:
        for number, raw in enumerate(_raw_lines(file), start=1):
            if raw.strip():
                row_id, code, broken = _read(raw)
                waiting.append((row_id, broken and f"not run: line {number} {broken}"))
                yield code

    for verdict, flaky in _repeated(codes(), policy=policy, workers=workers, isolation=isolation, repeat=repeat):
        row_id, broken = waiting.popleft()
        # An empty program ran in the place of a broken line, which keeps order and memory as they are.
        told = Verdict(status="harness_error", reason=broken, isolation=verdict.isolation) if broken else verdict
        yield line(row_id, told, flaky=flaky, repeat=repeat)


def _raw_lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from sys.stdin.buffer
        return
    path = Path(file)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            yield from lines
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TextbooksError(f"cannot read {file!r} ({reason}); check the path") from error


def _read(raw: bytes) -> tuple[Any, str, str | None]:
    """Return (id, code, what is wrong with the line or None)."""
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return None, "", f"is not JSON ({error})"
    if not isinstance(row, dict):
        return None, "", "is not a JSON object with 'code'"
    if not isinstance(row.get("code"), str):
        return row.get("id"), "", "has no text 'code'"
    return row.get("id"), row["code"], None


def line(row_id: Any, verdict: Verdict, *, flaky: bool, repeat: int) -> dict[str, Any]:
    """Return the verdict line of a program; `flaky` is told only where it ran more than once."""
    found = {"id": row_id, "path": None, "row": None, "line": 1, "kind": "script", **verdict.line(), "claims": []}
    return {**found, "flaky": flaky} if repeat > 1 else found


def _repeated(
    codes: Iterable[str], *, policy: Policy, workers: int | None, isolation: Isolation | None, repeat: int
) -> Iterator[tuple[Verdict, bool]]:
    """Yield each program's first verdict, and whether a run with other hash and random seeds came out otherwise."""
    with contextlib.ExitStack() as stack:
        streams = [
            stack.enter_context(Sandbox(workers=workers, policy=_reseeded(policy, turn), isolation=isolation)).map(
                stream
            )
            for turn, stream in enumerate(itertools.tee(codes, repeat))
        ]
        for verdicts in zip(*streams, strict=True):
            yield verdicts[0], len({_outcome(verdict) for verdict in verdicts}) > 1


def _reseeded(policy: Policy, turn: int) -> Policy:
    environment = {**dict(policy.environment), "PYTHONHASHSEED": str(turn)}
    return policy.with_changes(random_seed=policy.random_seed + turn, environment=tuple(environment.items()))


def _outcome(verdict: Verdict) -> tuple[str | None, ...]:
    return verdict.status, verdict.stdout, verdict.error_type, verdict.error_message
