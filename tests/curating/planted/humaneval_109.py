# %% renamed: can_rotate_into_order
def can_rotate_into_order(values):
    """Decide whether turning a list like a wheel can bring it into rising order.

    A turn takes the final item off the end and puts it at the front; as many
    turns as one likes (none, too) may be made. All items differ. Nothing has to
    be done for a list without items, so that counts as a yes.

    can_rotate_into_order([7, 9, 2, 4]) -> True   (two turns)
    can_rotate_into_order([7, 2, 9, 4]) -> False
    """
    if not values:
        return True
    goal = sorted(values)
    pivot = values.index(goal[0])
    rotated = values[pivot:]
    rotated.extend(values[:pivot])
    for actual, wanted in zip(rotated, goal):
        if actual != wanted:
            return False
    return True

# %% algorithm: cyclically_sorted
def cyclically_sorted(ring):
    """True if the ring of numbers, read from some item on, keeps ascending.

    Going once around, including the step from the end back to the beginning, a
    rotated sorted sequence has at most a single descent.

    >>> cyclically_sorted([20, 30, 5, 10])
    True
    >>> cyclically_sorted([20, 5, 30, 10])
    False
    """
    descents = sum(ring[k - 1] > ring[k] for k in range(len(ring)))
    return descents <= 1

# %% wrapped: Carousel.sortable
from collections import deque


class Carousel:
    """Seats in a circle, which can only be moved round together."""

    def sortable(self, seats):
        """Can the carousel be turned so that the seat numbers go up?

        >>> Carousel().sortable([44, 55, 11, 22, 33])
        True
        >>> Carousel().sortable([44, 11, 55])
        False
        """
        circle = deque(seats)
        target = deque(sorted(seats))
        for _ in range(len(circle)):
            if circle == target:
                return True
            circle.rotate(1)
        return circle == target
