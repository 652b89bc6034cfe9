"""reStructuredText → Excerpt: code directives, doctest blocks, literal blocks, with their positions.

Reads what Sphinx and docutils run or show as Python: `code-block`, `code` and `sourcecode` with a Python label,
`testcode` with its `testoutput`, `doctest`, sessions that stand in the text, and literal blocks behind `::` that parse
and do something. Knows nothing of the rest of the language.
"""

import re

from textbooks.excerpt import markdown
from textbooks.excerpt.markdown import LINE, PYTHON_LABEL, SESSION_LABEL
from textbooks.excerpt.sessions import script_of_session
from textbooks.records import Excerpt, OutputBlock, Snippet

DIRECTIVE = re.compile(r"^(\s*)\.\.\s+(code-block|code|sourcecode|testcode|testoutput|doctest|ipython)::\s*(.*?)\s*$")
OTHER = re.compile(r"^(\s*)\.\.(?:\s|$)")
OPTION = re.compile(r"^\s+:[\w-]+:")


def read(text: str) -> Excerpt:
    """Read a reStructuredText document."""
    lines = [line.rstrip("\r\n").expandtabs(8) for line in LINE.findall(text)]
    snippets: list[Snippet] = []
    outputs: list[OutputBlock] = []
    paragraphs: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        directive = DIRECTIVE.match(line)
        if directive:
            start, end = _block(lines, number, len(directive.group(1)), has_options=True)
            _take(directive, lines, start, end, snippets, outputs, before=paragraphs[-1] if paragraphs else "")
            number = max(end, number + 1)
        elif OTHER.match(line):  # a comment, or a directive that shows no code
            indent = len(line) - len(line.lstrip())
            number = max(
                number + 1, _block(lines, number, indent, has_options=True)[1] if "::" not in line else number + 1
            )
        elif line.lstrip().startswith(">>> "):
            end = next((n for n in range(number, len(lines)) if not lines[n].strip()), len(lines))
            _add(snippets, lines, number, end, before=paragraphs[-1] if paragraphs else "")
            number = end
        elif line.rstrip().endswith("::") and line.strip():
            paragraphs.append(line.strip().removesuffix(":"))
            start, end = _block(lines, number, len(line) - len(line.lstrip()), has_options=False)
            code = _code(lines, start, end)
            if markdown.looks_like_python(code) or code.lstrip().startswith(">>> "):
                _add(snippets, lines, start, end, before=paragraphs[-1])
            number = max(end, number + 1)
        else:
            if line.strip():
                paragraphs.append(line.strip())
            number += 1
    return Excerpt(
        text=text,
        snippets=tuple(snippets),
        outputs=tuple(outputs),
        paragraphs=tuple(paragraphs),
        headings=0,
        list_items=0,
        late_prose="",
    )


def _take(
    directive: re.Match[str],
    lines: list[str],
    start: int,
    end: int,
    snippets: list[Snippet],
    outputs: list[OutputBlock],
    *,
    before: str,
) -> None:
    """Take the content of a directive, if it is Python or the output of some."""
    name, label = directive.group(2), directive.group(3)
    if start >= end or name == "ipython":
        return
    if name == "testoutput":
        if snippets:
            text = _code(lines, start, end)
            outputs.append(
                OutputBlock(
                    snippet=len(snippets) - 1,
                    text=text,
                    line=start + 1,
                    end_line=end + 1,
                    indent=_indent(lines, start, end),
                    is_announced=True,
                )
            )
        return
    is_python = name in ("testcode", "doctest") or PYTHON_LABEL.match(label) or SESSION_LABEL.match(label)
    if is_python:
        _add(snippets, lines, start, end, before=before)


def _add(snippets: list[Snippet], lines: list[str], start: int, end: int, *, before: str) -> None:
    source = _code(lines, start, end)
    if not source.strip():
        return
    is_session = source.lstrip().startswith(">>> ")
    snippets.append(
        Snippet(
            code=script_of_session(source) if is_session else source,
            line=start + 1,
            end_line=end + 1,
            kind="session" if is_session else "script",
            indent=_indent(lines, start, end),
            source=source if is_session else "",
            before=before,
        )
    )


def _block(lines: list[str], number: int, indent: int, *, has_options: bool) -> tuple[int, int]:
    """Return the first line of the indented block behind a line, and the line after its last one."""
    start = number + 1
    while has_options and start < len(lines) and OPTION.match(lines[start]):
        start += 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    end = last = start
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
        if lines[end - 1].strip():
            last = end
    return start, last


def _indent(lines: list[str], start: int, end: int) -> str:
    """Return the indentation that all lines of a block share."""
    return " " * min((len(line) - len(line.lstrip()) for line in lines[start:end] if line.strip()), default=0)


def _code(lines: list[str], start: int, end: int) -> str:
    indent = len(_indent(lines, start, end))
    return "".join(line[indent:] + "\n" for line in lines[start:end])
