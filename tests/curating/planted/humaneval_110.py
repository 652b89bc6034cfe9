# %% renamed: can_trade_to_even
def can_trade_to_even(mine, theirs):
    """Two players hold numbers and may swap as many of them as they like. Can the
    first player end up without any odd number? Answer "YES" or "NO".

    can_trade_to_even([3, 4], [6, 7])  gives "YES" (swap the 3 for the 6)
    can_trade_to_even([3, 5], [6, 7])  gives "NO"
    """
    unwanted = 0
    for number in mine:
        unwanted += number % 2

    for number in theirs:
        if unwanted == 0:
            break
        if number % 2 == 0:
            unwanted -= 1

    return "NO" if unwanted else "YES"

# %% algorithm: enough_evens
from itertools import chain


def enough_evens(target, reserve):
    """Say "YES" if `target` can be filled with even numbers by swapping members
    with `reserve`, else "NO".

    Since swaps are free, only the supply matters: both lists together need as many
    even numbers as `target` has places.

    >>> enough_evens([9, 9], [2, 4, 1])
    'YES'
    >>> enough_evens([9, 8, 9], [2, 1, 1])
    'NO'
    """
    supply = [number for number in chain(target, reserve) if not number & 1]
    return "YES" if len(supply) >= len(target) else "NO"

# %% wrapped: SwapPlanner.verdict
class SwapPlanner:
    """Plans swaps that free one list of its odd numbers."""

    def __init__(self, yes="YES", no="NO"):
        self.labels = {True: yes, False: no}

    def swaps(self, own, other):
        """Pair up each odd number of `own` with an even number of `other`."""
        odd = filter(lambda number: number % 2 != 0, own)
        even = filter(lambda number: number % 2 == 0, other)
        return list(zip(odd, even))

    def verdict(self, own, other):
        """Tell if the swaps suffice to leave nothing but even numbers in `own`.

        [1, 6] against [8] can be done ("YES"), [1, 1] against [8] cannot ("NO").
        """
        remaining = sum(number % 2 for number in own) - len(self.swaps(own, other))
        return self.labels[remaining == 0]
