"""A text with its code → what it has in common with the problems of benchmarks, through all three lenses.

Joins the curating room, which compares and writes programs, with the sandbox, which runs them. Decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from textbooks.curating.behaviours import Behaviours, Candidate, Solved, candidates, definitions, told
from textbooks.curating.known import with_trivial
from textbooks.curating.structures import LEAST_NODES, StructureIndex, form, functions, parsed
from textbooks.curating.texts import TextIndex
from textbooks.problems import Problem, read_all
from textbooks.records import Match
from textbooks.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Lenses:
    """The indexes of all problems, made once in a process."""

    texts: TextIndex
    structures: StructureIndex
    behaviours: Behaviours
    small: frozenset[str]
    """Problems with a solution so small that others have it by chance."""

    @classmethod
    def over(cls, problems: Sequence[Problem]) -> "Lenses":
        """Return the lenses for some problems."""
        return cls(TextIndex(problems), StructureIndex(problems), Behaviours(problems), _small(problems))


@lru_cache(maxsize=4)
def lenses(files: tuple[Path, ...]) -> Lenses:
    """Return the lenses for HumanEval and the problems of further files.

    Raises:
        TextbooksError: a file cannot be read, or holds no problems.

    """
    return Lenses.over(read_all(files))


def matches(text: str, code: str, through: Lenses, sandbox: Sandbox | None) -> tuple[Match, ...]:
    """Return what a text, and the program that it holds, have in common with the problems.

    `code` is all that the text defines, in one program, empty where it has none. Without a sandbox nothing is run.
    """
    tree = parsed(code)
    found = through.texts.matches(text) + through.structures.matches(tree)
    if sandbox:
        found += _behaviour(definitions(code, tree), candidates(tree), through.behaviours, sandbox)
    return with_trivial(found, through.small)


def _behaviour(parts: list[str], found: Sequence[Candidate], lens: Behaviours, sandbox: Sandbox) -> list[Match]:
    if not found:
        return []
    program = lens.battery(parts, found)
    possible = told(program, sandbox.run(program).stdout)
    if possible is None and len(found) > 1:  # one of them ended the program; the others are not to hide behind it
        return [match for one in found for match in _behaviour(parts, [one], lens, sandbox)]
    if not possible:
        return []
    program = lens.check(parts, found, possible)
    solved = told(program, sandbox.run(program).stdout)
    if solved is None and len(possible) > 1:
        programs = [lens.check(parts, found, [one]) for one in possible]
        solved = [one for program in programs for one in told(program, sandbox.run(program).stdout) or []]
    return _as_matches(solved or [])


def _as_matches(solved: Sequence[Solved]) -> list[Match]:
    best: dict[str, Match] = {}
    for one in solved:
        plain = one.order == tuple(range(len(one.order)))
        said = "" if plain else f", given its arguments in the order {', '.join(str(place) for place in one.order)}"
        evidence = f"{one.candidate} passes the problem's tests{said}"
        best.setdefault(one.task_id, Match(lens="behaviour", task_id=one.task_id, score=1.0, evidence=evidence))
    return list(best.values())


def _small(problems: Sequence[Problem]) -> frozenset[str]:
    return frozenset(
        problem.task_id
        for problem in problems
        for function in functions(parsed(problem.solution or ""))
        if function.name == problem.entry_point and len(form(function)) < LEAST_NODES
    )
