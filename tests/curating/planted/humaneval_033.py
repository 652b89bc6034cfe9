# %% renamed: order_every_third
def order_every_third(values: list) -> list:
    """Put the items at positions 0, 3, 6, ... into ascending order.

    Everything at the other positions stays where it was. The input is left
    untouched; a new list comes back.

    >>> order_every_third([9, 1, 1, 4, 0, 0, 7])
    [4, 1, 1, 7, 0, 0, 9]
    >>> order_every_third([])
    []
    """
    picked = sorted(values[::3])
    result = []
    for position, value in enumerate(values):
        if position % 3 == 0:
            result.append(picked[position // 3])
        else:
            result.append(value)
    return result

# %% algorithm: settle_thirds
import heapq


def settle_thirds(sequence):
    """Sort only those entries of `sequence` whose position is a multiple of 3.

    The entries concerned go through a heap and are written back smallest first.

    >>> settle_thirds(["c", "x", "y", "b", "z", "w", "a"])
    ['a', 'x', 'y', 'b', 'z', 'w', 'c']
    """
    heap = [sequence[k] for k in range(0, len(sequence), 3)]
    heapq.heapify(heap)
    return [entry if k % 3 else heapq.heappop(heap) for k, entry in enumerate(sequence)]

# %% wrapped: stride_sorted
def stride_sorted(data, *, step=3, descending=False):
    """Return a copy of data in which each step-th element has been sorted.

    Counting begins with the very first element; elements in between do not move.

    stride_sorted([8, 5, 5, 1, 6]) -> [1, 5, 5, 8, 6]
    stride_sorted([8, 5, 5, 1, 6], step=2) -> [5, 5, 6, 1, 8]
    """
    copy = data[:]
    slots = range(0, len(copy), step)
    chosen = [copy[slot] for slot in slots]
    chosen.sort(reverse=descending)
    for slot, element in zip(slots, chosen):
        copy[slot] = element
    return copy
