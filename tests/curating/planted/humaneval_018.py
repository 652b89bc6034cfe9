# %% renamed: count_matches
def count_matches(text: str, pattern: str) -> int:
    """Say at how many places of ``text`` the fragment ``pattern`` begins.

    Occurrences may share characters with each other; each one counts.

    >>> count_matches("banana", "ana")
    2
    >>> count_matches("zzzzz", "zzz")
    3
    >>> count_matches("tree", "leaf")
    0
    """
    width = len(pattern)
    last_start = len(text) - width
    hits = 0
    start = 0
    while start <= last_start:
        piece = text[start : start + width]
        start += 1
        if piece != pattern:
            continue
        hits += 1
    return hits

# %% algorithm: overlapping_hits
import re


def overlapping_hits(haystack: str, needle: str) -> int:
    """Number of starting points of needle inside haystack.

    A zero-width lookahead is used so that the regex engine moves on by a single
    character after every hit, which lets neighbouring hits run into one another.

    >>> overlapping_hits("1212121", "121")
    3
    """
    lookahead = re.compile("(?=" + re.escape(needle) + ")")
    return len(lookahead.findall(haystack))

# %% wrapped: tally_fragment
def tally_fragment(
    body: str, fragment: str, *, start: int = 0, ignore_case=False
) -> int:
    """Tally the appearances of ``fragment`` in ``body``, also those that interlock.

    Args:
        body: the text to look through.
        fragment: what to look for.
        start: offset from which the search sets out.
        ignore_case: treat capital and small letters alike.

    Returns:
        The tally, e.g. 2 for the fragment "olo" in "tololo".
    """
    if ignore_case:
        body, fragment = body.lower(), fragment.lower()
    tally = 0
    found = body.find(fragment, start)
    while found >= 0:
        tally += 1
        found = body.find(fragment, found + 1)
    return tally
