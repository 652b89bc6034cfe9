# %% renamed: holds_some_rotation
def holds_some_rotation(haystack: str, needle: str) -> bool:
    """Is `needle`, turned round by any number of letters, part of `haystack`?

    To turn a word is to move letters from its front to its back.

    >>> holds_some_rotation("turntable", "bleta")
    True
    >>> holds_some_rotation("turntable", "nut")
    False
    """
    if not needle:
        return True
    turned = needle
    for _ in needle:
        if turned in haystack:
            return True
        turned = turned[1:] + turned[0]
    return False

# %% algorithm: shares_cycle
def shares_cycle(text, word):
    """Compare all windows of `text` with the set of cyclic shifts of `word`.

    >>> shares_cycle("keyboard", "bay")
    False
    >>> shares_cycle("keyboard", "ardbo")
    True
    """
    width = len(word)
    shifts = {word[cut:] + word[:cut] for cut in range(width)} or {""}
    windows = {text[at : at + width] for at in range(len(text) - width + 1)}
    return not shifts.isdisjoint(windows)

# %% wrapped: RotationSearch.matches
from collections import deque


class RotationSearch:
    """Looks for words in a text, wherever the words may begin in their circle."""

    def __init__(self, ignore_case=False):
        self.ignore_case = ignore_case

    @staticmethod
    def _circle(word):
        ring = deque(word)
        for _ in range(max(1, len(ring))):
            yield "".join(ring)
            ring.rotate(1)

    def matches(self, passage, word):
        """Tell if `passage` contains `word` or one of its circular shifts.

        >>> RotationSearch().matches("gardener", "deneg")
        False
        >>> RotationSearch().matches("gardener", "nede")
        True
        >>> RotationSearch(ignore_case=True).matches("GARDENER", "nede")
        True
        """
        if self.ignore_case:
            passage, word = passage.lower(), word.lower()
        return any(shift in passage for shift in self._circle(word))
