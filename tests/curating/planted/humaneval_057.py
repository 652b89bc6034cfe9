# %% renamed: never_turns
def never_turns(sequence: list) -> bool:
    """Check that a sequence goes only one way: it never drops, or it never climbs.

    Repeated values are fine in either case.

    >>> never_turns([3, 3, 8, 11])
    True
    >>> never_turns([6, 2, 5])
    False
    >>> never_turns([12, 7, 7, -4])
    True
    """
    upward = sorted(sequence)
    if sequence == upward:
        return True
    downward = upward[::-1]
    return sequence == downward

# %% algorithm: one_directional
def one_directional(points):
    """Tell whether the points head in a single direction throughout.

    Every step is looked at once. As soon as both a rise and a fall have been
    seen, the answer is no.

    >>> one_directional([0, 5, 5, 9])
    True
    >>> one_directional([1, 3, 2])
    False
    """
    rises = falls = False
    for before, after in zip(points, points[1:]):
        rises |= after > before
        falls |= after < before
        if rises and falls:
            return False
    return True

# %% wrapped: has_steady_trend
from operator import ge, gt, le, lt


def has_steady_trend(series: list, *, strict: bool = False) -> bool:
    """Does the series have one trend from start to finish?

    A flat stretch does not break the trend unless ``strict`` is set.

    >>> has_steady_trend([8, 6, 6, 1])
    True
    >>> has_steady_trend([8, 6, 6, 1], strict=True)
    False
    """
    comparisons = (lt, gt) if strict else (le, ge)
    pairs = list(zip(series[:-1], series[1:]))
    return any(all(holds(a, b) for a, b in pairs) for holds in comparisons)
