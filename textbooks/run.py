"""Code straight into the box: one file, or JSON lines. Checks nothing but what happens when it runs."""

import contextlib
import itertools
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
from textbooks.storage import read_json_lines


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
    """Yield a verdict line per input line `{"id", "code"}`, in order, in bounded memory.

    With `repeat`, each line has a field `flaky` more.

    Raises:
        TextbooksError: a line is not JSON or has no code.

    """
    path = Path("/dev/stdin") if file == "-" else Path(file)
    ids: deque[Any] = deque()

    def codes() -> Iterator[str]:
        for number, row in read_json_lines(path):
            if not isinstance(row, dict) or not isinstance(row.get("code"), str):
                raise TextbooksError(f"{file}:{number}: a line needs the text 'code'; mend the line")
            ids.append(row.get("id"))
            yield row["code"]

    for verdict, flaky in _repeated(codes(), policy=policy, workers=workers, isolation=isolation, repeat=repeat):
        yield line(ids.popleft(), verdict, flaky=flaky, repeat=repeat)


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
