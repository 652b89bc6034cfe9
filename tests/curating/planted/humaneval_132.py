# %% renamed: contains_inner_pair
def contains_inner_pair(brackets):
    """See whether one bracket pair can be found inside of another.

    The text consists of ``[`` and ``]`` alone. Any of them may be skipped, as long
    as the rest are kept in their order and form a proper nesting.

    contains_inner_pair('[]][]]') -> True
    contains_inner_pair('[[][') -> False
    contains_inner_pair('][[]]') -> True
    contains_inner_pair('][][') -> False
    """
    openings = []
    closings = []
    for position, bracket in enumerate(brackets):
        target = openings if bracket == "[" else closings
        target.append(position)
    depth = 0
    for opening in openings:
        if depth == len(closings):
            break
        if opening < closings[-1 - depth]:
            depth += 1
    return depth > 1

# %% algorithm: nests
import re


def nests(text):
    """Search for two openings that are followed, sooner or later, by two closings.

    >>> nests('[][]]')
    True
    >>> nests('[]')
    False
    """
    return re.search(r"\[.*\[.*\].*\]", text) is not None

# %% wrapped: BracketScanner.has_nesting
class BracketScanner:
    """Matches a pattern of brackets, one after the other, in a longer text."""

    def __init__(self, wanted="[[]]"):
        self.wanted = wanted

    def has_nesting(self, line):
        """Can the wanted pattern be read off ``line`` by leaving characters out?

        >>> BracketScanner().has_nesting('[[[]')
        False
        >>> BracketScanner().has_nesting('][]][[]]')
        True
        """
        stream = iter(line)
        return all(symbol in stream for symbol in self.wanted)
