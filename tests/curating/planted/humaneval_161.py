# %% renamed: flip_case_or_reverse
def flip_case_or_reverse(text):
    """Turn capital letters into small ones and small ones into capitals.

    Digits, signs and the like are left untouched. Should the text have no letter
    in it at all, it is given back from end to start.

    Examples
    flip_case_or_reverse("Room 7b") = "rOOM 7B"
    flip_case_or_reverse("09-12") = "21-90"
    """
    found_letter = False
    output = []
    for char in text:
        if char.isalpha():
            found_letter = True
            char = char.swapcase()
        output.append(char)
    if not found_letter:
        output.reverse()
    return "".join(output)

# %% algorithm: invert_letters
import re


def invert_letters(source):
    """Swap case by regular expression; no replacements at all means: turn around.

    >>> invert_letters("x+Y=3")
    'X+y=3'
    >>> invert_letters("<<1")
    '1<<'
    """
    swapped, replaced = re.subn(
        r"[^\W\d_]", lambda match: match.group().swapcase(), source
    )
    return swapped if replaced else source[::-1]

# %% wrapped: toggle
def toggle(phrase, *, reverse_plain=True):
    """Toggle the case of the letters in a phrase.

    A phrase made only of other characters is reversed, unless ``reverse_plain``
    says not to.

    >>> toggle("pH 8")
    'Ph 8'
    >>> toggle("8:45")
    '54:8'
    >>> toggle("8:45", reverse_plain=False)
    '8:45'
    """
    if any(map(str.isalpha, phrase)):
        return phrase.swapcase()
    return "".join(reversed(phrase)) if reverse_plain else phrase
