# %% renamed: capital_code_total
def capital_code_total(phrase):
    """Add up the character codes of all capital letters in `phrase`.

    Small letters, blanks and punctuation count for nothing:

        capital_code_total("Zoo") gives 90
        capital_code_total("x-Y-z") gives 89
        capital_code_total("none") gives 0
    """
    total = 0
    for symbol in phrase:
        if not symbol.isupper():
            continue
        total += ord(symbol)
    return total

# %% algorithm: shouted_bytes
import re


def shouted_bytes(message: str) -> int:
    """Weigh the shouting in a message.

    All letters from A to Z are cut out with a regular expression; the byte values
    of what was cut out are summed.

    >>> shouted_bytes("Big Cat")
    133
    >>> shouted_bytes("quiet")
    0
    """
    loud = "".join(re.findall(r"[A-Z]+", message))
    return sum(loud.encode("ascii"))

# %% wrapped: uppercase_weight
def uppercase_weight(characters, start=0):
    """Sum `ord` over the majuscules among `characters`.

    Args:
        characters: any string, possibly empty.
        start: a value the sum begins with, for adding up several strings.

    >>> uppercase_weight("McDonald")
    145
    >>> uppercase_weight("QA", start=4)
    150
    """
    return sum(map(ord, filter(str.isupper, characters)), start)
