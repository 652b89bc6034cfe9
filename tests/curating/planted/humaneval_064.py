# %% renamed: tally_open_sounds
def tally_open_sounds(term: str) -> int:
    """Count a, e, i, o and u in `term`, plus a closing y.

    Upper and lower case make no difference. A y anywhere but in last position is
    treated as a consonant.

    >>> tally_open_sounds("Yearly")
    3
    >>> tally_open_sounds("rhythm")
    0
    """
    lowered = term.lower()
    tally = 0
    for letter in lowered:
        if letter in "aeiou":
            tally += 1
    return tally + 1 if lowered.endswith("y") else tally

# %% algorithm: sonorant_total
import re


def sonorant_total(token):
    """Number of vowels in a single English token.

    The five usual letters always qualify; the letter Y does so only as the last
    character of the token.

    >>> sonorant_total("Symphony")
    2
    >>> sonorant_total("OBOE")
    3
    """
    return len(re.findall(r"[aeiou]|y$", token, flags=re.IGNORECASE))

# %% wrapped: syllabic_letters
def syllabic_letters(entry: str, *, core: str = "aeiou", final: str = "y") -> int:
    """How many letters of `entry` are vowels?

    Args:
        entry: The word to look at, in any mixture of cases.
        core: Letters that are vowels wherever they stand.
        final: Letters that are vowels only when the word stops on them.

    >>> syllabic_letters("Day")
    2
    >>> syllabic_letters("yoyo")
    2
    >>> syllabic_letters("yoyo", core="aeiouy")
    4
    """
    if not entry:
        return 0
    *body, tail = entry.casefold()
    inside = sum(body.count(vowel) for vowel in core)
    return inside + (tail in core or tail in final)
