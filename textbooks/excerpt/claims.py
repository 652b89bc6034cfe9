"""Claims: outputs that a snippet's own comments assert, found by tokens and syntax tree.

What is understood: a comment behind a `print(...)` that runs at most once (`print(area(2, 3))  # 6`); behind any other
expression, or the assignment of one name, `# -> 6`, `# => 6`, `# returns 6` or a bare value; comment lines below a
statement that begin with `Output:`, `#>` or the like; and `# raises ValueError` behind a statement. Says where a claim
stands and what it asserts; instrument.py makes it observable, comparing.py judges.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from textbooks.excerpt import comparing

Kind = Literal["prints", "value", "name", "below", "raises"]
ERROR = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit|Group))\b(?:\s*:\s*(.*))?")
RAISES = re.compile(
    r"(?:[-=]*>\s*)?(?:this\s+)?(?:(?:will|would|should|must)\s+)?"
    r"(?:raises?|throws?|gives?|produces?|causes?|results?\s+in|fails?\s+with|errors?\s+with|error)\b:?\s*(?:an?\s+)?"
    r"`?[A-Z]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Group)\b",
    re.IGNORECASE,
)
"""A comment that says that a statement raises; one that only names an error must hold nothing else."""
IS_RAISED = re.compile(
    r"(?:an?\s+)?`?[A-Z]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Group)`?\s+"
    r"(?:is|gets|will\s+be)\s+(?:raised|thrown)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a claim stands, what it says, and of which statement."""

    kind: Kind
    claimed: str
    """What is asserted, without arrows."""
    line: int
    """Line of the comment (its first), from 1."""
    start: tuple[int, int]
    """Line from 1, and column in UTF-8 bytes, of the statement."""
    end: tuple[int, int]
    name: str = ""
    """The assigned name."""
    comment: str = ""
    """The whole comment, of one that names an error."""
    lines: int = 1
    """How many lines the comment has."""
    is_expression: bool = False
    """Of a claim below: whether the statement has a value, which may be what is claimed."""
    is_output: bool = False
    """Of a claim below: whether its mark `#>` leaves no doubt that it is an output, to the letter."""


def find(code: str) -> tuple[Site, ...]:
    """Return the claims of a snippet that parses, in order."""
    if "#" not in code:
        return ()
    trailing, own, columns = _comments(code)
    sites = []
    for statement, is_guarded in _once(ast.parse(code).body):
        comment = trailing.get(statement.end_lineno or 0)
        site = None
        if comment and not comparing.is_elision(comment):
            site = None if is_guarded else _raising(statement, comment)
            site = site or _trailing(statement, comment)
        below = _below(statement, own) if _belongs(statement, columns) else None
        if below is None and not is_guarded and (said := own.get((statement.end_lineno or 0) + 1)):
            below = _raising(statement, said, line=(statement.end_lineno or 0) + 1)
        if site and below and not comparing.looks_like_a_value(site.claimed):
            site = None  # a remark, above what comes out
        sites += [one for one in (site or below,) if one]
    return tuple(sites)


def _trailing(statement: ast.stmt, comment: str) -> Site | None:
    """Return the claim that a comment behind a statement makes."""
    is_marked = comparing.ARROW.match(comment) is not None
    has_lead = is_marked or comparing.LEAD.match(comment) is not None or comparing.TAIL.search(comment) is not None
    claimed = comparing.ARROW.sub("", comment)
    if isinstance(statement, ast.Expr):
        if _is_print(statement.value):
            return _site(statement, "prints", claimed)
        is_value = comparing.looks_like_a_value(comment)
        if is_marked or (is_value and (has_lead or not isinstance(statement.value, ast.Await | ast.Yield))):
            return _site(statement, "value", claimed)
    if isinstance(statement, ast.Assign) and is_marked and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return _site(statement, "name", claimed, name=target.id)
    return None


def _raising(statement: ast.stmt, comment: str, *, line: int | None = None) -> Site | None:
    """Return the claim that a simple statement raises; below it, on `line`, it must say so in so many words."""
    found = ERROR.search(comment)
    if not found or not isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign):
        return None
    bare = comparing.ARROW.sub("", comment).strip("`.! ")
    is_named = line is None and (bare == found.group(1) or bare.startswith(f"{found.group(1)}:"))
    if not (RAISES.match(comment) or IS_RAISED.match(comment) or is_named):
        return None
    message = (found.group(2) or "").strip()
    claimed = f"{found.group(1)}: {message}" if message else found.group(1)
    return _site(statement, "raises", claimed, comment=comment, line=line)


def _belongs(statement: ast.stmt, columns: dict[int, int]) -> bool:
    """Return whether a comment below a statement is about it, by indentation, and not about one inside or around it."""
    column = columns.get((statement.end_lineno or 0) + 1, 0)
    return column <= statement.col_offset if hasattr(statement, "body") else column >= statement.col_offset


def _below(statement: ast.stmt, own: dict[int, str]) -> Site | None:
    """Return the claim of comment lines right below a statement, the first of which says that it is an output."""
    first = (statement.end_lineno or 0) + 1
    head = own.get(first)
    if head is None or not (comparing.LABEL.match(head + " ") or comparing.ARROW.match(head)):
        return None
    lines = [comparing.ARROW.sub("", comparing.LABEL.sub("", head + " ")).strip()]
    while first + len(lines) in own:
        more = own[first + len(lines)]
        if head.startswith("#>") and not more.startswith("#>"):
            break
        lines.append(comparing.ARROW.sub("", more) if head.startswith("#>") else more)
    text = "\n".join(lines).strip("\n")
    if not text.strip() or comparing.is_elision(text):
        return None
    is_expression = isinstance(statement, ast.Expr) and not _is_print(statement.value)
    is_expression = is_expression and not isinstance(statement.value, ast.Await | ast.Yield | ast.YieldFrom)  # type: ignore[attr-defined]  # an Expr
    site = _site(statement, "below", text, line=first, lines=len(lines), is_expression=is_expression)
    return replace(site, is_output=head.startswith("#>"))


def _site(
    statement: ast.stmt,
    kind: Kind,
    claimed: str,
    *,
    line: int | None = None,
    name: str = "",
    comment: str = "",
    lines: int = 1,
    is_expression: bool = False,
) -> Site:
    return Site(
        kind=kind,
        claimed=claimed,
        line=line or statement.end_lineno or 0,
        start=(statement.lineno, statement.col_offset),
        end=(statement.end_lineno or 0, statement.end_col_offset or 0),
        name=name,
        comment=comment,
        lines=lines,
        is_expression=is_expression,
    )


def _once(body: list[ast.stmt], *, is_guarded: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield the statements that run at most once, and whether a `try` or `with` around them may catch what they raise.

    Those are the module's, and those inside its if, try and with blocks.
    """
    for statement in body:
        yield statement, is_guarded
        if isinstance(statement, ast.If | ast.With | ast.Try):
            inside = is_guarded or not isinstance(statement, ast.If)
            for field in ("body", "orelse", "finalbody"):
                yield from _once(getattr(statement, field, []), is_guarded=inside)
            for handler in getattr(statement, "handlers", []):
                yield from _once(handler.body, is_guarded=True)


def _is_print(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"):
        return False
    return all(keyword.arg != "file" for keyword in node.keywords)


def _comments(code: str) -> tuple[dict[int, str], dict[int, str], dict[int, int]]:
    """Return line → text of the comments behind code, line → text of those alone on their line, and line → column."""
    comments: dict[int, str] = {}
    columns: dict[int, int] = {}
    code_lines: set[int] = set()
    layout = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            is_arrow = token.string.startswith("#>")  # the hash is half of it
            text = token.string if is_arrow else token.string.removeprefix("#").removeprefix(" ")
            comments[token.start[0]] = text.rstrip()
            columns[token.start[0]] = token.start[1]
        elif token.type not in layout:
            code_lines |= set(range(token.start[0], token.end[0] + 1))
    trailing = {line: text.strip() for line, text in comments.items() if line in code_lines and text.strip()}
    return trailing, {line: text for line, text in comments.items() if line not in code_lines}, columns
