"""Claims: outputs that a snippet's own comments assert, made observable and compared.

Understands a comment behind a `print(...)` that runs at most once (`print(area(2, 3))  # 6`), and `x  # -> 6` or
`x  # => 6` behind any other expression. Writes an instrumented program and reads its output; whoever stands above runs
it. A claim whose truth cannot be told is left open, never guessed.
"""

import ast
import io
import math
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from textbooks.records import Claim
from textbooks.storage import digest

ARROW = re.compile(r"^(?:->|=>|→)\s*")
LEAD = re.compile(r"^(?:->|=>|→|(?:output|prints?|returns?|result)\b:?)\s*", re.IGNORECASE)
ELISIONS = ("...", "…")
"""Comments that show that something is left out, and claim nothing."""
UNREPEATABLE = re.compile(r"\bat 0x[0-9a-f]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a claim stands and what it says."""

    claimed: str
    start: tuple[int, int]
    """Line from 1, and column in UTF-8 bytes, of the statement."""
    end: tuple[int, int]
    is_value: bool
    """Whether the value of the expression is claimed rather than what it prints."""


def find(code: str) -> tuple[Site, ...]:
    """Return the claims of a snippet that parses, in order."""
    comments = _trailing_comments(code)
    if not comments:
        return ()
    sites = []
    for statement in _once(ast.parse(code).body):
        comment = comments.get(statement.end_lineno or 0)
        if comment is None or not isinstance(statement, ast.Expr):
            continue
        prints = _is_print(statement.value)
        if comment in ELISIONS:
            continue
        if prints or ARROW.match(comment):
            sites.append(
                Site(
                    claimed=ARROW.sub("", comment),
                    start=(statement.lineno, statement.col_offset),
                    end=(statement.end_lineno or 0, statement.end_col_offset or 0),
                    is_value=not prints,
                )
            )
    return tuple(sites)


def instrumented(code: str, sites: tuple[Site, ...]) -> str:
    """Return the program with marks written to standard output around each claimed statement, lines unmoved."""
    lines = [line.encode() for line in code.split("\n")]
    for number, site in reversed(list(enumerate(sites))):
        before, after = (_writing(code, number, side) for side in "<>")
        if site.is_value:
            before, after = f"{before}; __import__('sys').stdout.write(repr((", f"))); {after}"
        else:
            before, after = f"{before}; ", f"; {after}"
        for (line, column), text in ((site.end, after), (site.start, before)):
            row = lines[line - 1]
            lines[line - 1] = row[:column] + text.encode() + row[column:]
    return b"\n".join(lines).decode()


def boundary(code: str) -> str:
    """Return a line of code that marks in the output where the snippet `code` begins."""
    return _writing(code, "start", "|")


def read(code: str, sites: tuple[Site, ...], stdout: str, *, strict: bool) -> tuple[str, tuple[Claim, ...]]:
    """Return the output without marks, and each claim with what really came out.

    `strict` takes every comment behind a print as a claim; else one that does not look like a value is left open when
    it differs.
    """
    _, found, rest = stdout.partition(_mark(code, "start", "|"))
    if found:
        stdout = rest
    claims = []
    for number, site in enumerate(sites):
        inner = _between(stdout, _mark(code, number, "<"), _mark(code, number, ">"))
        actual = None if inner is None else _plain(code, inner)
        agrees = None if actual is None else _agrees(site, actual, strict=strict)
        claims.append(Claim(line=site.end[0], claimed=site.claimed, actual=actual, agrees=agrees))
    clean = stdout
    for number, site in enumerate(sites):
        if site.is_value:
            first, last = _mark(code, number, "<"), _mark(code, number, ">")
            clean = re.sub(re.escape(first) + ".*?" + re.escape(last), "", clean, flags=re.DOTALL)
    return _plain(code, clean), tuple(claims)


def _agrees(site: Site, actual: str, *, strict: bool) -> bool | None:
    actual = actual.strip()
    for claimed in (site.claimed.strip(), LEAD.sub("", site.claimed).strip()):
        if claimed == actual:
            return True
        value, other = _literal(claimed), _literal(actual)
        if isinstance(value, str) and actual in (value, repr(value)):
            return True
        if isinstance(value, set) and _same(value, other, tolerant=False):
            return True
        if not strict and (" ".join(claimed.split()) == " ".join(actual.split()) or _same(value, other, tolerant=True)):
            return True
    if UNREPEATABLE.search(actual):
        return None
    looks_like_a_value = _literal(LEAD.sub("", site.claimed).strip()) is not _NOTHING
    return False if strict or looks_like_a_value else None


def _same(one: object, other: object, *, tolerant: bool) -> bool:
    """Return whether two values are alike in type and content; `tolerant` allows rounded floats."""
    if one is _NOTHING or type(one) is not type(other):
        return False
    if tolerant and isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-3)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(a, b, tolerant=tolerant) for a, b in pairs)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key], tolerant=tolerant) for key in one)
    if isinstance(one, set) and isinstance(other, set):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return one == other


_NOTHING = object()


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return _NOTHING


def _once(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run at most once: the module's, and those inside its if, try and with blocks."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.With | ast.Try):
            for field in ("body", "orelse", "finalbody"):
                yield from _once(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from _once(handler.body)


def _is_print(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"):
        return False
    return all(keyword.arg != "file" for keyword in node.keywords)


def _trailing_comments(code: str) -> dict[int, str]:
    """Return line → comment text, for comments that stand behind code."""
    comments: dict[int, str] = {}
    code_lines: set[int] = set()
    layout = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string.lstrip("#").strip()
        elif token.type not in layout:
            code_lines.add(token.end[0])
    return {line: text for line, text in comments.items() if line in code_lines and text}


def _mark(code: str, number: int | str, side: str) -> str:
    return f"\x00{digest(code)[:12]}:{number}{side}\x00"


def _writing(code: str, number: int | str, side: str) -> str:
    """Return an expression that writes a mark to the real output, and nothing while the program redirects its own."""
    mark = repr(_mark(code, number, side))
    return f"(lambda s: s.stdout is s.__stdout__ and s.__stdout__.write({mark}))(__import__('sys'))"


def _between(text: str, first: str, last: str) -> str | None:
    _, found, rest = text.partition(first)
    inner, ended, _ = rest.partition(last)
    return inner if found and ended else None


def _plain(code: str, text: str) -> str:
    return re.sub(rf"\x00{digest(code)[:12]}:\w+[<>|]\x00", "", text)
