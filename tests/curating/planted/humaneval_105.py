# %% renamed: spell_digits_downward
def spell_digits_downward(numbers: list[int]) -> list[str]:
    """Write out the numbers 1 to 9 in English, from the biggest to the smallest.

    Numbers outside that range are dropped; repeated ones are repeated.

    >>> spell_digits_downward([7, 0, 3, 12, 7])
    ['Seven', 'Seven', 'Three']
    >>> spell_digits_downward([100])
    []
    """
    words = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]
    usable = [number for number in numbers if 1 <= number <= len(words)]
    usable.sort()
    spelled = []
    while usable:
        largest = usable.pop()
        spelled.append(words[largest - 1])
    return spelled

# %% algorithm: digit_names_by_count
from collections import Counter


def digit_names_by_count(pool):
    """Name the one-digit positive numbers found in `pool`, highest first.

    Nothing is sorted: the occurrences are counted and then read off from nine down
    to one, so whatever is not a digit never turns up.

    >>> digit_names_by_count([6, 2, 6, -6, 66])
    ['Six', 'Six', 'Two']
    """
    occurrences = Counter(pool)
    names = "Nine Eight Seven Six Five Four Three Two One".split()
    output = []
    for digit, name in zip(range(9, 0, -1), names):
        output += [name] * occurrences[digit]
    return output

# %% wrapped: DigitSpeller.spell
class DigitSpeller:
    """Turns small numbers into words."""

    VOCABULARY = dict(
        enumerate(
            ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"),
            start=1,
        )
    )

    def __init__(self, vocabulary=None):
        self.vocabulary = vocabulary or self.VOCABULARY

    def spell(self, collection):
        """Give the word for every number we have one for, in falling order.

        >>> DigitSpeller().spell([4, 5, 55, 1])
        ['Five', 'Four', 'One']
        >>> DigitSpeller({0: "Nil"}).spell([0, 1])
        ['Nil']
        """
        speakable = (entry for entry in collection if entry in self.vocabulary)
        ranked = sorted(speakable, key=lambda entry: -entry)
        return [self.vocabulary[entry] for entry in ranked]
