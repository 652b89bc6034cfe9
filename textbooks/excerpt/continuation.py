"""Which snippets of a document build on which: a later one that takes a name before it binds it itself.

Reads names from the syntax tree, statement by statement; runs nothing. In doubt it links: to run one snippet more
harms less than to miss a name.
"""

import ast
import re
from collections.abc import Sequence

FUTURE = re.compile(r"^from __future__ import .*$", re.MULTILINE)


def needs(codes: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return for each snippet the earlier ones that must run before it, in order. All codes must parse.

    A snippet that takes a name may also change what it stands for, so whoever takes the name later needs it, too.
    """
    if len(codes) == 1:
        return ((),)
    last_touch: dict[str, int] = {}
    needed: list[set[int]] = []
    for position, code in enumerate(codes):
        bound, taken = _names(code)
        direct = {last_touch[name] for name in taken if name in last_touch}
        needed.append(direct.union(*(needed[earlier] for earlier in direct)) if direct else set())
        last_touch |= dict.fromkeys([*bound, *(name for name in taken if name in last_touch)], position)
    return tuple(tuple(sorted(earlier)) for earlier in needed)


def joined(before: Sequence[str], boundary: str, code: str) -> tuple[str, int]:
    """Return one program of earlier codes, a line `boundary` and `code`, and the number of lines before `code`.

    Imports from `__future__` must stand first, so they are lifted there; their lines stay, empty.
    """
    futures = sorted({line for part in (*before, code) for line in FUTURE.findall(part)})
    head = "\n".join([*futures, *(FUTURE.sub("", part) for part in before), boundary, ""])
    return head + FUTURE.sub("", code), head.count("\n")


def _names(code: str) -> tuple[set[str], set[str]]:
    """Return the names that the module level binds, and those taken before it has bound them."""
    bound: set[str] = set()
    taken: set[str] = set()
    for statement in ast.parse(code).body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        taken |= {node.id for node in names if _takes(node, statement)} - bound
        bound |= _bound_by(statement)
    return bound, taken


def _takes(node: ast.Name, statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AugAssign) and statement.target is node:
        return True
    return isinstance(node.ctx, ast.Load | ast.Del)


def _bound_by(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds at the module level."""
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        waiting += ast.iter_child_nodes(node)
    return found
