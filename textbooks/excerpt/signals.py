"""Signals of quality, measured and never judged: hard gates on such things have hurt corpora.

Reads the syntax tree, and writes a program that tells which way the scripts go. Knows nothing of the box.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from types import CodeType

from textbooks.records import Excerpt
from textbooks.storage import digest

FILE = "<covered>"


def covered(codes: Sequence[str]) -> str:
    """Return a program that runs the scripts of a document in one namespace, and writes which steps each took.

    In one namespace, since a function of one is called by the next. One that fails ends none of the others.
    """
    mark = _mark(codes)
    return (
        "def _covered():\n"
        "    import sys\n"
        "    steps, last = {}, {}\n"
        "    def local(frame, event, argument):\n"
        "        before = last.pop(frame, 0)\n"
        "        if event in ('line', 'return'):\n"
        "            now = frame.f_lineno if event == 'line' else 0\n"
        "            steps.setdefault(frame.f_code.co_filename, set()).add((before, now))\n"
        "            if now:\n"
        "                last[frame] = now\n"
        "        return local\n"
        f"    for number, text in enumerate({list(codes)!r}):\n"
        f"        code = compile(text, {FILE!r} + str(number), 'exec')\n"
        f"        sys.settrace(lambda f, e, a: local if f.f_code.co_filename.startswith({FILE!r}) else None)\n"
        "        try:\n"
        "            exec(code, globals())\n"
        "        except Exception:\n"
        "            pass\n"
        "        finally:\n"
        "            sys.settrace(None)\n"
        f"    found = [[list(step) for step in steps.get({FILE!r} + str(n), ())] for n in range({len(codes)})]\n"
        f"    sys.__stdout__.write({mark!r} + str(found) + {mark!r})\n"
        "_covered()\n"
    )


Steps = set[tuple[int, int]]
"""From which line to which a script went, within one frame; 0 before the first and behind the last."""


def steps_taken(codes: Sequence[str], stdout: str) -> list[Steps] | None:
    """Return the steps of each script, as the program of `covered` told; None where it did not end."""
    mark = re.escape(_mark(codes))
    found = re.search(f"{mark}(.*?){mark}", stdout, re.DOTALL)
    return [{(before, now) for before, now in steps} for steps in json.loads(found.group(1))] if found else None


def branches_not_reached(code: str, steps: Steps) -> int:
    """Return how many ways out of an `if`, a loop or a `case` were never taken, of those that were come to.

    A test that is a constant, or asks for the module's name, has one way only.
    """
    count = 0
    for test, body in _branches(ast.parse(code)):
        left = {now for before, now in steps if before in test and now not in test}
        if left:
            count += (not left & body) + (not left - body)
    return count


def _branches(tree: ast.Module) -> Iterator[tuple[set[int], set[int]]]:
    """Yield (lines of the test, lines of the body) of every place where a program may go two ways."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While):
            is_open = not isinstance(node.test, ast.Constant) and "__name__" not in ast.dump(node.test)
            test = _lines(node.test)
        elif isinstance(node, ast.For | ast.AsyncFor):
            is_open, test = True, _lines(node.target) | _lines(node.iter)
        elif isinstance(node, ast.match_case):
            is_open = not (isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None and not node.guard)
            test = _lines(node.pattern) | (_lines(node.guard) if node.guard else set())
        else:
            continue
        if is_open:
            body = set().union(*(_lines(statement) for statement in node.body))
            yield test | ({node.lineno} if not isinstance(node, ast.match_case) else set()), body - test


def _lines(node: ast.stmt | ast.expr | ast.pattern) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def lines_that_can_run(code: str) -> set[int]:
    """Return the lines of a snippet on which the interpreter stops, docstrings left out."""
    waiting: list[CodeType] = [compile(code, FILE, "exec", dont_inherit=True)]
    lines: set[int] = set()
    while waiting:
        one = waiting.pop()
        lines |= {line for _, _, line in one.co_lines() if line}
        waiting += [constant for constant in one.co_consts if isinstance(constant, CodeType)]
    return lines - _docstring_lines(ast.parse(code))


def unused_names(code: str) -> list[str]:
    """Return the names that a snippet binds and never takes, in order; names that begin with `_` are meant so."""
    tree = ast.parse(code)
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound[node.id] = None
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0]: None for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node in tree.body:
            bound[node.name] = None
    return [name for name in bound if name not in taken and not name.startswith("_")]


def has_docstrings(code: str) -> bool | None:
    """Return whether every function and class has a docstring; None where there is none of either."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, kinds)]
    return all(ast.get_docstring(node) is not None for node in nodes) if nodes else None


def prose_words(excerpt: Excerpt) -> int:
    """Return the number of words in the prose."""
    return sum(len(re.findall(r"\w+", paragraph)) for paragraph in excerpt.paragraphs)


def code_lines(excerpt: Excerpt) -> int:
    """Return the number of lines of code that are not empty."""
    return sum(bool(line.strip()) for snippet in excerpt.snippets for line in snippet.code.splitlines())


def _docstring_lines(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                lines |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return lines


def _mark(codes: Sequence[str]) -> str:
    return f"\x00{digest(list(codes))[:12]}:covered\x00"
