"""Jupyter notebook → the code cells that hold Python, each a snippet. Knows nbformat 4 and 3, and runs nothing.

Lines of IPython's own (`%matplotlib`, `!pip`) become comments, since Python cannot run them; cells in another language
(`%%bash`) are left out.
"""

import ast
import contextlib
import json
import re
import textwrap
from typing import Any

from textbooks.records import Snippet

MAGIC = re.compile(r"^(\s*)([%!].*|\?.*|.*\?\s*)$")
TIMING = re.compile(r"^\s*%%(?:time|timeit|capture)\b.*$")


class NotANotebook(ValueError):
    """The text is no notebook; the words say why."""


def read(text: str) -> tuple[tuple[int, Snippet, str], ...]:
    """Return (number of the cell, from 0; its snippet; the error that is stored with it) for each code cell.

    The error is the end of a traceback, empty where the cell ended without one. A cell of shell commands alone is none.

    Raises:
        NotANotebook: the text is no JSON of a notebook.

    """
    try:
        notebook = json.loads(text)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        found = []
        for number, cell in enumerate(cells):
            code = textwrap.dedent(_source(cell))  # as IPython does
            if cell.get("cell_type") == "code" and not _is_foreign(code):
                plain = _without_magics(code)
                snippet = Snippet(code=plain, line=1, end_line=plain.count("\n") + 1)
                found.append((number, snippet, _stored_error(cell)))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise NotANotebook(f"{type(error).__name__}: {error}") from error
    return tuple(found)


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    text = source if isinstance(source, str) else "".join(source)
    return text if text.endswith("\n") else text + "\n"


def _stored_error(cell: dict[str, Any]) -> str:
    errors = [one for one in cell.get("outputs", ()) if one.get("output_type") in ("error", "pyerr")]
    return f"Traceback (most recent call last)\n{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else ""


def _is_foreign(code: str) -> bool:
    if all(not line.strip() or MAGIC.match(line) for line in code.split("\n")):
        return True
    return code.lstrip().startswith("%%") and not TIMING.match(code.lstrip().split("\n", 1)[0])


def _without_magics(code: str) -> str:
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        ast.parse(code)
        return code  # what looks like a magic is part of an expression or a text
    return "\n".join(
        f"{match.group(1)}pass  # {match.group(2)}" if (match := MAGIC.match(line)) else line
        for line in code.split("\n")
    )
