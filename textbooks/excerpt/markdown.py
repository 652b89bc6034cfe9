"""Markdown → Excerpt: prose blocks, and Python snippets with their positions, by CommonMark (markdown-it-py).

A fence is Python when its label says so, or when it has no label and parses as Python with more than a bare name in
it. Knows nothing of whether the code is any good.
"""

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from textbooks.records import Excerpt, Snippet

PYTHON_LABEL = re.compile(r"\{?\.?(?:python|py)[\d.]*(?![\w+#-])", re.IGNORECASE)
SESSION_LABEL = re.compile(r"\{?\.?(?:pycon|doctest)\b", re.IGNORECASE)
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line as CommonMark ends it; str.splitlines also breaks at form feeds and other separators."""


def read(text: str) -> Excerpt:
    """Read a Markdown document."""
    snippets: list[Snippet] = []
    paragraphs: list[str] = []
    late: list[str] = []
    headings = list_items = 0
    lines = LINE.findall(text)
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


def put_back(text: str, codes: Mapping[Snippet, str]) -> str:
    """Return the document with each snippet's lines replaced by its new code; everything else byte for byte."""
    lines = LINE.findall(text)
    for snippet, code in sorted(codes.items(), key=lambda item: -item[0].line):
        first, after = snippet.line - 1, snippet.end_line - 1
        newline = "\r\n" if first < len(lines) and lines[first].endswith("\r\n") else "\n"
        new = [
            (snippet.indent + line if line else snippet.indent.rstrip()) + newline
            for line in code.removesuffix("\n").split("\n")
        ]
        if after >= len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            new[-1] = new[-1].removesuffix(newline)
        lines[first:after] = new
    return "".join(lines)


def script_of_session(text: str) -> str:
    """Return the statements of a `>>>` session on the lines where they stand; results become blank lines."""
    kept = []
    for line in text.removesuffix("\n").split("\n"):
        match = re.match(r"\s*(?:>>>|\.\.\.)(?: (.*))?$", line)
        kept.append((match.group(1) or "") if match else "")
    return "\n".join(kept) + "\n"


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _snippet(token: Token, lines: list[str]) -> Snippet | None:
    if token.map is None or not token.content.strip():
        return None
    label = token.info.strip()
    is_session = token.content.lstrip().startswith(">>> ")
    if SESSION_LABEL.match(label) or (is_session and (not label or PYTHON_LABEL.match(label))):
        kind, code = "session", script_of_session(token.content)
    elif PYTHON_LABEL.match(label) or (not label and _looks_like_python(token.content)):
        kind, code = "script", token.content
    else:
        return None
    contents = token.content.removesuffix("\n").split("\n")
    start = token.map[0] + (1 if token.type == "fence" else 0)
    indent = ""
    for raw, content in zip(lines[start : start + len(contents)], contents, strict=False):
        if content.strip():
            bare = raw.rstrip("\r\n")
            indent = bare[: len(bare) - len(content)]
            break
    return Snippet(
        code=code,
        line=start + 1,
        end_line=start + len(contents) + 1,
        kind="session" if kind == "session" else "script",
        indent=indent,
    )


def _looks_like_python(text: str) -> bool:
    """Return whether an unlabelled block does something: an output block such as `Total: 15` parses as well."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        isinstance(node.value, ast.Call | ast.Await)
        if isinstance(node, ast.Expr)
        else not (isinstance(node, ast.AnnAssign) and node.value is None)
        for node in body
    )
