# %% renamed: rightmost_enclosed_vowel
def rightmost_enclosed_vowel(term: str) -> str:
    """Look from the end of `term` for a vowel with a consonant on either side.

    The letter is returned as written. The outermost letters cannot qualify, as
    they have a neighbour on one side only; "" says that there was no such vowel.

    >>> rightmost_enclosed_vowel("banana")
    'a'
    >>> rightmost_enclosed_vowel("TREE")
    ''
    """

    def is_vowel(letter):
        return letter.lower() in "aeiou"

    position = len(term) - 2
    while position > 0:
        before, here, after = term[position - 1 : position + 2]
        if is_vowel(here) and not is_vowel(before) and not is_vowel(after):
            return here
        position -= 1
    return ""

# %% algorithm: last_sandwiched
import re

_SANDWICH = re.compile(r".*[^aeiou]([aeiou])[^aeiou]", re.IGNORECASE)


def last_sandwiched(token):
    """Return the final vowel in `token` that is squeezed in by two consonants.

    >>> last_sandwiched("Melon")
    'o'
    >>> last_sandwiched("SKY")
    ''
    """
    # The greedy prefix makes the engine try the latest position first.
    found = _SANDWICH.match(token)
    return found[1] if found else ""

# %% wrapped: VowelFinder.nearest_to_end
class VowelFinder:
    """Finds vowels by what surrounds them."""

    def __init__(self, vowels="aeiou"):
        self.vowels = set(vowels.lower() + vowels.upper())

    def nearest_to_end(self, entry):
        """Which vowel between two consonants stands closest to the end of `entry`?

        Case is kept; an empty string means none.

        >>> VowelFinder().nearest_to_end("Pencil")
        'i'
        >>> VowelFinder().nearest_to_end("ROBOTIC")
        'I'
        >>> VowelFinder().nearest_to_end("oboe")
        ''
        """
        backwards = entry[::-1]
        triples = zip(backwards, backwards[1:], backwards[2:])
        pattern = [False, True, False]
        hits = (
            triple[1]
            for triple in triples
            if [char in self.vowels for char in triple] == pattern
        )
        return next(hits, "")
