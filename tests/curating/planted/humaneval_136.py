# %% renamed: nearest_to_zero
def nearest_to_zero(numbers):
    """Look on both sides of zero for the number that is closest to it.

    The first part of the answer comes from the numbers below zero and the second
    from those above; a side on which there are none is reported as None.

    nearest_to_zero([8, -3, 6, -12]) == (-3, 6)
    nearest_to_zero([-5, 0]) == (-5, None)
    nearest_to_zero([0, 0]) == (None, None)
    """
    below = None
    above = None
    for number in numbers:
        if number < 0:
            if below is None or number > below:
                below = number
        elif number > 0:
            if above is None or number < above:
                above = number
    return below, above

# %% algorithm: straddle_zero
from bisect import bisect_left, bisect_right


def straddle_zero(data):
    """The neighbours that zero has in the sorted data, to its left and to its right.

    >>> straddle_zero([14, -2, 3, -30])
    (-2, 3)
    >>> straddle_zero([0, 10])
    (None, 10)
    """
    ordered = sorted(data)
    left = bisect_left(ordered, 0)
    right = bisect_right(ordered, 0)
    lower = ordered[left - 1] if left > 0 else None
    upper = ordered[right] if right < len(ordered) else None
    return lower, upper

# %% wrapped: closest_pair
def closest_pair(items, *, pivot=0, missing=None):
    """Pair up the maximum of the items under ``pivot`` with the minimum over it.

    >>> closest_pair([-8, -1, 2])
    (-1, 2)
    >>> closest_pair([4, 9, 7], pivot=8)
    (7, 9)
    """
    lows = (item for item in items if item < pivot)
    highs = (item for item in items if item > pivot)
    return max(lows, default=missing), min(highs, default=missing)
