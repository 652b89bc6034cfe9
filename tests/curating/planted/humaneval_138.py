# %% renamed: has_four_even_parts
def has_four_even_parts(total):
    """Can `total` be split into four even numbers, all of them greater than zero?

    has_four_even_parts(14) -> True   (2 + 2 + 4 + 6, say)
    has_four_even_parts(9)  -> False
    has_four_even_parts(2)  -> False
    """
    smallest_possible = 4 * 2
    if total < smallest_possible:
        return False
    if total % 2 != 0:
        return False
    return True

# %% algorithm: search_even_quadruple
from itertools import combinations_with_replacement


def search_even_quadruple(goal: int) -> bool:
    """Try out all triples of positive even numbers and see whether some triple
    leaves a positive even rest on the way to `goal`.

    >>> search_even_quadruple(18)
    True
    >>> search_even_quadruple(7)
    False
    """
    evens = range(2, goal, 2)
    for triple in combinations_with_replacement(evens, 3):
        rest = goal - sum(triple)
        if rest > 0 and rest % 2 == 0:
            return True
    return False

# %% wrapped: splits_evenly
def splits_evenly(target, parts=4):
    """Find out if a target is reachable by adding even summands.

    Args:
        target: the number to reach.
        parts: how many summands to use; each of them is at least 2.

    >>> splits_evenly(20)
    True
    >>> splits_evenly(21)
    False
    >>> splits_evenly(6, parts=3)
    True
    """
    if parts == 1:
        return target >= 2 and target % 2 == 0
    return any(
        splits_evenly(target - summand, parts - 1) for summand in range(2, target, 2)
    )
