# %% renamed: most_common_letters
def most_common_letters(letters: str) -> dict[str, int]:
    """Find which of the blank-separated letters occurs most, and how many times.

    Ties are all reported. An empty input has no letters, hence no winners.

    >>> most_common_letters("z y z x")
    {'z': 2}
    >>> most_common_letters("q p p q r")
    {'q': 2, 'p': 2}
    """
    counts: dict[str, int] = {}
    for letter in letters.split():
        counts[letter] = counts.get(letter, 0) + 1
    if not counts:
        return {}
    peak = max(counts.values())
    winners = {}
    for letter, times in counts.items():
        if times == peak:
            winners[letter] = times
    return winners

# %% algorithm: modal_symbols
from itertools import groupby


def modal_symbols(stream):
    """Map the mode(s) of a spaced-out run of symbols to their frequency.

    The symbols are sorted so that equal ones stand side by side, and the longest
    blocks win.

    >>> modal_symbols("k m k n n")
    {'k': 2, 'n': 2}
    >>> modal_symbols("   ")
    {}
    """
    best, size = {}, 0
    for symbol, block in groupby(sorted(stream.split())):
        length = sum(1 for _ in block)
        if length > size:
            best, size = {}, length
        if length == size:
            best[symbol] = length
    return best

# %% wrapped: leading_characters
from collections import Counter


def leading_characters(line: str, sep: str | None = None, *, at_least: int = 1) -> dict:
    """Determine the leaders among the characters listed in `line`.

    Args:
        line: Characters with a separator in between.
        sep: The separator (any whitespace when not given).
        at_least: Leaders with fewer appearances than this are not reported.

    Returns:
        A dictionary of all characters that share first place, each with its number
        of appearances.

    >>> leading_characters("h i h")
    {'h': 2}
    >>> leading_characters("u,v", ",")
    {'u': 1, 'v': 1}
    >>> leading_characters("u v", at_least=2)
    {}
    """
    appearances = Counter(line.split(sep))
    record = max(appearances.values(), default=0)
    if record < at_least:
        return {}
    return {char: hits for char, hits in appearances.items() if hits == record}
