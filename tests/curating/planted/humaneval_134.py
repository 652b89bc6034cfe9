# %% renamed: ends_in_lone_letter
def ends_in_lone_letter(sentence):
    """Does the sentence finish with a letter standing on its own?

    On its own means: a blank in front of it, or nothing else in the sentence.

        ends_in_lone_letter("plan b")    -> True
        ends_in_lone_letter("plan bee")  -> False
        ends_in_lone_letter("plan b ")   -> False
        ends_in_lone_letter("room 7")    -> False
    """
    pieces = sentence.split(" ")
    tail = pieces[-1]
    if len(tail) != 1:
        return False
    return "a" <= tail.lower() <= "z"

# %% algorithm: final_letter_detached
import re


def final_letter_detached(line: str) -> bool:
    """Test by pattern whether the last thing in `line` is an isolated letter.

    >>> final_letter_detached("vitamin C")
    True
    >>> final_letter_detached("vitamins")
    False
    >>> final_letter_detached("")
    False
    """
    return (
        re.search(r"(?<![^ ])[a-z]\Z", line, flags=re.IGNORECASE | re.ASCII) is not None
    )

# %% wrapped: closes_with_single_letter
from string import ascii_letters


def closes_with_single_letter(words, separator=" "):
    """Tell if a one-letter item comes last.

    Args:
        words: items joined by the separator; may be empty.
        separator: the character between two items.

    Returns:
        True when the text's final character is a letter and the character before
        it, if there is one, is the separator.

    >>> closes_with_single_letter("grade A")
    True
    >>> closes_with_single_letter("grade A-")
    False
    >>> closes_with_single_letter("1,2,x", separator=",")
    True
    """
    if not words or words[-1] not in ascii_letters:
        return False
    return len(words) == 1 or words[-2] == separator
