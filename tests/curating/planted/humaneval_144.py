# %% renamed: product_is_whole
def product_is_whole(left, right):
    """Multiply two fractions given as text and see if the product is an integer.

    Each text has the form "a/b" with a and b positive.

    product_is_whole("3/4", "8/1") -> True, the product is 6
    product_is_whole("3/4", "2/1") -> False, the product is 1.5
    """
    top, bottom = 1, 1
    for fraction in (left, right):
        upper, lower = fraction.split("/")
        top *= int(upper)
        bottom *= int(lower)
    return top % bottom == 0

# %% algorithm: multiplies_to_integer
from fractions import Fraction


def multiplies_to_integer(first: str, second: str) -> bool:
    """Tell whether nothing but 1 stays in the denominator once the two fractions
    have been multiplied and reduced.

    >>> multiplies_to_integer("9/2", "4/3")
    True
    >>> multiplies_to_integer("9/2", "5/3")
    False
    """
    return (Fraction(first) * Fraction(second)).denominator == 1

# %% wrapped: FractionMultiplier.cancels
from math import gcd


class FractionMultiplier:
    """Works with ratios written as two positive integers around a slash."""

    def __init__(self, slash="/"):
        self.slash = slash

    def _parse(self, ratio):
        over, _, under = ratio.partition(self.slash)
        return int(over), int(under)

    def cancels(self, one, other):
        """Check that both denominators vanish when the ratios are multiplied.

        They are cancelled step by step against the numerators: for "4/9" and
        "27/2" both vanish, for "4/9" and "3/2" a 3 is left over.
        """
        over_one, under_one = self._parse(one)
        over_other, under_other = self._parse(other)
        denominator = under_one * under_other
        for numerator in (over_one, over_other):
            denominator //= gcd(numerator, denominator)
        return denominator == 1
