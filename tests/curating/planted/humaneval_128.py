# %% renamed: signed_magnitude_total
def signed_magnitude_total(values):
    """Sum up the absolute values and give the result the combined sign of them all.

    The combined sign is what one gets by multiplying the signs (+1, 0 or -1) of
    the single values, so one zero is enough to make the result zero. Without any
    values there is no result, that is None.

    >>> signed_magnitude_total([5, -2, 3])
    -10
    >>> signed_magnitude_total([-6, -1])
    7
    >>> signed_magnitude_total([4, 0, -9])
    0
    """
    if len(values) == 0:
        return None
    sign = 1
    magnitude = 0
    for value in values:
        magnitude += abs(value)
        if value == 0:
            sign = 0
        elif value < 0:
            sign = -sign
    return sign * magnitude

# %% algorithm: weigh_by_sign
from functools import reduce


def weigh_by_sign(integers):
    """Product of signs times sum of sizes, folded together in a single pass.

    >>> weigh_by_sign([-7, 2])
    -9
    >>> weigh_by_sign(()) is None
    True
    """

    def combine(state, item):
        sign, size = state
        return sign * ((item > 0) - (item < 0)), size + max(item, -item)

    if not integers:
        return None
    sign, size = reduce(combine, integers, (1, 0))
    return sign * size

# %% wrapped: SignedSum.compute
import math


class SignedSum:
    """Adds up distances from zero, with one sign in front of the whole."""

    def __init__(self, default=None):
        self.default = default

    def compute(self, entries):
        """Return the signed sum of ``entries``, or the default if there are none.

        >>> SignedSum().compute([3, 3, -5])
        -11
        >>> SignedSum().compute([-2, -2, -2, -2])
        8
        """
        if not entries:
            return self.default
        product = math.prod(entries)
        size = sum(map(abs, entries))
        if product == 0:
            return 0
        return size if product > 0 else -size
