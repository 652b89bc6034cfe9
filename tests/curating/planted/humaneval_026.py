# %% renamed: keep_singletons
from typing import Dict, List


def keep_singletons(values: List[int]) -> List[int]:
    """Return only those entries that appear exactly one time, in their given order.

    >>> keep_singletons([7, 8, 7, 9])
    [8, 9]
    >>> keep_singletons([5, 5, 5])
    []
    """
    frequency: Dict[int, int] = {}
    for value in values:
        frequency[value] = frequency.get(value, 0) + 1

    survivors = []
    for value in values:
        if frequency[value] > 1:
            continue
        survivors.append(value)
    return survivors

# %% algorithm: lone_entries
from itertools import groupby


def lone_entries(data):
    """Drop every value that has a twin somewhere in `data`.

    The positions are sorted by value, so that equal values become neighbours;
    groups of one are kept and brought back into the sequence they had.

    lone_entries([10, 4, 10, 6, 0]) -> [4, 6, 0]
    """
    by_value = sorted(range(len(data)), key=data.__getitem__)
    kept = []
    for _, group in groupby(by_value, key=data.__getitem__):
        positions = list(group)
        if len(positions) == 1:
            kept.append(positions[0])
    return [data[position] for position in sorted(kept)]

# %% wrapped: TwinRemover.clean
class TwinRemover:
    """Removes all copies of repeated integers from a sequence."""

    def __init__(self):
        self.last_removed = set()

    def clean(self, sequence):
        """Filter `sequence` down to the members without a second copy.

        The relative order stays as it was. The repeated values themselves can be
        looked up afterwards in `last_removed`.

        >>> TwinRemover().clean([1, 1, 6, 2, 3, 2])
        [6, 3]
        """
        once, repeated = set(), set()
        for item in sequence:
            if item in once:
                repeated.add(item)
            once.add(item)
        self.last_removed = repeated
        return [item for item in sequence if item not in repeated]
