# %% renamed: binary_mean
def binary_mean(low, high):
    """Mean of all whole numbers from low up to high, rounded, in binary notation.

    Both ends belong to the span. If low lies above high there is no span, and
    the answer is -1.

    Example:
    binary_mean(2, 4) => "0b11"
    binary_mean(30, 40) => "0b100011"
    binary_mean(9, 8) => -1
    """
    if low > high:
        return -1
    total = 0
    how_many = 0
    current = low
    while current <= high:
        total += current
        how_many += 1
        current += 1
    mean = total / how_many
    return bin(round(mean))

# %% algorithm: midpoint_bits
def midpoint_bits(first, last):
    """Consecutive integers average out at the middle of their two ends.

    So the middle is taken straight away; a half is settled in favour of the even
    neighbour. An upside-down range gives -1.

    >>> midpoint_bits(6, 10)
    '0b1000'
    >>> midpoint_bits(3, 4)
    '0b100'
    """
    if first > last:
        return -1
    middle, half = divmod(first + last, 2)
    if half and middle % 2 == 1:
        middle += 1
    return "0b" + format(middle, "b")

# %% wrapped: RangeStats.center
from statistics import mean


class RangeStats:
    """Small statistics over inclusive integer ranges."""

    def __init__(self, missing=-1):
        self.missing = missing

    def center(self, begin, end):
        """Binary form of the nearest integer to the mean of ``begin..end``.

        >>> RangeStats().center(11, 15)
        '0b1101'
        >>> RangeStats().center(4, 2)
        -1
        """
        members = range(begin, end + 1)
        if not members:
            return self.missing
        return bin(round(mean(members)))
