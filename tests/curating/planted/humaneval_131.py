# %% renamed: multiply_odd_figures
def multiply_odd_figures(number: int) -> int:
    """Multiply together those decimal figures of `number` that are odd.

    When it has none the result is zero.

    >>> multiply_odd_figures(3074)
    21
    >>> multiply_odd_figures(806)
    0
    """
    odd_figures = [int(figure) for figure in str(number) if figure in "13579"]
    if not odd_figures:
        return 0
    result = odd_figures[0]
    for figure in odd_figures[1:]:
        result *= figure
    return result

# %% algorithm: odd_part_product
def odd_part_product(value):
    """Product of the odd ones among the base-10 places of a positive integer.

    Works from the units place up, without going through a string; gives 0 if every
    place holds an even figure.

    >>> odd_part_product(1937)
    189
    >>> odd_part_product(40)
    0
    """

    def descend(rest, so_far):
        if rest == 0:
            return so_far
        higher, unit = divmod(rest, 10)
        if unit % 2:
            so_far = unit * (so_far or 1)
        return descend(higher, so_far)

    return descend(value, 0)

# %% wrapped: fold_odd_places
from math import prod


def fold_odd_places(integer: int, *, combine=prod, empty: int = 0) -> int:
    """Combine the odd decimal places of `integer` into one number.

    Args:
        integer: A number above zero.
        combine: What to do with the odd places; they are multiplied by default.
        empty: The result when all places are even.

    >>> fold_odd_places(6579)
    315
    >>> fold_odd_places(6579, combine=sum)
    21
    >>> fold_odd_places(22)
    0
    """
    places = list(filter(lambda place: place & 1, map(int, str(integer))))
    return combine(places) if places else empty
