# %% renamed: complete_mirror
def reads_same_backwards(chunk: str) -> bool:
    """Tell whether `chunk` is unchanged when it is reversed."""
    left, right = 0, len(chunk) - 1
    while left < right:
        if chunk[left] != chunk[right]:
            return False
        left += 1
        right -= 1
    return True


def complete_mirror(word: str) -> str:
    """Extend a word on the right, by as few letters as possible, until it is
    symmetric.

    The tail of the word that is symmetric already is left alone; everything in
    front of it is repeated in reverse order after the word.

    >>> complete_mirror("race")
    'racecar'
    >>> complete_mirror("noon")
    'noon'
    >>> complete_mirror("abb")
    'abba'
    """
    for cut in range(len(word)):
        if reads_same_backwards(word[cut:]):
            head = word[:cut]
            return word + "".join(reversed(head))
    return word

# %% algorithm: symmetric_extension
def symmetric_extension(seed: str) -> str:
    """Grow `seed` into the smallest mirror-symmetric text having it as a prefix.

    Runs in linear time: the border table (as in Knuth-Morris-Pratt) of the
    reversed seed joined with the seed itself tells how many trailing characters
    are already symmetric, so only the others have to be echoed.

    >>> symmetric_extension("level")
    'level'
    >>> symmetric_extension("banan")
    'bananab'
    """
    flipped = seed[::-1]
    combined = [*flipped, None, *seed]
    border = [0] * len(combined)
    for pos in range(1, len(combined)):
        length = border[pos - 1]
        while length and combined[pos] != combined[length]:
            length = border[length - 1]
        if combined[pos] == combined[length]:
            length += 1
        border[pos] = length
    return seed + flipped[border[-1] :]

# %% wrapped: MirrorBuilder.close
class MirrorBuilder:
    """Turns arbitrary text into text that can be read in both directions."""

    def __init__(self, ignore_case=False):
        self.ignore_case = ignore_case

    def _symmetric(self, piece):
        if self.ignore_case:
            piece = piece.lower()
        return all(a == b for a, b in zip(piece, reversed(piece)))

    def close(self, opening):
        """Return `opening` plus the fewest characters that make it symmetric.

        For instance "go" becomes "gog", and "deed" needs nothing at all.
        """
        extra = []
        rest = opening
        while not self._symmetric(rest):
            extra.insert(0, rest[0])
            rest = rest[1:]
        return opening + "".join(extra)
