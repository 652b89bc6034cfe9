# %% renamed: odd_square_total
def odd_square_total(values):
    """Square the odd natural numbers in `values` and add the squares together.

    Whatever is negative, even or has a fractional part is passed over, and with
    nothing to add the answer is 0.

    odd_square_total([7, 4, 1])      gives 50
    odd_square_total([-7, 2.5, 11])  gives 121
    """
    total = 0
    for value in values:
        if isinstance(value, float):
            continue
        if value <= 0 or value % 2 == 0:
            continue
        total += value * value
    return total

# %% algorithm: add_up_odd_squares
from functools import reduce


def add_up_odd_squares(numbers: list) -> int:
    """Fold a list of numbers into the sum of squares of its positive odd integers.

    The square of an odd number m is the sum of the first m odd numbers, and that is
    how it is made here.

    >>> add_up_odd_squares([3, 8, 3])
    18
    >>> add_up_odd_squares([-5, 0.5])
    0
    """

    def square(m):
        return sum(range(1, 2 * m, 2))

    def step(so_far, number):
        if type(number) is int and number > 0 and number & 1:
            return so_far + square(number)
        return so_far

    return reduce(step, numbers, 0)

# %% wrapped: squares_of_odds
def squares_of_odds(entries, *, power=2, start=0):
    """Raise every eligible entry to a power and sum the outcome.

    Eligible are odd integers above zero; other entries (floats included) have no
    influence.

    Args:
        entries: ints and floats, maybe none.
        power: the exponent, squares by default.
        start: what the sum begins with.

    >>> squares_of_odds([13, 6, -1])
    169
    >>> squares_of_odds([1, 3], power=3)
    28
    """
    whole = (entry for entry in entries if isinstance(entry, int))
    return sum((entry**power for entry in whole if entry > 0 and entry % 2), start)
