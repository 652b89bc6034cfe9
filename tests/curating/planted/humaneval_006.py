# %% renamed: bracket_heights
def bracket_heights(clusters: str) -> list[int]:
    """Report how high the brackets stack up in every blank-delimited cluster.

    A lone pair "()" counts as height 1, and each pair placed inside another
    adds one more.

    >>> bracket_heights("(((()))) ()()")
    [4, 1]
    >>> bracket_heights("")
    []
    """
    heights = []
    for cluster in clusters.split():
        open_now = 0
        tallest = 0
        for symbol in cluster:
            if symbol == ")":
                open_now -= 1
                continue
            open_now += 1
            if open_now > tallest:
                tallest = open_now
        heights.append(tallest)
    return heights

# %% algorithm: peel_layers
def peel_layers(line):
    """For every word made of round brackets, count how often the innermost pairs
    can be stripped away before nothing remains.

    >>> peel_layers("(()) (()((())))")
    [2, 4]
    """

    def rounds(word):
        # A single replace() removes just one layer: "(()())" becomes "()".
        stripped = word.replace("()", "")
        return 0 if stripped == word else 1 + rounds(stripped)

    return list(map(rounds, line.split()))

# %% wrapped: NestingMeter.measure
from itertools import accumulate


class NestingMeter:
    """Measures how deeply bracket expressions are nested."""

    def __init__(self, opening="(", closing=")"):
        self.steps = {opening: 1, closing: -1}

    def measure(self, source: str) -> list[int]:
        """Return one depth figure per whitespace-separated expression in `source`.

        >>> NestingMeter().measure("(()) ((()()))")
        [2, 3]
        """
        return [self._peak(chunk) for chunk in source.split()]

    def _peak(self, chunk: str) -> int:
        return max(accumulate(self.steps.get(ch, 0) for ch in chunk))
