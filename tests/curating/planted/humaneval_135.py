# %% renamed: last_descent
def last_descent(sequence: list[int]) -> int:
    """Give the position of the last item that is smaller than its left neighbour.

    A sequence that never goes down gives -1. All items are different.

    >>> last_descent([9, 3, 6, 5, 8])
    3
    >>> last_descent([10, 20])
    -1
    """
    for position in reversed(range(1, len(sequence))):
        if sequence[position] < sequence[position - 1]:
            return position
    return -1

# %% algorithm: final_dip
from itertools import pairwise


def final_dip(heights):
    """Where, counting from zero, does `heights` fall for the last time?

    >>> final_dip([2, 1, 4, 3, 5, 6])
    3
    >>> final_dip([5])
    -1
    """
    dips = [
        where
        for where, (left, right) in enumerate(pairwise(heights), 1)
        if right < left
    ]
    return max(dips, default=-1)

# %% wrapped: latest_out_of_order
def latest_out_of_order(numbers, *, key=None, missing=-1):
    """Search backwards for a number that breaks the rising order.

    Such a number is less than the one right in front of it; its index is the
    answer. Use `key` to compare something other than the numbers themselves, and
    `missing` to choose the answer for input that is in order throughout.

    latest_out_of_order([6, 7, 1, 2]) -> 2
    latest_out_of_order([1, 6, 7]) -> -1
    latest_out_of_order([1, 6, 7], missing=None) -> None
    """
    ranks = list(numbers) if key is None else [key(number) for number in numbers]
    while len(ranks) > 1:
        current = ranks.pop()
        if current < ranks[-1]:
            return len(ranks)
    return missing
