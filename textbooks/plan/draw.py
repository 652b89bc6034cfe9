"""The plan: a function from index to assignment, deterministic for (axes, seed), any index first, memory O(lists).

How it draws. Axes tied by `given` are fused into one group of pairs; the groups are then independent. The first
group is walked in list order, round after round (several lists in turn). In round r its c-th value meets, on every
other group k of n_k values, the value number

    (dealt_k(c) + shift_k(r)) mod n_k

`dealt_k` deals each block of n_k consecutive c one keyed permutation of the n_k values, so that every block holds each
value once. `shift_k(r) = (r' + r' // lcm(m, n_k)) mod n_k` with r' = r mod m·n_k and m the product of the secondary
groups before k: over r in [0, m·n_k) the tuples (shift_2, …, shift_k) take each combination exactly once (cosets of the
diagonal, one after the other). From this follows, and tests/test_draw.py holds, for unweighted axes:

- no combination repeats before all have been drawn, and `len(plan)` counts them all;
- in every prefix, counts on the first group differ by at most 1, and on group k by at most 1 + n_k // 2, whatever the
  length of the prefix; by at most 1 within the first round, and always where n_k divides the first group's size;
- appending to a list of the first group leaves the assignments of all its former values as they were: before the end
  of the first round nothing moves at all until the draw that takes the new value (with several lists taken in turn,
  not before the shortest grown list's former end); later rounds hold the same assignments at later indices.
  Appending to the list of another group deals that axis anew; in the first round all other axes stay as they were.

Knows nothing of files, templates or models.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from textbooks.errors import TextbooksError
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
    """The combinations in drawing order; for a picking axis its single entries."""
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
        self.groups = _groups(axes)
        self.seed = seed
        self._many = frozenset(axis.name for axis in axes if axis.pick is not None)
        self._first, *self._others = self.groups
        self._slots = _weighted_round(self._first)
        sizes = [group.size for group in self._others]
        combinations = math.prod(sizes)
        heaviest = max((_weight(row) for row in self._first.rows), default=1)
        self._round_length = len(self._slots) if self._slots else self._first.size
        self._length = self._round_length * (combinations // heaviest)
        if not self._length:
            raise TextbooksError(
                f"weight {heaviest} on axis {self._first.axes[-1]!r} is more than the {combinations} "
                "combinations that one of its values has; lower it or add values to the other axes"
            )
        self._before = [math.prod(sizes[:position]) for position in range(len(sizes))]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Assignment:  # type: ignore[override]  # slices are not assignments
        if not 0 <= index < self._length:
            raise IndexError(index)
        turn, place = divmod(index, self._round_length)
        first, repeat = self._slots[place] if self._slots else (place, 0)
        weight = _weight(self._first.rows[first]) if self._slots else 1
        round_number = turn * weight + repeat
        shuffled = permuted(b"%d/0" % self.seed, self._first.size, first) if self._first.pick else first
        drawn = self._first.values(shuffled)
        for position, group in enumerate(self._others):
            block, seat = divmod(first, group.size)
            dealt = permuted(b"%d/%d/%d" % (self.seed, position + 1, block), group.size, seat)
            shift = _shift(round_number, self._before[position], group.size)
            drawn |= group.values((dealt + shift) % group.size)
        return Assignment(index=index, drawn=drawn, many=self._many)

    def __iter__(self) -> Iterator[Assignment]:
        return (self[index] for index in range(self._length))


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
    """Fuse each axis with the earlier axes that it is given, and put the combinations in drawing order."""
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
        merged = [other for group in tied for other in group]
        members = [group for group in members if group not in tied]
        members.append([*merged, axis])
    members.sort(key=lambda group: axes.index(group[0]))
    groups = [_group(group) for group in members]
    for group in groups[1:]:
        heavy = next((row[-1] for row in group.rows if any(entry.weight > 1 for entry in row)), None)
        if heavy is not None:
            raise TextbooksError(
                f"{heavy.origin}: weights count on the first axis only, and {group.axes[-1]!r} is not the first; "
                "move the axis to the top of 'draw' or remove the weight"
            )
    return groups


def _group(axes: list[Axis]) -> Group:
    rows: list[tuple[Entry, ...]] = [()]
    for axis in axes:
        rows = [row + (entry,) for row in rows for entry in _matching(axis, axes, row)]
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
    return Group(axes=names, rows=_in_turn(rows), pick=None, size=len(rows))


def _matching(axis: Axis, axes: list[Axis], row: tuple[Entry, ...]) -> list[Entry]:
    drawn = {other.name: entry.name for other, entry in zip(axes, row, strict=False)}
    return [
        entry for entry in axis.entries if all(entry.fields.get(key) == drawn[name] for name, key in axis.given.items())
    ]


def _in_turn(rows: list[tuple[Entry, ...]]) -> tuple[tuple[Entry, ...], ...]:
    """Order combinations so that the lists that their last values come from take turns."""
    seen: dict[object, int] = {}
    order = []
    for position, row in enumerate(rows):
        source = (*(entry.name for entry in row[:-1]), row[-1].fields.get("list"))
        turn = seen.get(source, 0)
        seen[source] = turn + 1
        order.append((turn, position))
    return tuple(rows[position] for _, position in sorted(order))


def _weight(row: tuple[Entry, ...]) -> int:
    return math.prod(entry.weight for entry in row)


def _weighted_round(group: Group) -> list[tuple[int, int]]:
    """Return a round as (value number, how often it came before in the round), spread evenly; empty if unweighted."""
    slots = []
    if all(_weight(row) == 1 for row in group.rows) or group.pick:
        return []
    for number, row in enumerate(group.rows):
        weight = _weight(row)
        slots += [((2 * repeat + 1) / (2 * weight), number, repeat) for repeat in range(weight)]
    return [(number, repeat) for _, number, repeat in sorted(slots)]


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
