"""Programs whose claims can be observed: marks around the claimed statements, and the marked output read back.

The program's own behaviour and its lines stay as they are. Marks go to the real standard output alone, so what a
program redirects it redirects unmarked. A session becomes a program that runs its examples one by one, as Python's
prompt does. Knows nothing of what is true.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from textbooks.excerpt.claims import Site
from textbooks.storage import digest

COMPOUND = re.compile(rb"(?:for|while|if|with|try|def|class|async|match|@)\b|@")
ERROR_LINE = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|StopIteration|Exit)(?::.*)?")
FILE = "<snippet>"
"""The name under which sandbox/child.py runs a program, so that errors in a session's examples have their own lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example of a `>>>` session."""

    source: str
    want: str
    """The output shown below it; empty where none is."""
    line: int
    """Line of its first `>>>` within the session, from 1."""
    want_line: int
    """Line of the first line of its output."""
    is_script: bool = False
    """Whether it is code that stands above the first prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the marks of one site enclosed, and all that came out between it and the site before."""

    own: str | None
    """What the statement printed, or its value; None where it was not reached."""
    since_the_last: str
    error: str = ""
    """What it raised, where that is claimed."""


def program(code: str, sites: Sequence[Site], *, shows_last: bool = False) -> str:
    """Return a snippet with marks around each claimed statement.

    With `shows_last` the value of a last expression is written, too, as notebooks show it; its mark is `last`.
    """
    lines = [line.encode() for line in code.split("\n")]
    edits: list[tuple[tuple[int, int], int, str]] = []
    for number, site in enumerate(sites):
        before, after = (_writing(code, number, side) for side in "<>")
        if site.kind == "raises":
            edits += [(site.start, 0, _catching(code, number))]
        elif site.kind == "value":
            show = "__import__('sys').stdout.write(repr(("
            edits += [(site.start, 0, f"{before}; {show}"), (site.end, 1, f"))); {after}")]
        elif site.kind == "name":
            show = f"__import__('sys').stdout.write(repr({site.name}))"
            edits += [(site.end, 1, f"; {before}; {show}; {after}")]
        elif site.kind == "prints":
            edits += [(site.start, 0, f"{before}; "), (site.end, 1, f"; {after}")]
        else:
            # The comment's own line takes the mark; no other stands there, whatever the statement is.
            edits += [((site.line, 0), 0, f"{_indentation(lines, site)}{after}  ")]
            if site.is_expression:
                edits += [(site.start, 0, f"{before}; {_showing(code, number)}(("), (site.end, 1, "))")]
            elif not COMPOUND.match(lines[site.start[0] - 1].lstrip()):
                edits += [(site.start, 0, f"{before}; ")]
    is_shown = any(site.kind == "value" or site.is_expression for site in sites)
    last = _last_expression(code) if shows_last and not is_shown else None
    if last and all(site.start != last[0] for site in sites):
        first, end = repr(_mark(code, "last", "<")), repr(_mark(code, "last", ">"))
        show = f"(lambda v: v is None or __import__('sys').__stdout__.write({first} + repr(v) + {end}))(("
        edits += [(last[0], 0, show), (last[1], 1, "))")]
    for (line, column), _, text in sorted(edits, key=lambda edit: (edit[0], edit[1]), reverse=True):
        row = lines[line - 1]
        lines[line - 1] = row[:column] + text.encode() + row[column:]
    return b"\n".join(lines).decode()


def tolerant(code: str) -> str:
    """Return a program that runs as far as it can: what builds on it should not fail where only its end does."""
    run = f"exec(compile({code!r}, '<earlier>', 'exec'), globals())"
    return f"try:\n    {run}\nexcept (Exception, SystemExit):\n    pass\n"


def session_program(code: str, examples: Sequence[Example], *, line: int = 0, file: str = FILE) -> str:
    """Return a program that runs the examples of a session one by one, with a mark around the output of each.

    Errors have their line in the session, counted on from `line`.

    As at Python's prompt, the value of an expression is shown; an error is written as its last line where the session
    shows one, and ends the program where it does not.
    """
    rows = [
        (
            "\n" * (line + one.line - 1) + one.source + "\n",
            "exec" if one.is_script else "single",
            is_error(one.want),
            _mark(code, n, "<"),
            _mark(code, n, ">"),
        )
        for n, one in enumerate(examples)
    ]
    return (
        f"for _source, _mode, _may_raise, _first, _last in {rows!r}:\n"
        "    _real = __import__('sys').__stdout__\n"
        "    _real.write(_first)\n"
        "    try:\n"
        f"        exec(compile(_source, {file!r}, _mode), globals())\n"
        "    except Exception as _error:\n"
        "        if not _may_raise:\n"
        "            raise\n"
        "        _real.write(__import__('traceback').format_exception_only(_error)[-1])\n"
        "    _real.write(_last)\n"
    )


def is_error(want: str) -> bool:
    """Return whether the output shown is that of an error: a traceback, or its last line alone."""
    shown = want.strip()
    # A syntax error has no traceback, only the place where it stands.
    begins = ("Traceback (most recent call last)", "Traceback (innermost last)", 'File "<')
    last = shown.rpartition("\n")[2].strip()
    return shown.startswith(begins[:2]) or bool(
        ERROR_LINE.fullmatch(shown) or (shown.startswith(begins[2]) and ERROR_LINE.fullmatch(last))
    )


def boundary(code: str) -> str:
    """Return a line of code that marks in the output where the snippet `code` begins."""
    return _writing(code, "start", "|")


def observed(code: str, sites: Sequence[Site], stdout: str) -> tuple[str, tuple[Observed, ...]]:
    """Return the output without marks and without what the marks alone showed, and what each site's marks enclose."""
    stdout = _since_boundary(code, stdout)
    found = []
    since = 0
    for number in range(len(sites)):
        inner, end = _between(code, stdout, number, since)
        # Only comments below a statement are compared with all that came before.
        is_below = sites[number].kind == "below"
        everything = _plain(code, _without_shown(code, sites, stdout[since:end])) if is_below else ""
        printed, _, error = (inner or "").partition(_mark(code, number, "|"))
        own = None if inner is None else _plain(code, printed)
        found.append(Observed(own=own, since_the_last=everything, error=_plain(code, error)))
        since = end
    return _plain(code, _without_shown(code, sites, stdout)), tuple(found)


def observed_session(code: str, count: int, stdout: str) -> tuple[str, tuple[str | None, ...]]:
    """Return a session's output without marks, and what came out in each example; None where it was not reached."""
    stdout = _since_boundary(code, stdout)
    found = (_between(code, stdout, number, 0)[0] for number in range(count))
    return _plain(code, stdout), tuple(None if inner is None else _plain(code, inner) for inner in found)


def shown_last(code: str, stdout: str) -> str:
    """Return what the mark `last` encloses; empty where nothing was shown."""
    return _plain(code, _between(code, _since_boundary(code, stdout), "last", 0)[0] or "")


def _since_boundary(code: str, stdout: str) -> str:
    _, found, rest = stdout.partition(_mark(code, "start", "|"))
    return rest if found else stdout


def _without_shown(code: str, sites: Sequence[Site], stdout: str) -> str:
    """Take out what was written only because it is claimed: values, and errors that were caught for it."""
    shown: list[tuple[int | str, str]] = [(n, "<") for n, site in enumerate(sites) if site.kind in ("value", "name")]
    shown += [(n, "|") for n, site in enumerate(sites) if site.kind == "raises"]
    shown += [(n, "=") for n, site in enumerate(sites) if site.is_expression]
    for number, side in [*shown, ("last", "<")]:
        first, last = _mark(code, number, side), _mark(code, number, "=" if side == "=" else ">")
        stdout = re.sub(re.escape(first) + ".*?" + re.escape(last), "", stdout, flags=re.DOTALL)
    return stdout


def _between(code: str, stdout: str, number: int | str, since: int) -> tuple[str | None, int]:
    """Return what a site's marks enclose and where they end; None and `since` for what is not there."""
    first, last = _mark(code, number, "<"), _mark(code, number, ">")
    end = stdout.find(last)
    if end < 0:
        return None, since
    start = stdout.find(first)
    inner = stdout[start + len(first) : end] if 0 <= start <= end else None
    return inner, end + len(last)


def _catching(code: str, number: int) -> str:
    """Return the head of a with statement that passes over the error that its body raises, and writes which it was.

    Its marks are three: before the body, between what the body printed and the error, and after the error.
    """
    first, middle, last = (repr(_mark(code, number, side)) for side in "<|>")
    out = "__import__('sys').__stdout__.write"
    said = "(''.join(__import__('traceback').format_exception_only(k, e)).strip() if k else '')"
    caught = f"(lambda k, e, t: ({out}({middle} + {said} + {last}), k is not None and issubclass(k, Exception))[1])"
    return f"with (lambda s: ({out}({first}), s.push({caught}), s)[2])(__import__('contextlib').ExitStack()): "


def _showing(code: str, number: int) -> str:
    """Return a function that writes the value of an expression between two marks, as the prompt shows it."""
    mark = repr(_mark(code, number, "="))
    return f"(lambda v: v is None or __import__('sys').__stdout__.write({mark} + repr(v) + {mark}))"


def _indentation(lines: list[bytes], site: Site) -> str:
    row = lines[site.start[0] - 1]
    return row[: len(row) - len(row.lstrip())].decode()


def _last_expression(code: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    body = ast.parse(code).body
    if not body or not isinstance(body[-1], ast.Expr):
        return None
    last = body[-1]
    return (last.lineno, last.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)


def _mark(code: str, number: int | str, side: str) -> str:
    return f"\x00{digest(code)[:12]}:{number}{side}\x00"


def _writing(code: str, number: int | str, side: str) -> str:
    """Return an expression that writes a mark to the real output, and nothing while the program redirects its own."""
    mark = repr(_mark(code, number, side))
    return f"(lambda s: s.stdout is s.__stdout__ and s.__stdout__.write({mark}))(__import__('sys'))"


def _plain(code: str, text: str) -> str:
    if "\x00" not in text:
        return text
    return re.sub(rf"\x00{digest(code)[:12]}:\w+[<>|=]\x00", "", text)
