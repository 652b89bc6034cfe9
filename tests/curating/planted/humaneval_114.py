# %% renamed: cheapest_stretch
def cheapest_stretch(costs: list[int]) -> int:
    """Find the lowest total that consecutive entries of `costs` can have.

    At least one entry has to be taken.

    >>> cheapest_stretch([3, -4, 2, -3, 5])
    -5
    >>> cheapest_stretch([6, 5])
    5
    """
    running = lowest = costs[0]
    for cost in costs[1:]:
        if running > 0:
            running = cost
        else:
            running += cost
        if running < lowest:
            lowest = running
    return lowest

# %% algorithm: deepest_drop
def deepest_drop(changes):
    """Smallest sum of a contiguous, non-empty part of `changes`.

    Seen as a walk whose steps are `changes`, this is the largest fall from any
    earlier level to a later one.

    >>> deepest_drop([5, -2, -2, 9, -3])
    -4
    >>> deepest_drop([0, 4])
    0
    """
    level = 0
    highest = 0
    drop = float("inf")
    for change in changes:
        level += change
        drop = min(drop, level - highest)
        highest = max(highest, level)
    return drop

# %% wrapped: SegmentAnalyzer.minimum
from functools import reduce


class SegmentAnalyzer:
    """Answers questions about runs of neighbouring numbers."""

    def __init__(self, pick=min):
        self.pick = pick

    def _extend(self, state, number):
        ending_here, overall = state
        ending_here = self.pick(number, ending_here + number)
        return ending_here, self.pick(overall, ending_here)

    def minimum(self, numbers):
        """Return the least sum over all runs that contain one number or more.

        >>> SegmentAnalyzer().minimum([7, -1, -1, 1, -2])
        -3
        >>> SegmentAnalyzer(pick=max).minimum([2, 3, -9])
        5
        """
        head, *tail = numbers
        _, answer = reduce(self._extend, tail, (head, head))
        return answer
