"""Which snippets of a document build on which: a later one that takes a name before it binds it itself.

Reads names from the syntax tree, in the order in which it runs; runs nothing. In doubt it links: to run one snippet
more harms less than to miss a name.
"""

import ast
import builtins
import re
from collections.abc import Iterable, Mapping, Sequence

BUILTINS = frozenset(dir(builtins))
FUTURE = re.compile(r"^from __future__ import .*$", re.MULTILINE)

FILE = re.compile(
    r"[\w./-]*\w\.(?:txt|csv|tsv|json|jsonl|db|sqlite3?|pkl|pickle|log|md|xml|ya?ml|toml|ini|cfg|py|dat|bin|gz|zip)"
)


def needs(codes: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return for each snippet the earlier ones that must run before it, in order. All codes must parse.

    A snippet that takes a name may also change what it stands for, so whoever takes the name later needs it, too. So
    does whoever takes a function that takes the name when it is called.
    """
    if len(codes) == 1:
        return ((),)
    last_touch: dict[str, set[int]] = {}
    functions: set[str] = set()
    called_later: dict[str, set[str]] = {}
    needed: list[set[int]] = []
    for position, code in enumerate(codes):
        tree = ast.parse(code)
        bound, taken, called = _names(tree)
        taken |= {f"file {name}" for name in _files(tree)} | {name for name in called if name in functions}
        bound |= {name for name in taken if name.startswith("file ")}
        defined, taken_later = _defined(tree)
        functions = (functions - bound) | defined
        direct: set[int] = set().union(*(last_touch.get(name, ()) for name in taken))
        needed.append(direct.union(*(needed[earlier] for earlier in direct)) if direct else set())
        last_touch |= {name: {position} for name in (*bound, *(name for name in taken if name in last_touch))}
        for name in _taking(bound, called_later) - bound:
            last_touch[name] = last_touch[name] | {position}
        called_later |= dict.fromkeys(defined, taken_later)
    return tuple(tuple(sorted(earlier)) for earlier in needed)


def _taking(names: set[str], called_later: Mapping[str, set[str]]) -> set[str]:
    """Return the functions that take one of the names when they are called, themselves or through others."""
    found: set[str] = set()
    reached = names
    while reached := {name for name, taken in called_later.items() if taken & reached} - found:
        found |= reached
    return found


def joined(before: Sequence[str], boundary: str, code: str) -> tuple[str, int]:
    """Return one program of earlier codes, a line `boundary` and `code`, and the number of lines before `code`.

    Imports from `__future__` must stand first, so they are lifted there; their lines stay, empty.
    """
    futures = sorted({line for part in (*before, code) for line in FUTURE.findall(part)})
    head = "\n".join([*futures, *(FUTURE.sub("", part) for part in before), boundary, ""])
    return head + FUTURE.sub("", code), head.count("\n")


def _defined(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return the names of functions, classes and imports of the module level, and what they take when called."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    scope = _Scope()
    scope.run(node for node in tree.body if isinstance(node, kinds))
    return scope.bound, scope.taken_later


def _names(tree: ast.Module) -> tuple[set[str], set[str], set[str]]:
    """Return the names that the module level binds, those taken before it has bound them, and built-in ones called.

    Who calls `len` means the built-in function, also behind a snippet that has shown what `len = 5` leads to.

    What functions take counts unless the snippet binds it somewhere: they are called when that has happened.
    """
    scope = _Scope()
    try:
        scope.run(tree.body)
    except RecursionError:  # an expression of a thousand terms
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        return {node.id for node in names if isinstance(node.ctx, ast.Store)}, {node.id for node in names}, set()
    taken = scope.taken | (scope.taken_later - scope.bound)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    keys = {
        node.value.id for node in ast.walk(tree) if isinstance(node, ast.keyword) and isinstance(node.value, ast.Name)
    }
    called = taken & (called | keys) & BUILTINS
    return scope.bound, taken - called, called


def _files(tree: ast.Module) -> set[str]:
    """Return the texts of a snippet that may be names of files, which it may write and a later one read."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and FILE.fullmatch(value)}


class _Scope(ast.NodeVisitor):
    """What the statements of one scope bind and take, in the order in which they run."""

    def __init__(self, bound: Iterable[str] = ()) -> None:
        self.bound = set(bound)
        self.taken: set[str] = set()
        self.taken_later: set[str] = set()
        """By functions, which run when they are called."""

    def run(self, nodes: Iterable[ast.AST | None]) -> None:
        """Visit nodes in order; the absent ones are passed over."""
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif node.id not in self.bound:
            self.taken.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.run([node.value, *node.targets])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.run([node.annotation, node.value])
        if node.value or not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.taken.add(node.target.id)
        self.run([node.value, node.target])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.run([node.value, node.target])

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.run([node.iter, node.target, *node.body, *node.orelse])

    visit_AsyncFor = visit_For  # noqa: N815  # ast.NodeVisitor finds methods by the node's name

    def _visit_comprehension(self, node: ast.AST) -> None:
        """Visit a comprehension, whose targets are bound in it alone."""
        inner = _Scope(self.bound)
        for generator in node.generators:  # type: ignore[attr-defined]  # all four kinds have them
            inner.run([generator.iter, generator.target, *generator.ifs])
        inner.run(getattr(node, name, None) for name in ("elt", "key", "value"))
        self.taken |= inner.taken

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension  # noqa: N815  # as above

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.run([*node.args.defaults, *node.args.kw_defaults])
        self._call_later(node.args, [node.body])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        annotations = [argument.annotation for argument in _arguments(node.args)]
        self.run([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *annotations, node.returns])
        self.bound.add(node.name)
        self._call_later(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # as above

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.run([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        inner = _Scope(self.bound)
        inner.run(node.body)
        self.taken |= inner.taken
        self.taken_later |= inner.taken_later
        self.bound.add(node.name)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}

    visit_ImportFrom = visit_Import  # noqa: N815  # as above

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self._bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815  # as above

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self._bind(node.rest)
        self.generic_visit(node)

    def _bind(self, name: str | None) -> None:
        if name:
            self.bound.add(name)

    def _call_later(self, arguments: ast.arguments, body: Sequence[ast.AST]) -> None:
        """Note what a function takes from outside: what is neither its argument nor bound in it, in any order."""
        inner = _Scope(argument.arg for argument in _arguments(arguments))
        inner.run(body)
        nodes = (node for part in body for node in ast.walk(part))
        local = inner.bound - {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        self.taken_later |= (inner.taken | inner.taken_later) - local


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    more = [one for one in (arguments.vararg, arguments.kwarg) if one]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *more]
