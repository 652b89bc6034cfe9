"""Wrong versions of a function: a stub, and simple mutants, on which the asserts of an exercise must fail.

Asserts that pass whatever the body does prove nothing. The operators are the classic ones of mutation testing (DeMillo,
Lipton and Sayward, 1978; the names are those of Offutt's sufficient set): a comparison turned round, an arithmetic
operator exchanged, a constant off by one, a condition negated, a return dropped. Writes programs and runs none.
"""

import ast
import copy
from collections.abc import Iterator

MOST = 12
"""So many mutants are made at most, spread over the function."""
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}


def stub(code: str) -> str | None:
    """Return the program with the body of its first function replaced by its docstring; None where it has none."""
    tree = ast.parse(code)
    function = _first_function(tree)
    if function is None:
        return None
    docstring = [function.body[0]] if ast.get_docstring(function) is not None else []
    function.body = [*docstring, ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(tree))


def mutants(code: str) -> tuple[str, ...]:
    """Return programs in which one thing in the first function is changed each, the asserts as they were."""
    function = _first_function(ast.parse(code))
    if function is None:
        return ()
    count = sum(1 for _ in _changes(function))
    wanted = range(count) if count <= MOST else [place * count // MOST for place in range(MOST)]
    made = []
    for number in wanted:
        tree = ast.parse(code)
        changed = _first_function(tree)
        if changed is None:
            continue
        for position, change in enumerate(_changes(changed)):
            if position == number:
                change()
                break
        made.append(ast.unparse(ast.fix_missing_locations(tree)))
    original = ast.unparse(ast.parse(code))
    return tuple(dict.fromkeys(one for one in made if one != original))


def _first_function(tree: ast.Module) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    return next((node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)), None)


def _changes(function: ast.AST) -> Iterator["_Change"]:
    """Yield the changes that can be made to a function, each of which makes itself when called.

    Those that are likely to make it endless come last: constants and operators, and all that is in a `while` loop.
    """
    loops = [node for node in ast.walk(function) if isinstance(node, ast.While)]
    inside = {id(node) for loop in loops for node in ast.walk(loop)}
    risky = (ast.BinOp, ast.AugAssign, ast.Constant)
    for node in sorted(ast.walk(function), key=lambda node: (id(node) in inside, isinstance(node, risky))):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            yield _Change(node, "ops", [COMPARISONS[type(node.ops[0])](), *node.ops[1:]])
        elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS:
            yield _Change(node, "op", OPERATORS[type(node.op)]())
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield _Change(node, "value", node.value + 1)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield _Change(node, "test", ast.UnaryOp(op=ast.Not(), operand=copy.deepcopy(node.test)))
        elif isinstance(node, ast.Return) and node.value is not None:
            yield _Change(node, "value", ast.Constant(value=None))


class _Change:
    """One change to one node."""

    def __init__(self, node: ast.AST, field: str, value: object) -> None:
        self._node, self._field, self._value = node, field, value

    def __call__(self) -> None:
        setattr(self._node, self._field, self._value)
