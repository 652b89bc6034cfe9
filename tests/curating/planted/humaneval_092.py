# %% renamed: forms_integer_triple
def forms_integer_triple(first, second, third) -> bool:
    """Tell whether two of the arguments add up to the remaining one.

    Anything that is not an int among the three makes the answer False.

    >>> forms_integer_triple(10, 4, 6)
    True
    >>> forms_integer_triple(10, 4, 5)
    False
    >>> forms_integer_triple(1.0, 2, 3)
    False
    """
    trio = (first, second, third)
    for member in trio:
        if not isinstance(member, int):
            return False
    if first == second + third:
        return True
    if second == first + third:
        return True
    return third == first + second

# %% algorithm: one_is_sum_of_rest
def one_is_sum_of_rest(a, b, c):
    """Check that a, b, c are ints and that one is what the other two make together.

    Twice a number equals the sum of all three exactly when that number is the sum
    of its two companions, so a single total is enough.

    >>> one_is_sum_of_rest(-8, 3, -5)
    True
    >>> one_is_sum_of_rest(0.5, 0.5, 1)
    False
    """
    everything = [a, b, c]
    if any(type(number) is not int for number in everything):
        return False
    return sum(everything) in {2 * number for number in everything}

# %% wrapped: AdditionTriangle.holds
from itertools import permutations


class AdditionTriangle:
    """Three numbers hang together if some two of them produce the last."""

    def __init__(self, number_type=int):
        self.number_type = number_type

    def holds(self, left, middle, right):
        """True for integers of which one equals the others combined.

        >>> AdditionTriangle().holds(20, -5, 15)
        True
        >>> AdditionTriangle().holds(1, 1, 1)
        False
        >>> AdditionTriangle().holds(2.0, 1, 1)
        False
        """
        corners = left, middle, right
        if not all(isinstance(corner, self.number_type) for corner in corners):
            return False
        return any(p + q == r for p, q, r in permutations(corners))
