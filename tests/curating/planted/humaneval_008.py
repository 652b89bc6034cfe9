# %% renamed: fold_both_ways
from typing import List, Tuple


def fold_both_ways(values: List[int]) -> Tuple[int, int]:
    """Add up everything in ``values`` and also multiply it all together.

    Both outcomes come back as one pair, the total first. When there is nothing
    to combine, the neutral elements of the two operations are given back.

    >>> fold_both_ways([2, 5, 6])
    (13, 60)
    >>> fold_both_ways([-3, 4])
    (1, -12)
    """
    result = (0, 1)
    position = 0
    while position < len(values):
        current = values[position]
        result = (result[0] + current, result[1] * current)
        position += 1
    return result

# %% algorithm: accumulate_ends
import math


def accumulate_ends(items):
    """Compute the additive and the multiplicative total of some whole numbers.

    >>> accumulate_ends([6, 7])
    (13, 42)
    >>> accumulate_ends(())
    (0, 1)
    """
    items = tuple(items)
    return sum(items), math.prod(items)

# %% wrapped: Aggregator.reduce_pair
from functools import reduce
from operator import add, mul


class Aggregator:
    """Combines integers under addition and multiplication at once."""

    def __init__(self, zero=0, one=1):
        self.zero = zero
        self.one = one

    def reduce_pair(self, data):
        """Give ``(total, multiplied)`` for the integers in ``data``.

        >>> Aggregator().reduce_pair([9, 2, 2])
        (13, 36)
        """
        total = reduce(add, data, self.zero)
        multiplied = reduce(mul, data, self.one)
        return total, multiplied
