"""Markdown → Excerpt: prose blocks, and Python snippets with their positions, by CommonMark (markdown-it-py).

A fence is Python when its label says so, or when it has no label and parses as Python with more than a bare name in
it. Knows nothing of whether the code is any good.
"""

import ast
import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from textbooks.records import Excerpt, Snippet

PYTHON_LABELS = frozenset({"python", "py", "python3", "py3"})
SESSION_LABELS = frozenset({"pycon", "doctest"})


def read(text: str) -> Excerpt:
    """Read a Markdown document."""
    snippets: list[Snippet] = []
    paragraphs: list[str] = []
    late: list[str] = []
    headings = list_items = 0
    lines = text.splitlines(keepends=True)
    kind = ""
    for token in _parser().parse(text):
        if token.type in ("fence", "code_block"):
            snippet = _snippet(token, lines)
            if snippet:
                snippets.append(snippet)
            elif snippets:
                late.append(token.content.strip())
        elif token.type == "heading_open":
            headings += 1
            kind = "heading"
        elif token.type == "list_item_open":
            list_items += 1
        elif token.type == "paragraph_open":
            kind = "paragraph"
        elif token.type == "inline":
            if kind == "paragraph":
                paragraphs.append(token.content)
            if snippets:
                late.append(token.content)
    return Excerpt(
        text=text,
        snippets=tuple(snippets),
        paragraphs=tuple(paragraphs),
        headings=headings,
        list_items=list_items,
        late_prose="\n".join(late),
    )


def put_back(text: str, codes: dict[Snippet, str]) -> str:
    """Return the document with each snippet's lines replaced by its new code; everything else byte for byte."""
    lines = text.splitlines(keepends=True)
    for snippet, code in sorted(codes.items(), key=lambda item: -item[0].line):
        first, after = snippet.line - 1, snippet.end_line - 1
        newline = "\r\n" if first < len(lines) and lines[first].endswith("\r\n") else "\n"
        new = [
            f"{snippet.indent}{line}".rstrip() + newline if line.strip() else snippet.indent.rstrip() + newline
            for line in code.splitlines()
        ]
        if new and after >= len(lines) and lines and not lines[-1].endswith("\n"):
            new[-1] = new[-1].rstrip("\r\n")
        lines[first:after] = new
    return "".join(lines)


def script_of_session(text: str) -> str:
    """Return the statements of a `>>>` session on the lines where they stand; results become blank lines."""
    kept = []
    for line in text.splitlines():
        match = re.match(r"\s*(?:>>>|\.\.\.)(?: (.*))?$", line)
        kept.append((match.group(1) or "") if match else "")
    return "\n".join(kept) + "\n"


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _snippet(token: Token, lines: list[str]) -> Snippet | None:
    if token.map is None:
        return None
    label = re.sub(r"[{}.]", "", (token.info.strip().split() or [""])[0]).casefold()
    label = label.partition(",")[0]
    is_session = token.content.lstrip().startswith(">>> ")
    if label in SESSION_LABELS or (is_session and (not label or label in PYTHON_LABELS)):
        kind, code = "session", script_of_session(token.content)
    elif label in PYTHON_LABELS or (not label and _looks_like_python(token.content)):
        kind, code = "script", token.content
    else:
        return None
    start = token.map[0] + (1 if token.type == "fence" else 0)
    count = token.content.count("\n") or (1 if token.content else 0)
    indent = ""
    for raw, content in zip(lines[start : start + count], token.content.splitlines(), strict=False):
        if content.strip():
            indent = raw.rstrip("\r\n")[: len(raw.rstrip("\r\n")) - len(content)]
            break
    return Snippet(
        code=code,
        line=start + 1,
        end_line=start + count + 1,
        kind="session" if kind == "session" else "script",
        indent=indent,
    )


def _looks_like_python(text: str) -> bool:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    trivial = (ast.Name, ast.Constant, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp)
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, trivial)) for node in body)
