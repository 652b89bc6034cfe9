# %% renamed: lacks_close_repeats
def lacks_close_repeats(word):
    """Check a word for equal letters that stand side by side or have just one
    letter between them. Words of one or two letters always fail.

        lacks_close_repeats("planet")  ->  True
        lacks_close_repeats("banana")  ->  False
        lacks_close_repeats("no")      ->  False
    """
    size = len(word)
    if size < 3:
        return False

    position = 2
    while position < size:
        oldest, middle, newest = word[position - 2 : position + 1]
        if newest in (oldest, middle) or oldest == middle:
            return False
        position += 1
    return True

# %% algorithm: every_triple_varies
import re

_NEAR_TWIN = re.compile(r"(.).?\1", re.DOTALL)


def every_triple_varies(letters: str) -> bool:
    """Is each window of three neighbouring letters made of three different ones?

    A back-reference finds a letter that comes again one or two places further on.
    Strings too short for a single window do not qualify.

    >>> every_triple_varies("qwerty")
    True
    >>> every_triple_varies("kayak")
    False
    """
    if len(letters) <= 2:
        return False
    return _NEAR_TWIN.search(letters) is None

# %% wrapped: is_cheerful
def is_cheerful(chars, width=3):
    """Report if a text is "cheerful": no letter returns within `width` places.

    The text has to hold at least `width` letters.

    Args:
        chars: the text to look at.
        width: how many letters in a row have to be different.

    >>> is_cheerful("bread")
    True
    >>> is_cheerful("bread and butter")
    False
    >>> is_cheerful("b")
    False
    """
    if len(chars) < width:
        return False
    last_seen = {}
    for place, char in enumerate(chars):
        previous = last_seen.get(char)
        if previous is not None and place - previous < width:
            return False
        last_seen[char] = place
    return True
