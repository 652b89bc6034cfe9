# %% renamed: stone_rows
def stone_rows(height: int) -> list[int]:
    """Plan a heap of stones with as many rows as its top row has stones.

    Going from one row to the one after it, the count moves on to the following
    number of the same parity. The plan lists the rows in building order.

    >>> stone_rows(4)
    [4, 6, 8, 10]
    >>> stone_rows(1)
    [1]
    """
    rows = []
    stones = height
    while len(rows) < height:
        rows.append(stones)
        stones += 2
    return rows

# %% algorithm: layer_sizes
from itertools import count, islice


def layer_sizes(base):
    """List the sizes of `base` layers: the opening one has `base` pebbles, and
    odd sizes are followed by odd ones, even sizes by even ones.

    >>> layer_sizes(5)
    [5, 7, 9, 11, 13]
    """
    return list(islice(count(base, 2), base))

# %% wrapped: build_cairn
def build_cairn(levels: int, *, growth: int = 2, reverse: bool = False) -> list[int]:
    """Return the number of rocks in each level of a cairn.

    The cairn has `levels` levels and the first consists of `levels` rocks. Every
    further level is larger by `growth`, which by default keeps odd counts odd and
    even counts even.

    >>> build_cairn(2)
    [2, 4]
    >>> build_cairn(6, reverse=True)
    [16, 14, 12, 10, 8, 6]
    """
    counts = [levels + growth * level for level in range(levels)]
    if reverse:
        counts.reverse()
    return counts
