# %% renamed: short_number_total
def short_number_total(values, count):
    """Among the leading `count` values, total those that are written with one or
    two characters.

    For values [500, 12, 7, 60] and count 3 the result is 19: the 500 is too long,
    and the 60 comes too late.
    """
    total = 0
    for index in range(count):
        value = values[index]
        if len(str(value)) > 2:
            continue
        total += value
    return total

# %% algorithm: sum_small_prefix order 1,0
from itertools import islice


def sum_small_prefix(limit: int, integers: list) -> int:
    """Sum up the small ones of the first `limit` integers.

    Small is whatever fits into two places, that is, from -9 up to 99.

    >>> sum_small_prefix(3, [8, 100, 30, 1])
    38
    >>> sum_small_prefix(1, [2024, 5])
    0
    """
    head = islice(integers, limit)
    return sum(filter(range(-9, 100).__contains__, head))

# %% wrapped: PrefixAdder.total
class PrefixAdder:
    """Adds numbers of few digits from the beginning of a list."""

    def __init__(self, max_digits=2):
        self.ceiling = 10**max_digits

    def total(self, items, length):
        """Return the sum of all numbers below the digit limit in a prefix.

        The prefix consists of the first `length` items. With [90, 345, 6, 1] and
        a length of 3 that makes 96.
        """
        if length == 0:
            return 0
        last = items[length - 1]
        bonus = last if abs(last) < self.ceiling else 0
        return self.total(items, length - 1) + bonus
