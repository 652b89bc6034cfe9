# %% renamed: count_bucket_trips order 1,0
import math


def count_bucket_trips(bucket_size, wells):
    """How often must a bucket go down until all wells are dry?

    ``wells`` is a list of rows of zeros and ones; every row is a well of its own
    and its ones are its units of water. A bucket takes up to ``bucket_size``
    units each time and is never shared between wells.

    >>> count_bucket_trips(2, [[1, 1, 1], [0, 1, 0]])
    3
    >>> count_bucket_trips(3, [[0, 0], [0, 0]])
    0
    """
    trips = 0
    for well in wells:
        water = 0
        for unit in well:
            water += unit
        trips += math.ceil(water / bucket_size)
    return trips

# %% algorithm: empty_all
def empty_all(rows, volume):
    """Simulate the emptying, one dip after the other, and count the dips.

    >>> empty_all([[1, 1, 1, 1, 1], [1, 0, 0, 0, 1]], 4)
    3
    """
    dips = 0
    levels = [row.count(1) for row in rows]
    while any(level > 0 for level in levels):
        dips += sum(level > 0 for level in levels)
        levels = [level - volume for level in levels]
    return dips

# %% wrapped: lowerings order 1,0
def lowerings(limit, field, *, full=1):
    """Number of scoops of at most ``limit`` units to drain each line of the field.

    Cells equal to ``full`` hold a unit of water, the others are dry.

    >>> lowerings(3, [[1, 1, 1, 1], [1, 0, 0, 1]])
    3
    >>> lowerings(1, ["#..#", "...#"], full="#")
    3
    """
    amounts = (sum(cell == full for cell in line) for line in field)
    return sum(-(-amount // limit) for amount in amounts)
