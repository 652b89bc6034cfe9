# %% renamed: keep_whole_numbers
def keep_whole_numbers(items: list) -> list[int]:
    """Pick the ints out of a mixed bag of objects, leaving their order alone.

    >>> keep_whole_numbers([None, 7, "8", 9.0, -1])
    [7, -1]
    """
    kept = []
    for item in items:
        if not isinstance(item, int):
            continue
        kept.append(item)
    return kept

# %% algorithm: extract_ints
from operator import index


def extract_ints(mixed):
    """Collect everything in `mixed` that Python would accept as a sequence index.

    Strings, floats, containers and the like are thrown away.

    >>> extract_ints([(1, 2), 10, 2.5, {"k": 3}, 20])
    [10, 20]
    >>> extract_ints(["x"])
    []
    """
    found = []
    for thing in mixed:
        try:
            index(thing)
        except TypeError:
            pass
        else:
            found.append(thing)
    return found

# %% wrapped: TypeSieve.strain
class TypeSieve:
    """Lets through objects of the wanted type (``int`` unless told otherwise)."""

    def __init__(self, wanted: type = int):
        self.wanted = wanted

    def _fits(self, candidate) -> bool:
        return isinstance(candidate, self.wanted)

    def strain(self, mixture: list) -> list:
        """Return what is left of `mixture` after all foreign objects are removed.

        >>> TypeSieve().strain([0, "zero", 0.0, [0], 12])
        [0, 12]
        >>> TypeSieve(str).strain([0, "zero"])
        ['zero']
        """
        return list(filter(self._fits, mixture))
