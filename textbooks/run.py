"""Code straight into the box: one file, or JSON lines. Checks nothing but what happens when it runs."""

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox import Policy, Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.pool import Isolation
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


def run_file(file: str, *, policy: Policy, isolation: Isolation) -> Verdict:
    """Run one Python file; `-` is standard input.

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
    with Sandbox(policy=policy, isolation=isolation) as sandbox:
        return sandbox.run(code)


def run_lines(file: str, *, policy: Policy, workers: int | None, isolation: Isolation) -> Iterator[dict[str, Any]]:
    """Yield a verdict line per input line `{"id", "code"}`, in order, in bounded memory.

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

    with Sandbox(workers=workers, policy=policy, isolation=isolation) as sandbox:
        for verdict in sandbox.map(codes()):
            yield {
                "id": ids.popleft(),
                "path": None,
                "row": None,
                "line": 1,
                "kind": "script",
                **verdict.line(),
                "claims": [],
            }
