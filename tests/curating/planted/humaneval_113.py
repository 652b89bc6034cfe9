# %% renamed: describe_odd_digits
def describe_odd_digits(codes):
    """Make one line of text for each code (a string of decimal digits).

    The line is the sentence "the number of odd elements in the string i of the
    input." in which the amount of odd digits stands in place of each letter i.

    >>> describe_odd_digits(["905", "22"])[0]
    'the number of odd elements 2n the str2ng 2 of the 2nput.'
    >>> describe_odd_digits(["905", "22"])[1]
    'the number of odd elements 0n the str0ng 0 of the 0nput.'
    """
    lines = []
    for code in codes:
        amount = 0
        for digit in code:
            if digit in "13579":
                amount += 1
        lines.append(
            f"the number of odd elements {amount}n the str{amount}ng {amount}"
            f" of the {amount}nput."
        )
    return lines

# %% algorithm: fill_in_odd_totals
import re

PATTERN = "the number of odd elements in the string i of the input."


def fill_in_odd_totals(digit_strings: list) -> list:
    """Substitute, in a fixed sentence, every "i" by a count of odd digits.

    There is one sentence for each of the given strings, in the same order; a
    string such as "4690" (one odd digit) yields "... 1n the str1ng 1 ...".
    """
    return [
        PATTERN.replace("i", str(len(re.findall("[13579]", digits))))
        for digits in digit_strings
    ]

# %% wrapped: OddReport.lines
class OddReport:
    """Reports how many odd digits there are in strings of digits."""

    def __init__(self):
        self.template = (
            "the number of odd elements {0}n the str{0}ng {0} of the {0}nput."
        )

    @staticmethod
    def _count(entry):
        return sum(entry.count(digit) for digit in "13579")

    def lines(self, entries):
        """Return a list with the filled-in template for each entry.

        >>> OddReport().lines(["5550"])
        ['the number of odd elements 3n the str3ng 3 of the 3nput.']
        """
        return list(map(self.template.format, map(self._count, entries)))
