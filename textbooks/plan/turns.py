"""Taking turns: the n-th visit to a tree whose branches are visited in turn, each a limited number of times.

A branch that has been visited as often as it can leaves the circle; a branch of weight w comes w times in each circle.
Any visit is found at once, without counting up to it. Knows nothing of what the leaves are.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run of whole circles with the same branches."""

    start: int
    """Visits before it."""
    slots: tuple[tuple[int, int], ...]
    """One circle: (branch, how often it came before in this circle)."""
    weights: dict[int, int]
    """Branch → how often it comes in one circle."""
    visited: dict[int, int]
    """Branch → visits before this stretch."""


class Turns:
    """A node: a leaf with its number, or branches that take turns."""

    def __init__(self, *, weight: int, capacity: int, leaf: int | None, branches: Sequence["Turns"] = ()) -> None:
        self.weight = weight
        self.capacity = capacity
        """How often it can be visited."""
        self._leaf = leaf
        self._branches = branches
        self._stretches = _stretches(branches)

    def visit(self, number: int) -> tuple[Path, int, int]:
        """Return (positions on the way down, the leaf's number, how often that leaf was visited before)."""
        if self._leaf is not None:
            return (), self._leaf, number
        stretch = next(one for one in reversed(self._stretches) if one.start <= number)
        circle, place = divmod(number - stretch.start, len(stretch.slots))
        branch, repeat = stretch.slots[place]
        inner = stretch.visited[branch] + circle * stretch.weights[branch] + repeat
        path, leaf, round_number = self._branches[branch].visit(inner)
        return (branch, *path), leaf, round_number


def tree(rows: Sequence[Sequence[tuple[str, int]]], capacity: int) -> Turns:
    """Build the tree of rows of (name, weight), equal beginnings sharing branches; leaves are numbered by row.

    `capacity` is how often each leaf can be visited.
    """
    return _node(list(enumerate(rows)), 0, 1, capacity)


def _node(rows: list[tuple[int, Sequence[tuple[str, int]]]], depth: int, weight: int, capacity: int) -> Turns:
    if depth == len(rows[0][1]):
        return Turns(weight=weight, capacity=capacity, leaf=rows[0][0])
    branches = []
    for (_, branch_weight), inside in itertools.groupby(rows, key=lambda row: row[1][depth]):
        branches.append(_node(list(inside), depth + 1, branch_weight, capacity))
    total = sum(branch.capacity for branch in branches)
    return Turns(weight=weight, capacity=total, leaf=None, branches=branches)


def _stretches(branches: Sequence[Turns]) -> list[Stretch]:
    left = {position: branch.capacity for position, branch in enumerate(branches)}
    visited = dict.fromkeys(left, 0)
    start, found = 0, []
    while left:
        weights = {position: min(branches[position].weight, rest) for position, rest in left.items()}
        circles = min(rest // weights[position] for position, rest in left.items())
        slots = sorted(
            ((2 * repeat + 1) / (2 * weight), position, repeat)
            for position, weight in weights.items()
            for repeat in range(weight)
        )
        found.append(
            Stretch(
                start=start,
                slots=tuple((position, repeat) for _, position, repeat in slots),
                weights=weights,
                visited={position: visited[position] for position in left},
            )
        )
        start += circles * len(slots)
        for position in list(left):
            visited[position] += circles * weights[position]
            left[position] -= circles * weights[position]
            if not left[position]:
                del left[position]
    return found
