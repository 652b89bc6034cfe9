"""Which snippets of a document build on which: a later one that uses a name only an earlier one binds.

Reads names from the symbol table of each snippet; runs nothing.
"""

import builtins
import symtable
from collections.abc import Sequence


def needs(codes: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return for each snippet the earlier ones that must run before it, in order. All codes must parse."""
    bound_by: dict[str, int] = {}
    needed: list[set[int]] = []
    for position, code in enumerate(codes):
        bound, used = _names(code)
        direct = {bound_by[name] for name in used - bound if name in bound_by}
        needed.append(direct.union(*(needed[earlier] for earlier in direct)) if direct else set())
        bound_by |= dict.fromkeys(bound, position)
    return tuple(tuple(sorted(earlier)) for earlier in needed)


def _names(code: str) -> tuple[set[str], set[str]]:
    """Return the names that the module level binds, and those that any scope takes from it."""
    table = symtable.symtable(code, "<snippet>", "exec")
    bound = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }
    used: set[str] = set()
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        at_top = scope is table
        used |= {
            symbol.get_name()
            for symbol in scope.get_symbols()
            if symbol.is_referenced() and (at_top or symbol.is_global())
        }
    return bound, used - set(dir(builtins))
