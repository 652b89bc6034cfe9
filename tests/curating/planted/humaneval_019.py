# %% renamed: arrange_digit_words
DIGIT_NAMES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
]


def arrange_digit_words(line: str) -> str:
    """Put the English digit names found in `line` into ascending order.

    The names are separated by blanks, both in the argument and in the result.

    >>> arrange_digit_words("eight two six")
    'two six eight'
    >>> arrange_digit_words("nine zero")
    'zero nine'
    """
    words = []
    for token in line.split(" "):
        if token:
            words.append(token)
    words.sort(key=DIGIT_NAMES.index)
    return " ".join(words)

# %% algorithm: tally_and_respell
from collections import Counter


def tally_and_respell(spoken):
    """Rewrite a sentence of spelled-out digits so that the digits never decrease.

    Nothing is compared: each of the ten names is counted and then written out as
    often as it was seen.

    Example: "two one two" gives "one two two".
    """
    vocabulary = "zero one two three four five six seven eight nine".split()
    seen = Counter(spoken.split())
    output = []
    for name in vocabulary:
        output.extend([name] * seen[name])
    return " ".join(output)

# %% wrapped: rank_spelled_digits
def rank_spelled_digits(phrase, *, descending=False):
    """Reorder number words by the value they stand for.

    Args:
        phrase: words for the digits 0 to 9 with single spaces between them.
        descending: start with the greatest digit instead of the least.

    Returns:
        The same words, joined by spaces, in order of value.

    >>> rank_spelled_digits("seven four one")
    'one four seven'
    >>> rank_spelled_digits("seven four one", descending=True)
    'seven four one'
    """
    to_value = {
        "zero": 0,
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "eight": 8,
        "nine": 9,
    }
    to_word = {value: word for word, value in to_value.items()}
    values = sorted((to_value[word] for word in phrase.split()), reverse=descending)
    return " ".join(map(to_word.get, values))
