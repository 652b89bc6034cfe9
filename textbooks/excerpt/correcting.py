"""Wrong claims rewritten with what really came out, in the document, at their place; every other byte stays.

An output of several lines replaces one of several lines; a comment takes one line. What cannot be written so (an error
that did not come, an output that is too long) is left, and said to be.
"""

import io
import tokenize
from collections.abc import Iterable

from textbooks.excerpt import comparing
from textbooks.excerpt.claims import ERROR
from textbooks.excerpt.instrument import is_error
from textbooks.excerpt.markdown import LINE
from textbooks.records import CheckedSnippet, Claim

MOST_CHARACTERS = 400
"""A longer output says nothing to a reader in place of a claim."""


def corrected(text: str, checked: Iterable[CheckedSnippet]) -> tuple[str, int, int]:
    """Return the document with its wrong claims corrected, how many were, and how many could not be."""
    lines = LINE.findall(text)
    edits: list[tuple[int, int, list[str]]] = []
    left = 0
    for item in checked:
        for claim in item.claims:
            if claim.agrees is not False:
                continue
            first = item.snippet.line + claim.line - 2
            new = _new_lines(item, claim)
            if new is None or not 0 <= first < len(lines):
                left += 1
                continue
            newline = "\r\n" if lines[first].endswith("\r\n") else "\n"
            indent = _indent(lines[first], claim, item)
            edits.append((first, claim.lines, [(indent + line).rstrip() + newline for line in new]))
    for first, count, new in sorted(edits, reverse=True):
        if first + count >= len(lines) and not lines[-1].endswith(("\n", "\r")):
            new[-1] = new[-1].rstrip("\r\n")
        lines[first : first + count] = new
    return "".join(lines), len(edits), left


def _new_lines(item: CheckedSnippet, claim: Claim) -> list[str] | None:
    """Return the lines that take the place of a claim, without indentation; None where there is no way to write it."""
    actual = (claim.actual or "").rstrip("\n")
    if claim.kind == "raises" or not actual.strip() or len(actual) > MOST_CHARACTERS or not _is_plain(actual):
        return None
    output = actual.split("\n")
    if claim.kind == "session":
        if is_error(claim.claimed) and ERROR.match(output[-1]):
            output = ["Traceback (most recent call last):", "  ...", output[-1]]
        return [line or "<BLANKLINE>" for line in output] if claim.lines else None
    if claim.kind == "block":
        return output
    code_line = item.code.split("\n")[claim.line - 1]
    if claim.kind == "below":
        return _below(code_line, output)
    if len(output) > 1:
        return None
    column = _comment_column(item.code, claim.line)
    if column is None:
        return None
    comment = code_line[column:]
    return [code_line[:column] + _lead(comment) + output[0].strip()]


def _below(first: str, output: list[str]) -> list[str]:
    """Return comment lines with an output, behind the words with which the first of them began."""
    indent = first[: len(first) - len(first.lstrip())]
    lead = _lead(first.lstrip())
    if len(output) == 1:
        return [indent + lead + output[0]]
    if lead.startswith("#>"):
        return [indent + lead + line for line in output]
    return [(indent + lead).rstrip(), *(f"{indent}# {line}".rstrip() for line in output)]


def _lead(comment: str) -> str:
    """Return the hash, the arrow and the words with which a comment begins, before what it claims."""
    body = comment if comment.startswith("#>") else comment.removeprefix("#")
    said = body.strip()
    rest = comparing.ARROW.sub("", said)
    for pattern in (comparing.LABEL, comparing.LEAD):
        if (shorter := pattern.sub("", rest)) != rest and shorter:
            rest = shorter
            break
        if comparing.LABEL.fullmatch(rest + " "):
            return f"#{body.rstrip()} "
    start = comment.rfind(rest) if rest else len(comment)
    return comment[:start] or "# "


def _comment_column(code: str, line: int) -> int | None:
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT and token.start[0] == line:
            return token.start[1]
    return None


def _indent(raw: str, claim: Claim, item: CheckedSnippet) -> str:
    """Return what stands before a line in the document: of an output block its own indentation, else the snippet's."""
    if claim.kind == "block":
        shown = claim.claimed.split("\n")[0]
        bare = raw.rstrip("\r\n")
        return bare[: len(bare) - len(shown)] if shown and bare.endswith(shown) else ""
    if claim.kind == "session":
        shown = claim.claimed.split("\n")[0]
        bare = raw.rstrip("\r\n")
        return bare[: len(bare) - len(shown)] if bare.endswith(shown) else item.snippet.indent
    return item.snippet.indent


def _is_plain(text: str) -> bool:
    """Return whether an output can stand in a document: no control characters, no fence that would end its block."""
    return all(letter.isprintable() or letter in "\n\t" for letter in text) and "```" not in text and "~~~" not in text
