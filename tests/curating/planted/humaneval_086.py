# %% renamed: tidy_words
def tidy_words(text):
    """Rearrange the letters within each word from lowest to highest character code.

    Words stay in their places, and so does every blank, even when several of
    them follow each other.

    Example:
    tidy_words('cab Zoo') returns 'abc Zoo'
    tidy_words('big  dog') returns 'bgi  dgo'
    """
    tidied = []
    for word in text.split(" "):
        letters = list(word)
        letters.sort()
        tidied.append("".join(letters))
    return " ".join(tidied)

# %% algorithm: alphabetize_each
import re


def alphabetize_each(line):
    """Sort the characters of all the runs between blanks.

    >>> alphabetize_each("tea at four?")
    'aet at ?foru'
    """

    def in_order(match):
        return "".join(sorted(match.group()))

    return re.sub(r"[^ ]+", in_order, line)

# %% wrapped: WordSorter.apply
class WordSorter:
    """Puts characters into code point order, one word after another."""

    def __init__(self, gap=" "):
        self.gap = gap

    def apply(self, phrase):
        """Return ``phrase`` with each of its words spelled in sorted order.

        >>> WordSorter().apply("Good day")
        'Gdoo ady'
        """
        output = ""
        pending = []
        for symbol in phrase:
            if symbol != self.gap:
                pending.append(symbol)
                continue
            output += "".join(sorted(pending)) + symbol
            pending = []
        return output + "".join(sorted(pending))
