# %% renamed: pick_lowest_even
def pick_lowest_even(nodes):
    """Choose the least of the even numbers on a branch.

    Gives ``[value, position]``. With ties, the leftmost one wins. With no even
    number on the branch (or nothing at all), gives an empty list.

    >>> pick_lowest_even([9, 8, 6, 6])
    [6, 2]
    >>> pick_lowest_even([3, 11])
    []
    """
    best = None
    for node in nodes:
        if node % 2 != 0:
            continue
        if best is None or node < best:
            best = node
    if best is None:
        return []
    return [best, nodes.index(best)]

# %% algorithm: smallest_even_entry
def smallest_even_entry(branch):
    """Value and position of the minimal even entry of ``branch``.

    Pairs compare by value and then by position, so the earlier of equal entries
    is preferred without further ado.

    >>> smallest_even_entry([10, 7, 4, 12, 4])
    [4, 2]
    >>> smallest_even_entry([])
    []
    """
    ranked = sorted((value, spot) for spot, value in enumerate(branch) if not value & 1)
    return list(ranked[0]) if ranked else []

# %% wrapped: Orchard.harvest
class Orchard:
    """A fruit picker that only takes even fruit."""

    def __init__(self):
        self.divisor = 2

    def harvest(self, fruits):
        """Return ``[fruit, where]`` for the tiniest even fruit, nearest to the start.

        An orchard with odd fruit only yields ``[]``.

        >>> Orchard().harvest([13, 16, 2, 2])
        [2, 2]
        """
        eligible = [i for i, fruit in enumerate(fruits) if fruit % self.divisor == 0]
        where = min(eligible, key=fruits.__getitem__, default=None)
        return [] if where is None else [fruits[where], where]
