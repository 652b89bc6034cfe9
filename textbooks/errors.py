"""The error that a person can mend, and how to say what they probably meant.

Knows the second of the three kinds of failure: one sentence with the offending value and the cure, shown without a
traceback, exit code 2. Bad material (a model's broken code) is data and never comes here; our own faults stay
ordinary exceptions.
"""

import difflib
from collections.abc import Iterable


class TextbooksError(Exception):
    """Something that the person at the keyboard can mend; its text is the whole message."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean …?` for a near miss, else the known names in short."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {near[0]!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return f" Known: {shown}."
