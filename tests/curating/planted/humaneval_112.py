# %% renamed: strip_and_mirror
def strip_and_mirror(text, unwanted):
    """Drop the unwanted characters from a text and see if a mirror image is left.

    Gives back a pair: what is left of ``text``, and whether it is the same when
    read from its end.

    Examples
    strip_and_mirror("planet", "ln") is ('paet', False)
    strip_and_mirror("xlevelx", "x") is ('level', True)
    """
    kept = []
    for letter in text:
        if letter in unwanted:
            continue
        kept.append(letter)
    remaining = "".join(kept)
    mirrored = "".join(reversed(kept))
    return remaining, remaining == mirrored

# %% algorithm: filter_palindrome
def filter_palindrome(source, banned):
    """Erase ``banned`` by translation, then compare characters from both ends inward.

    >>> filter_palindrome("t-o-o-t", "-")
    ('toot', True)
    >>> filter_palindrome("python", "yo")
    ('pthn', False)
    """
    rest = source.translate(str.maketrans("", "", banned))
    left, right = 0, len(rest) - 1
    while left < right:
        if rest[left] != rest[right]:
            return rest, False
        left += 1
        right -= 1
    return rest, True

# %% wrapped: Eraser.clean
class Eraser:
    """Rubs characters out of words."""

    def __init__(self, replacement=""):
        self.replacement = replacement

    def clean(self, word, letters):
        """Rub ``letters`` out of ``word``; also report if the result is symmetric.

        >>> Eraser().clean("rotator!", "!a")
        ('rottor', True)
        >>> Eraser().clean("window", "w")
        ('indo', False)
        """
        for letter in set(letters):
            word = word.replace(letter, self.replacement)
        half = len(word) // 2
        symmetric = all(word[i] == word[~i] for i in range(half))
        return word, symmetric
