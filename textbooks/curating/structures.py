"""Structure lens: how alike two functions are in form, whatever their names, values, docstrings and type hints.

A function becomes the sequence of its syntax nodes in order, with names and literals reduced to their kinds; likeness
is 1 less the edit distance of two sequences over the length of the longer one, after phi-1's match rate of syntax trees
(Gunasekar et al. 2023, section 5). Runs nothing.
"""

import ast
from collections.abc import Iterator, Sequence

from textbooks.problems import Problem
from textbooks.records import Match

THRESHOLDS = (0.95, 0.90, 0.85, 0.80)
"""At which likeness matches are counted, as in phi-1's table; the last is the least that is recorded."""
LEAST_NODES = 25
"""A function with fewer nodes has the form of too many others: `return a + b`."""

Form = tuple[int, ...]
Function = ast.FunctionDef | ast.AsyncFunctionDef


class StructureIndex:
    """The forms of all solutions."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._forms = [
            (problem.task_id, form(function))
            for problem in problems
            for function in functions(parsed(problem.solution or ""))
            if function.name == problem.entry_point
        ]

    def matches(self, tree: ast.Module) -> list[Match]:
        """Return the problems whose solution is like a function of a program, the likest first.

        A match of two functions below LEAST_NODES is trivial.
        """
        from rapidfuzz.distance import Levenshtein

        best: dict[str, Match] = {}
        least = THRESHOLDS[-1]
        for function in functions(tree):
            own = form(function)
            for task_id, other in self._forms:
                shorter, longer = sorted((len(own), len(other)))
                if shorter < least * longer:
                    continue  # the difference in length alone is too large
                score = Levenshtein.normalized_similarity(own, other, score_cutoff=least)
                if score >= least and (task_id not in best or best[task_id].score < score):
                    best[task_id] = Match(
                        lens="structure",
                        task_id=task_id,
                        score=round(score, 4),
                        evidence=f"function {function.name}, {len(own)} nodes",
                        trivial=shorter < LEAST_NODES,
                    )
        return sorted(best.values(), key=lambda match: (-match.score, match.task_id))


def parsed(code: str) -> ast.Module:
    """Return the syntax tree of a program; an empty one where it is none."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method of a program."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def form(function: Function) -> Form:
    """Return the form of a function: its nodes from the top, statements in their order."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    found: list[int] = [len(function.args.args)]
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.AnnAssign):
            if node.value is None:
                continue
            node = ast.Assign(targets=[node.target], value=node.value)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a comment in quotes
        found.append(_kind(node))
        children = [child for name, child in ast.iter_fields(node) if name not in ("annotation", "returns", "ctx")]
        inner = [one for child in children for one in (child if isinstance(child, list) else [child])]
        waiting += [one for one in reversed(inner) if isinstance(one, ast.AST)]
    return tuple(found)


_KINDS: dict[str, int] = {}


def _kind(node: ast.AST) -> int:
    """Return a number for the kind of a node; literals differ by type, operators and attributes by name."""
    name = type(node).__name__
    if isinstance(node, ast.Constant):
        name += type(node.value).__name__
    elif isinstance(node, ast.Attribute):
        name += node.attr
    return _KINDS.setdefault(name, len(_KINDS) + 1)
