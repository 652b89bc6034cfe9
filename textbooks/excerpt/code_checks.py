"""Checks of the code: rules of the contract, measured on the snippets. Each returns (is it kept, what was measured).

The table that names them, and says what values they take, is in checks.py. Knows nothing of whether the code runs.
"""

import ast
import re
import sys

from textbooks.excerpt import languages
from textbooks.records import Excerpt

Trees = tuple[ast.Module, ...]


def snippets(excerpt: Excerpt, trees: Trees, limits: list[int]) -> tuple[bool, int]:
    """Count the snippets."""
    count = len(excerpt.snippets)
    return limits[0] <= count <= limits[1], count


def snippet_lines(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    """Count the lines of the longest snippet that are not empty."""
    counts = [sum(bool(line.strip()) for line in s.code.splitlines()) for s in excerpt.snippets]
    return max(counts, default=0) <= most, max(counts, default=0)


def line_length(excerpt: Excerpt, trees: Trees, most: int) -> tuple[bool, int]:
    """Measure the longest line of code."""
    longest = max((len(line) for s in excerpt.snippets for line in s.code.splitlines()), default=0)
    return longest <= most, longest


def defines_and_calls(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, str]:
    """Find what is defined and used at the top level."""
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


def prints(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, int]:
    """Count the calls of print."""
    count = sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        for tree in trees
        for node in ast.walk(tree)
    )
    return not wanted or count > 0, count


def libraries(excerpt: Excerpt, trees: Trees, allowed: list[str]) -> tuple[bool, list[str]]:
    """List what is imported and neither standard nor allowed."""
    imported: set[str] = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    foreign = sorted(imported - sys.stdlib_module_names - set(allowed))
    return not foreign, foreign


def python(excerpt: Excerpt, trees: Trees, version: str) -> tuple[bool, str]:
    """Parse the code by the grammar of a version, as far as `ast` knows the difference."""
    major, minor = (int(part) for part in version.split("."))
    for snippet in excerpt.snippets:
        try:
            ast.parse(snippet.code, feature_version=(major, minor))
        except SyntaxError as error:
            return False, f"line {error.lineno}: {error.msg}"
    return True, version


def _functions(trees: Trees) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def function_name(excerpt: Excerpt, trees: Trees, name: str) -> tuple[bool, list[str]]:
    """Tell the names of the functions, of which the first is asked for."""
    names = [function.name for function in _functions(trees)]
    return names[:1] == [name], names


def docstring(excerpt: Excerpt, trees: Trees, wanted: bool) -> tuple[bool, bool]:
    """Tell whether the first function has a docstring."""
    has = any(ast.get_docstring(function) for function in _functions(trees)[:1])
    return has or not wanted, has


def construct(excerpt: Excerpt, trees: Trees, node_name: str) -> tuple[bool, str]:
    """Find a node of the syntax tree inside of functions."""
    kind = getattr(ast, node_name)
    used = any(isinstance(node, kind) for function in _functions(trees) for node in ast.walk(function))
    return used, node_name if used else "absent"


def asserts(excerpt: Excerpt, trees: Trees, least: int) -> tuple[bool, int]:
    """Count the asserts and try statements of the top level."""
    count = sum(isinstance(node, ast.Assert | ast.Try) for tree in trees for node in tree.body)
    return count >= least, count


def asserts_bite(excerpt: Excerpt, trees: Trees, share: float) -> tuple[bool, str]:
    """Pass: what has to run to be measured is measured where the box is, in exercises.py."""
    return True, "see the step exercise"


def docstring_language(excerpt: Excerpt, trees: Trees, wanted: str) -> tuple[bool, str | None]:
    """Tell in which language the docstrings are; there has to be enough of them."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)]
    found = languages.spoken(" ".join(ast.get_docstring(node) or "" for node in nodes))
    return found == wanted, found


def query_uses(excerpt: Excerpt, trees: Trees, keyword: str) -> tuple[bool, str]:
    """Find the words of an SQL construct in the texts of the code, in whatever case."""
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = r"\s+".join(map(re.escape, keyword.split()))
    pattern = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
    used = any(isinstance(text, str) and pattern.search(text) for text in texts)
    return used, keyword if used else "absent"
