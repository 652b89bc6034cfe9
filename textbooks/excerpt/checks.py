"""The checks: the rules of the contract that a prompt stated, measured on the answer.

Each rule is a small function from (excerpt, its parsed snippets, the rule's value) to a measurement; the recipe gives
the values, and its template prints the very same ones, so prompt and check cannot drift. A new rule is a function here
and a line in CHECKS. Knows nothing of whether the code runs.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from textbooks.errors import TextbooksError, suggestion
from textbooks.excerpt import prose_checks
from textbooks.records import Excerpt, Finding

Trees = tuple[ast.Module, ...]
Check = Callable[[Excerpt, Trees, Any], tuple[bool, Any]]


def measure(excerpt: Excerpt, rules: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Measure every rule, in the recipe's order. The snippets must parse."""
    trees = tuple(ast.parse(snippet.code) for snippet in excerpt.snippets)
    findings = []
    for rule, limit in rules.items():
        ok, value = CHECKS[rule](excerpt, trees, limit)
        findings.append(Finding(rule=rule, ok=ok, value=value, limit=limit))
    return tuple(findings)


def refuse_unknown(rules: Iterable[str], place: Callable[[str], str]) -> None:
    """Raise a TextbooksError for a rule that no check here measures; `place` tells where a rule stands."""
    for rule in rules:
        if rule not in CHECKS:
            raise TextbooksError(f"{place(rule)}: unknown rule {rule!r}.{suggestion(rule, CHECKS)}")


def refuse_unusable(rules: Mapping[str, Any], place: Callable[[str], str]) -> None:
    """Raise a TextbooksError for a rule whose value is not of the kind that its check takes."""
    for rule, value in rules.items():
        kind = TAKES[rule]
        if not KINDS[kind](value):
            raise TextbooksError(f"{place(rule)}: rule {rule!r} is {value!r}; it takes {kind}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_range(value: object) -> bool:
    is_pair = isinstance(value, list | tuple) and len(value) == 2 and all(_is_count(one) for one in value)
    return is_pair and value[0] <= value[1]  # type: ignore[index]  # a pair, as just seen


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _is_node(value: object) -> bool:
    kind = getattr(ast, value, None) if isinstance(value, str) else None
    return isinstance(kind, type) and issubclass(kind, ast.AST)


KINDS: dict[str, Callable[[object], bool]] = {
    "a whole number from 0": _is_count,
    "two whole numbers, least and most": _is_range,
    "true or false": lambda value: isinstance(value, bool),
    "a list of package names": _is_names,
    'a version in quotes, such as "3.11"': lambda v: isinstance(v, str) and re.fullmatch(r"3\.\d{1,2}", v) is not None,
    "a function name": lambda value: isinstance(value, str) and value.isidentifier(),
    "the name of a node of Python's ast module, such as ListComp": _is_node,
    "a share between 0 and 1": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v <= 1,
    "the name of a script, such as latin, hangul, kana, han or cyrillic": lambda value: value in prose_checks.SCRIPTS,
    "a list of texts": _is_names,
}


def _snippets(excerpt: Excerpt, trees: Trees, limits: list[int]) -> tuple[bool, int]:
    count = len(excerpt.snippets)
    return limits[0] <= count <= limits[1], count


def _snippet_lines(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    counts = [sum(bool(line.strip()) for line in s.code.splitlines()) for s in excerpt.snippets]
    return max(counts, default=0) <= most, max(counts, default=0)


def _line_length(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    longest = max((len(line) for s in excerpt.snippets for line in s.code.splitlines()), default=0)
    return longest <= most, longest


def _defines_and_calls(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, str]:
    defined = {
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    called = {
        name.id
        for tree in trees
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for name in ast.walk(statement)
        if isinstance(name, ast.Name)
    }
    value = f"defines {sorted(defined)}, uses {sorted(defined & called)}"
    return not wanted or bool(defined & called), value


def _prints(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, int]:
    count = sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        for tree in trees
        for node in ast.walk(tree)
    )
    return not wanted or count > 0, count


def _libraries(excerpt: Excerpt, trees: Trees, allowed: list[str]) -> tuple[bool, list[str]]:
    imported: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    foreign = sorted(imported - sys.stdlib_module_names - set(allowed))
    return not foreign, foreign


def _python(excerpt: Excerpt, trees: Trees, version: str) -> tuple[bool, str]:
    major, minor = (int(part) for part in version.split("."))
    for snippet in excerpt.snippets:
        try:
            ast.parse(snippet.code, feature_version=(major, minor))
        except SyntaxError as error:
            return False, f"line {error.lineno}: {error.msg}"
    return True, version


def _functions(trees: Trees) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _function_name(excerpt: Excerpt, trees: Trees, name: str) -> tuple[bool, list[str]]:
    names = [function.name for function in _functions(trees)]
    return names[:1] == [name], names


def _docstring(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, bool]:
    has = any(ast.get_docstring(function) for function in _functions(trees)[:1])
    return has or not wanted, has


def _construct(excerpt: Excerpt, trees: Trees, node_name: str) -> tuple[bool, str]:
    kind = getattr(ast, node_name)
    used = any(isinstance(node, kind) for function in _functions(trees) for node in ast.walk(function))
    return used, node_name if used else "absent"


def _asserts(excerpt: Excerpt, trees: Trees, least: int) -> tuple[bool, int]:
    count = sum(isinstance(node, ast.Assert | ast.Try) for tree in trees for node in tree.body)
    return count >= least, count


def _asserts_bite(excerpt: Excerpt, trees: Trees, share: float) -> tuple[bool, str]:
    """Pass: what has to run to be measured is measured where the box is, in exercises.py."""
    return True, "see the step exercise"


CHECKS: dict[str, Check] = {
    "paragraphs": prose_checks.paragraphs,
    "words": prose_checks.words,
    "plain_prose": prose_checks.plain_prose,
    "snippets": _snippets,
    "snippet_lines": _snippet_lines,
    "line_length": _line_length,
    "code_last": prose_checks.code_last,
    "defines_and_calls": _defines_and_calls,
    "prints": _prints,
    "libraries": _libraries,
    "python": _python,
    "function_name": _function_name,
    "docstring": _docstring,
    "construct": _construct,
    "asserts": _asserts,
    "chat_free": prose_checks.chat_free,
    "banned_openings": prose_checks.banned_openings,
    "whole_end": prose_checks.whole_end,
    "script": prose_checks.script,
    "asserts_bite": _asserts_bite,
}
_COUNT, _RANGE, _FLAG, _NAMES, _VERSION, _NAME, _NODE, _SHARE, _SCRIPT_NAME, _TEXTS = KINDS
TAKES = {
    "paragraphs": _COUNT,
    "words": _RANGE,
    "plain_prose": _FLAG,
    "snippets": _RANGE,
    "snippet_lines": _COUNT,
    "line_length": _COUNT,
    "code_last": _FLAG,
    "defines_and_calls": _FLAG,
    "prints": _FLAG,
    "libraries": _NAMES,
    "python": _VERSION,
    "function_name": _NAME,
    "docstring": _FLAG,
    "construct": _NODE,
    "asserts": _COUNT,
    "chat_free": _FLAG,
    "banned_openings": _TEXTS,
    "whole_end": _FLAG,
    "script": _SCRIPT_NAME,
    "asserts_bite": _SHARE,
}
"""Rule → the kind of value that it takes, in the words of the message that refuses another."""
