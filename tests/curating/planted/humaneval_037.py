# %% renamed: order_alternate_slots
def order_alternate_slots(values: list):
    """Put every second element, beginning with the first, into ascending order.

    Elements in slots 1, 3, 5, ... remain where they were. The input is not
    modified; a fresh list comes back.

    >>> order_alternate_slots([9, 0, 4, 7, 1])
    [1, 0, 4, 7, 9]
    >>> order_alternate_slots(["d", "x", "b", "a"])
    ['b', 'x', 'd', 'a']
    """
    picked = []
    for slot, value in enumerate(values):
        if slot % 2 == 0:
            picked.append(value)
    picked = sorted(picked)

    rebuilt = []
    for slot in range(len(values)):
        if slot % 2:
            rebuilt.append(values[slot])
        else:
            rebuilt.append(picked[slot // 2])
    return rebuilt

# %% algorithm: stride_sorted
def stride_sorted(seq):
    """Copy of ``seq`` whose 0th, 2nd, 4th, ... entries have been arranged from
    small to large among themselves.

    >>> stride_sorted([8, 2, 6, 1])
    [6, 2, 8, 1]
    """
    copy = list(seq)
    copy[::2] = sorted(copy[::2])
    return copy

# %% wrapped: rearrange_half
import heapq


def rearrange_half(items: list, offset: int = 0, *, descending: bool = False):
    """Arrange half of a list and leave the other half alone.

    Only the places ``offset``, ``offset + 2``, ``offset + 4`` and so on take part.
    They are refilled smallest first, or largest first with ``descending``.

    >>> rearrange_half([7, 1, 3, 0, 5])
    [3, 1, 5, 0, 7]
    >>> rearrange_half([7, 4, 3, 0, 5], 1)
    [7, 0, 3, 4, 5]
    """
    result = items[:]
    places = range(offset, len(items), 2)
    heap = [items[place] for place in places]
    heapq.heapify(heap)
    for place in reversed(places) if descending else places:
        result[place] = heapq.heappop(heap)
    return result
