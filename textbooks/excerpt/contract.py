"""The contract: the rules that a prompt stated, measured on the answer.

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
from textbooks.records import Excerpt, Finding, Snippet

Trees = tuple[ast.Module, ...]
Check = Callable[[Excerpt, Trees, Any], tuple[bool, Any]]


def check(excerpt: Excerpt, rules: Mapping[str, Any]) -> tuple[Finding, ...]:
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
    """Raise a TextbooksError for a rule whose value its check cannot use, by measuring a small document with it."""
    document = Excerpt(
        text="",
        snippets=(Snippet(code="x = 1\n", line=1, end_line=2),),
        paragraphs=("One.",),
        headings=0,
        list_items=0,
        late_prose="",
    )
    for rule, value in rules.items():
        try:
            check(document, {rule: value})
        except (TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
            raise TextbooksError(
                f"{place(rule)}: rule {rule!r} cannot use the value {value!r} ({error}); "
                "see docs/recipes.md for what each rule takes"
            ) from error


def _paragraphs(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    count = len(excerpt.paragraphs)
    return count <= most, count


def _words(excerpt: Excerpt, trees: Trees, limits: list[int]) -> tuple[bool, int]:
    count = sum(len(re.findall(r"\w+(?:['’-]\w+)*", paragraph)) for paragraph in excerpt.paragraphs)
    return limits[0] <= count <= limits[1], count


def _plain_prose(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, str]:
    found = [f"{excerpt.headings} headings"] if excerpt.headings else []
    found += [f"{excerpt.list_items} list items"] if excerpt.list_items else []
    return not (wanted and found), ", ".join(found)


def _snippets(excerpt: Excerpt, trees: Trees, limits: list[int]) -> tuple[bool, int]:
    count = len(excerpt.snippets)
    return limits[0] <= count <= limits[1], count


def _snippet_lines(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    counts = [sum(bool(line.strip()) for line in s.code.splitlines()) for s in excerpt.snippets]
    return max(counts, default=0) <= most, max(counts, default=0)


def _line_length(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    longest = max((len(line) for s in excerpt.snippets for line in s.code.splitlines()), default=0)
    return longest <= most, longest


def _code_last(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, str]:
    return not (wanted and excerpt.late_prose), excerpt.late_prose[:200]


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


CHECKS: dict[str, Check] = {
    "paragraphs": _paragraphs,
    "words": _words,
    "plain_prose": _plain_prose,
    "snippets": _snippets,
    "snippet_lines": _snippet_lines,
    "line_length": _line_length,
    "code_last": _code_last,
    "defines_and_calls": _defines_and_calls,
    "prints": _prints,
    "libraries": _libraries,
    "python": _python,
    "function_name": _function_name,
    "docstring": _docstring,
    "construct": _construct,
    "asserts": _asserts,
}
