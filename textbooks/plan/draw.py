"""The plan: a function from index to assignment, deterministic for (axes, seed), any index first, memory O(lists).

How it draws. Axes tied by `given` are fused into one group; the groups are then independent. The values of the first
group take turns, level by level: subjects in the order of their lists, and within a subject its topics, each beginning
again when it has been through (`textbooks.plan.turns`). So an index means a path of positions (l, t, …) in the first
group and a round r, the number of times that this very value came before. With n values in another group k, it meets
there the value number

    (deal_k0(l) + deal_k1(t) + … + shift_k(r)) mod n

A deal sends each block of n consecutive positions through one keyed permutation of the n values, so every block meets
each value once. `shift_k(r) = (r' + r' // lcm(m, n)) mod n`, with r' = r mod m·n and m the product of the sizes of the
other groups before k: over m·n rounds the tuples (shift_1, …, shift_k) take each combination exactly once (the cosets
of the diagonal, one after the other).

From this follows, and tests/test_draw.py holds, for axes without weights:

- No combination repeats before all have been drawn; `len(plan)` counts them all.
- In every prefix, counts on the first axis differ by at most 1, and so do those of an axis given by it, among the
  values that one parent gives, as long as no value has been drawn in all its combinations.
- On another group of n values they differ by at most 1 + n // 2, and by at most 1 within the first turn, until the
  shortest list of a fused first group has been drawn once; ever after by at most f·(2 + n // 2), f being the number
  of values of the first axis where axes are tied to it, else 1. None of this grows with the length of the prefix.
- Appending to any list of the first group, or appending a list to it, changes no assignment that could be drawn
  before: a value keeps what it meets in each round. Before the first new value's first draw nothing moves at all;
  after it, the same assignments stand at later indices.
- Appending to a list of another group deals that axis anew; in the first round all other axes stay as they were.
  Inserting, reordering or removing entries is like a new list from there on.

Knows nothing of files, templates or models.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from textbooks.errors import TextbooksError
from textbooks.plan.turns import Turns, tree
from textbooks.records import Assignment, Entry

FEISTEL_ROUNDS = 6
"""Four rounds make a strong permutation of a keyed random function (Luby and Rackoff 1988); two spare for tiny sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One thing that varies."""

    name: str
    entries: tuple[Entry, ...]
    pick: tuple[int, int] | None = None
    """How many distinct entries are drawn together, at least and at most; None for exactly one, not a list."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Earlier axis → the field of an entry here that must equal the name drawn there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Axes that are drawn together: one axis, or a chain tied by `given`."""

    axes: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    """The combinations in list order; for a picking axis its single entries."""
    pick: tuple[int, int] | None
    size: int

    def values(self, number: int) -> dict[str, tuple[Entry, ...]]:
        """Return axis → entries of the combination `number`."""
        if self.pick is None:
            return {axis: (entry,) for axis, entry in zip(self.axes, self.rows[number], strict=True)}
        chosen = _combination(number, len(self.rows), self.pick)
        return {self.axes[0]: tuple(self.rows[position][0] for position in chosen)}


class Plan(Sequence[Assignment]):
    """All assignments of a recipe, by index."""

    def __init__(self, axes: Sequence[Axis], *, seed: int) -> None:
        self.seed = seed
        self._many = frozenset(axis.name for axis in axes if axis.pick is not None)
        self._first, *self._others = _groups(axes)
        sizes = [group.size for group in self._others]
        self._before = [math.prod(sizes[:position]) for position in range(len(sizes))]
        self._rounds = math.prod(sizes)
        self._turns: Turns | None = None
        if self._first.pick is None:
            self._turns = tree(
                [[(entry.name, entry.weight) for entry in row] for row in self._first.rows], self._rounds
            )

    def __len__(self) -> int:
        return self._first.size * self._rounds

    def __getitem__(self, index: int) -> Assignment:  # type: ignore[override]  # slices are not assignments
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self._turns:
            path, number, round_number = self._turns.visit(index)
        else:
            round_number, place = divmod(index, self._first.size)
            path, number = (place,), permuted(b"%d" % self.seed, self._first.size, place)
        drawn = self._first.values(number)
        for position, group in enumerate(self._others):
            value = sum(self._deal(position, level, place, group.size) for level, place in enumerate(path))
            value += _shift(round_number, self._before[position], group.size)
            drawn |= group.values(value % group.size)
        return Assignment(index=index, drawn=drawn, many=self._many)

    def __iter__(self) -> Iterator[Assignment]:
        return (self[index] for index in range(len(self)))

    def _deal(self, position: int, level: int, place: int, size: int) -> int:
        block, seat = divmod(place, size)
        return permuted(b"%d/%d/%d/%d" % (self.seed, position, level, block), size, seat)


@lru_cache(maxsize=65536)
def permuted(key: bytes, size: int, place: int) -> int:
    """Return where a keyed permutation of `range(size)` sends `place`; O(1) memory.

    A Feistel network on a grid of about sqrt(size) by sqrt(size), walked on while it lands outside (cycle walking:
    Black and Rogaway 2002).
    """
    rows = math.isqrt(size - 1) + 1
    columns = -(-size // rows)
    while True:
        left, right = divmod(place, columns)
        for number in range(FEISTEL_ROUNDS):
            if number % 2:
                right = (right + _noise(key, number, left)) % columns
            else:
                left = (left + _noise(key, number, right)) % rows
        place = left * columns + right
        if place < size:
            return place


def _noise(key: bytes, number: int, value: int) -> int:
    hashed = blake2b(b"%d/%d" % (number, value), key=key[:64], digest_size=8)
    return int.from_bytes(hashed.digest(), "big")


def _shift(round_number: int, before: int, size: int) -> int:
    place = round_number % (before * size)
    return (place + place // math.lcm(before, size)) % size


def _groups(axes: Sequence[Axis]) -> list[Group]:
    """Fuse each axis with the earlier axes that it is given."""
    members: list[list[Axis]] = []
    for axis in axes:
        tied = [group for group in members if any(other.name in axis.given for other in group)]
        known = {other.name for group in tied for other in group}
        for name in axis.given:
            if name not in known:
                raise TextbooksError(
                    f"axis {axis.name!r} is given {name!r}, which is no earlier axis; move it after that axis"
                )
        if tied and (axis.pick or any(other.pick for group in tied for other in group)):
            raise TextbooksError(f"axis {axis.name!r} mixes 'given' with 'pick'; use one of them")
        members = [group for group in members if group not in tied]
        members.append([*(other for group in tied for other in group), axis])
    members.sort(key=lambda group: axes.index(group[0]))
    groups = [_group(group) for group in members]
    for group in groups[1:]:
        heavy = next((entry for row in group.rows for entry in row if entry.weight > 1), None)
        if heavy is not None:
            raise TextbooksError(
                f"{heavy.origin}: weights count on the first axis only, and {group.axes[-1]!r} is not the first; "
                "move the axis to the top of 'draw' or remove the weight"
            )
    return groups


def _group(axes: list[Axis]) -> Group:
    rows: list[tuple[Entry, ...]] = [()]
    for axis in axes:
        children = [(row, _matching(axis, axes, row)) for row in rows]
        childless = next((row for row, found in children if axis.given and not found), None)
        if childless:
            raise TextbooksError(
                f"axis {axis.name!r} has no values left for {childless[-1].name!r}; "
                f"give it some, or take {childless[-1].name!r} out of axis {axes[len(childless) - 1].name!r}"
            )
        rows = [(*row, entry) for row, found in children for entry in found]
    names = tuple(axis.name for axis in axes)
    if not rows:
        raise TextbooksError(f"axis {names[-1]!r} has no values left; loosen its 'where' or 'given'")
    if axes[0].pick:
        low, high = axes[0].pick
        if not 0 <= low <= high <= len(rows):
            raise TextbooksError(
                f"axis {names[0]!r} picks {low} to {high} of {len(rows)} values; keep the pick within them"
            )
        size = sum(math.comb(len(rows), count) for count in range(low, high + 1))
        return Group(axes=names, rows=tuple(rows), pick=axes[0].pick, size=size)
    return Group(axes=names, rows=tuple(rows), pick=None, size=len(rows))


def _matching(axis: Axis, axes: list[Axis], row: tuple[Entry, ...]) -> list[Entry]:
    drawn = {other.name: entry.name for other, entry in zip(axes, row, strict=False)}
    return [
        entry for entry in axis.entries if all(entry.fields.get(key) == drawn[name] for name, key in axis.given.items())
    ]


def _combination(number: int, count: int, pick: tuple[int, int]) -> tuple[int, ...]:
    """Return combination `number` among all of `pick` sizes out of `range(count)`, smallest sizes first."""
    size = pick[0]
    while number >= math.comb(count, size):
        number -= math.comb(count, size)
        size += 1
    chosen = []
    candidate = 0
    while size:
        with_candidate = math.comb(count - candidate - 1, size - 1)
        if number < with_candidate:
            chosen.append(candidate)
            size -= 1
        else:
            number -= with_candidate
        candidate += 1
    return tuple(chosen)
