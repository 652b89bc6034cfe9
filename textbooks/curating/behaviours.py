"""Behaviour lens: does a function of a text solve a problem? Writes the programs that find out; runs none itself.

Two programs for a text. The battery calls each of its functions with the first cases of every problem that takes as
many arguments, in every order of arguments, and names the problems that might be solved; nearly all functions end
here. The full test is each such problem's own `check`. Both keep the text's output to themselves, run of it only what
defines something, and let no call take long.
"""

import ast
import itertools
import json
import marshal
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from textbooks.curating import known
from textbooks.curating.structures import functions, parsed
from textbooks.problems import Problem

CASES = 3
"""Cases of a problem in the battery, all of which must hold."""
CALL_SECONDS = 0.004
"""Processor time for the cases of one problem in the battery."""
MOST_LATE = 10
"""A function that is late so often is not tried on more problems."""
CHECK_SECONDS = 1.0
"""Processor time for the whole check of a problem, and for what a text defines."""
MOST_ARGUMENTS = 9
MOST_ORDERED = 3
"""Of functions with more arguments no other order is tried."""
ALONE = {"candidate", "abs", "round", "math", "sorted", "list", "set", "tuple", "all", "zip", "len", "True", "False"}
"""Names that a case of the battery may hold."""

Order = tuple[int, ...]
"""At each place of a function's arguments, which of the problem's arguments goes there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A function of a program that can be called plainly."""

    name: str
    """`function`, or `Class.method` of a class that needs no arguments."""
    least: int
    """Arguments that it needs."""
    most: int
    """Arguments that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A problem that a candidate solves, or, after the battery, may solve."""

    candidate: str
    task_id: str
    order: Order


def candidates(tree: ast.Module) -> tuple[Candidate, ...]:
    """Return the functions at the top level of a program, and the methods of its classes, that a test could call."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found += _candidate(node, node.name, bound=0)
        elif isinstance(node, ast.ClassDef) and _needs_nothing(node):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("__"):
                    marks = {mark.id for mark in method.decorator_list if isinstance(mark, ast.Name)}
                    bound = 0 if "staticmethod" in marks else 1
                    found += _candidate(method, f"{node.name}.{method.name}", bound=bound)
    return tuple(found)


def _candidate(node: ast.FunctionDef, name: str, *, bound: int) -> list[Candidate]:
    if any(default is None for default in node.args.kw_defaults):
        return []
    count = len(node.args.posonlyargs) + len(node.args.args) - bound
    most = MOST_ARGUMENTS if node.args.vararg else count
    return [Candidate(name=name, least=count - len(node.args.defaults), most=most)] if most > 0 else []


def _needs_nothing(node: ast.ClassDef) -> bool:
    """Return whether a class can be made without arguments, as far as it says so itself."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            needed = len(one.args.args) - 1 - len(one.args.defaults)
            return needed <= 0 and all(default is not None for default in one.args.kw_defaults)
    return True


class Behaviours:
    """The first cases and the checks of all problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        # Those first that need time: a function that is late too often is not tried on the rest.
        ordered = sorted(problems, key=lambda problem: problem.task_id not in known.slow())
        self._problems = {problem.task_id: problem for problem in ordered if problem.arity}
        by_arity: dict[int, list[str]] = defaultdict(list)
        for task_id, problem in self._problems.items():
            arity = problem.arity or 0
            seconds = known.slow().get(task_id, CALL_SECONDS)
            by_arity[arity].append(f"({task_id!r}, {arity}, {_orders(problem)!r}, {seconds}, {_case(problem)})")
        self._cases = {arity: _packed(f"_cases += [{', '.join(lines)}]") for arity, lines in by_arity.items()}

    def battery(self, parts: Sequence[str], found: Sequence[Candidate]) -> str:
        """Return a program that writes, between marks, which problems each candidate may solve.

        `parts` are the text's definitions, a string each.
        """
        taken = {arity for one in found for arity in range(one.least, one.most + 1)}
        cases = [packed for arity, packed in sorted(self._cases.items()) if arity in taken]
        return _program(parts, found, cases)

    def check(self, parts: Sequence[str], found: Sequence[Candidate], possible: Sequence[Solved]) -> str:
        """Return a program that writes, likewise, which of the possible solutions pass the problem's whole check."""
        names = {solved.candidate for solved in possible}
        ways: dict[str, set[Order]] = defaultdict(set)
        for solved in possible:
            ways[solved.task_id].add(solved.order)
        lines = [
            f"({task_id!r}, {problem.arity}, {sorted(orders)!r}, {CHECK_SECONDS}, [{_whole(problem)}])"
            for task_id, orders in ways.items()
            for problem in [self._problems[task_id]]
        ]
        only = {(solved.candidate, solved.task_id, solved.order) for solved in possible}
        cases = _packed(f"_cases += [{', '.join(lines)}]\n_only = {sorted(only)!r}")
        return _program(parts, [one for one in found if one.name in names], [cases])


def told(program: str, stdout: str) -> list[Solved] | None:
    """Return what a program of this lens found; None where it did not come to its end."""
    mark = re.escape(_mark(program))
    found = re.search(f"{mark}(.*?){mark}", stdout, re.DOTALL)
    if not found:
        return None
    solved = json.loads(found[1])
    return [Solved(candidate=name, task_id=task_id, order=tuple(order)) for name, task_id, order in solved]


def definitions(code: str, tree: ast.Module) -> list[str]:
    """Return the statements of a program that define something: imports, functions, classes and assignments."""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    lines = code.split("\n")
    # A decorator stands above the line that a function says it begins on.
    firsts = [min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))]) for node in tree.body]
    return [
        "\n".join(lines[first - 1 : node.end_lineno])
        for node, first in zip(tree.body, firsts, strict=True)
        if isinstance(node, kinds)
    ]


def _orders(problem: Problem) -> list[Order]:
    """Return the orders in which the arguments can be given, as they stand first; of very many, only that."""
    arity = problem.arity or 0
    plain = tuple(range(arity))
    return list(itertools.permutations(plain)) if arity <= MOST_ORDERED else [plain]


def _case(problem: Problem) -> str:
    """Return the first cases of a problem, as an expression for a list; its whole check where none stands alone."""
    found = list(_conditions(problem))
    # The first case is often the emptiest, or, in HumanEval/75, so large that the reference itself takes long.
    found = found[1 : CASES + 1] or found
    return f"[{', '.join(map(_condition, found)) or _whole(problem)}]"


def _condition(condition: ast.expr) -> str:
    """Return a condition as an expression: arguments and result, where it compares two such, else a function."""
    match condition:
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="candidate"), args=given, keywords=[]), ops=[ast.Eq()], comparators=[wanted]
        ):
            try:
                arguments = tuple(ast.literal_eval(one) for one in given)
                # As bytes, so that no function is given what another has changed.
                return f"({marshal.dumps(arguments)!r}, {ast.literal_eval(wanted)!r})"
            except ValueError:
                pass
    return f"lambda candidate: {ast.unparse(condition)}"


def _whole(problem: Problem) -> str:
    """Return the whole check of a problem as a function of the candidate.

    It runs behind the solution, which may hold what it takes, such as an encoder to be decoded.
    """
    code = marshal.dumps(compile(f"{problem.solution or ''}\n{problem.test}", "<check>", "exec"))
    return f"lambda candidate: _whole({code!r}, candidate)"


def _conditions(problem: Problem) -> Iterator[ast.expr]:
    """Yield the conditions that a problem's check asserts with nothing but literals and the candidate."""
    for node in functions(parsed(problem.test)):
        if node.name == "check":
            argument = node.args.args[0].arg if node.args.args else ""
            for statement in node.body:
                if isinstance(statement, ast.Assert):
                    condition = _Renamed(argument).visit(statement.test)
                    if _stands_alone(condition):
                        yield condition


class _Renamed(ast.NodeTransformer):
    """Calls the function under test `candidate`, whatever a check calls it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(id="candidate", ctx=node.ctx) if node.id == self._name else node


def _stands_alone(condition: ast.expr) -> bool:
    names = {node.id for node in ast.walk(condition) if isinstance(node, ast.Name)}
    return "candidate" in names and names <= ALONE


def _packed(code: str) -> str:
    """Return a program compiled: to compile it anew for each text would cost most of the lens's time."""
    return marshal.dumps(compile(code, "<cases>", "exec")).hex()


IMPORTS = "import _signal, io, itertools, json, marshal, math, sys, types"
"""What the engine imports; it stands in clear, so that the box takes a worker that has most of it."""
ENGINE = """
_out = sys.__stdout__
sys.stdout = sys.stderr = io.StringIO()
_cases, _only, _names = [], None, {'__name__': 'text'}
class _Late(BaseException):
    pass
class _Waits(_Late):
    pass
def _late(*_):
    raise _Late
def _waits(*_):
    raise _Waits
_signal.signal(_signal.SIGPROF, _late)
_signal.signal(_signal.SIGALRM, _waits)
def _holds(case, candidate):
    for one in case:
        if type(one) is tuple:
            if not candidate(*marshal.loads(one[0])) == one[1]:
                return False
        elif not one(candidate):
            return False
    return True
def _stop(seconds):
    _signal.setitimer(_signal.ITIMER_PROF, seconds)
    _signal.setitimer(_signal.ITIMER_REAL, seconds and 0.15 + 5 * seconds)
def _whole(code, candidate):
    names = {}
    exec(marshal.loads(code), names)
    names['check'](candidate)
    return True
def _plain(function):
    def candidate(*arguments):
        value = function(*arguments)
        return list(value) if isinstance(value, types.GeneratorType) else value
    return candidate
def _ordered(function, order):
    return lambda *arguments: function(*[arguments[place] for place in order])
def _found(name):
    outer, _, inner = name.partition('.')
    return _plain(getattr(_names[outer](), inner) if inner else _names[outer])
def _define(parts, seconds):
    for part in parts:
        try:
            _stop(seconds)
            exec(part, _names)
        except BaseException:
            pass
def _solved(candidates, most_late):
    solved, plain = [], [tuple(range(arity)) for arity in range(10)]
    for name, least, most in candidates:
        try:
            candidate, lates = _found(name), 0
        except BaseException:
            continue
        for task_id, arity, orders, seconds, case in _cases:
            if not least <= arity <= most or lates >= most_late:
                continue
            for order in orders:
                if _only is not None and (name, task_id, order) not in _only:
                    continue
                try:
                    _stop(seconds)
                    if _holds(case, candidate if order == plain[arity] else _ordered(candidate, order)):
                        solved.append((name, task_id, order))
                except _Late as late:
                    lates += 5 if type(late) is _Waits else 1
                except BaseException:
                    pass
    _stop(0)
    return solved
"""


@lru_cache(maxsize=1)
def _engine() -> str:
    return _packed(ENGINE)


def _program(parts: Sequence[str], found: Sequence[Candidate], cases: Iterable[str]) -> str:
    wanted = [(candidate.name, candidate.least, candidate.most) for candidate in found]
    loads = [f"exec(marshal.loads(bytes.fromhex({packed!r})))" for packed in (_engine(), *cases)]
    body = "\n".join(
        [IMPORTS, *loads, f"_define({list(parts)!r}, {CHECK_SECONDS})", f"_solved = _solved({wanted!r}, {MOST_LATE})"]
    )
    mark = f"\x00{zlib.crc32(body.encode('utf-8', 'surrogatepass')):08x}\x00"
    return f"_mark = {mark!r}\n{body}\n_out.write(_mark + json.dumps(_solved) + _mark)\n_out.flush()\n"


def _mark(program: str) -> str:
    return str(ast.literal_eval(program.partition("\n")[0].partition(" = ")[2]))
