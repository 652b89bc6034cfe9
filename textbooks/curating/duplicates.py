"""Near-duplicates among many texts, by sketches: which one of each group is kept, and for every other its twin.

A text is dropped only where it is really alike, by the exact Jaccard likeness of its shingles, to one that is kept.
Which is kept depends on the rank of the texts alone, not on the order in which they come. Reads no text itself.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textbooks.curating.shingles import EMPTY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sets = Callable[[Sequence[int]], Iterable[NDArray[np.uint64]]]
    """Places in ascending order → the different shingles of the texts there, sorted, in that order; called once."""

BANDS, WIDTH = 25, 5
"""Two texts share one of so many bands of so many values with probability 1 - (1 - J^5)^25: 0.99 at J = 0.7, 0.54 at
0.5, 0.06 at 0.3."""
MARGIN = 0.2
"""Pairs whose sketches put them so far below the threshold, more than four standard errors, are not compared."""
MOST_KEPT = 200
"""Of the texts that are kept and share a band, the best so many are compared with those behind them; where there are
more, the band is boilerplate, and twins share others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """One way to see that texts are alike: by their prose, by their code."""

    name: str
    places: Sequence[int]
    """The texts that have something to compare, by place, ascending."""
    sketches: "NDArray[np.uint32]"
    """A row for each of them."""
    sets: "Sets"
    threshold: float
    """Texts that are so much alike are twins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A text that is dropped, and the kept one that it is like."""

    place: int
    kept: int
    lens: str
    likeness: float


def twins(lenses: Sequence[Lens], rank: Callable[[int], int]) -> list[Twin]:
    """Return the texts to drop, each with its twin, from the best to the worst.

    `rank` gives each place its own place in the order of preference, 0 the best. Texts are gone through from the best;
    each is dropped where one that is kept so far is alike by one of the lenses.
    """
    looks = [_Look(lens, rank) for lens in lenses]
    dropped = []
    for place in sorted({place for look in looks for place in look.groups_of}, key=rank):
        twin = next((found for look in looks if (found := look.twin_of(place))), None)
        if twin:
            dropped.append(twin)
        else:
            for look in looks:
                look.keep(place)
    return dropped


def jaccard(one: "NDArray[np.uint64]", other: "NDArray[np.uint64]") -> float:
    """Return the likeness of two sets, given as arrays of different values: what is shared, of all."""
    import numpy as np

    shared = len(np.intersect1d(one, other, assume_unique=True))
    whole = len(one) + len(other) - shared
    return shared / whole if whole else 0.0


class _Look:
    """What one lens shows: the suspects, and which of them are kept so far."""

    def __init__(self, lens: Lens, rank: Callable[[int], int]) -> None:
        self._lens, self._rank = lens, rank
        self._row = {}
        self.groups_of: Mapping[int, list[int]] = {}
        """Place of a suspect → the groups in which it is."""
        groups = _groups(lens.sketches)
        found: dict[int, list[int]] = defaultdict(list)
        for number, group in enumerate(groups):
            for row in group:
                place = lens.places[row]
                found[place].append(number)
                self._row[place] = row
        self.groups_of = found
        suspects = sorted(found)
        self._sets = dict(zip(suspects, lens.sets(suspects), strict=True)) if suspects else {}
        self._kept: list[list[int]] = [[] for _ in groups]

    def twin_of(self, place: int) -> Twin | None:
        """Return the kept text that is most alike, if it is alike enough; of several the best."""
        near = {other for number in self.groups_of.get(place, ()) for other in self._kept[number]}
        if not near:
            return None
        sketches, row, threshold = self._lens.sketches, self._row, self._lens.threshold
        others = sorted(near, key=self._rank)
        estimates = (sketches[[row[other] for other in others]] == sketches[row[place]]).mean(axis=1)
        best: Twin | None = None
        for other, estimate in zip(others, estimates, strict=True):
            if estimate >= threshold - MARGIN:
                likeness = jaccard(self._sets[place], self._sets[other])
                if likeness >= threshold and (best is None or likeness > best.likeness):
                    best = Twin(place=place, kept=other, lens=self._lens.name, likeness=round(likeness, 4))
        return best

    def keep(self, place: int) -> None:
        """Note that a text is kept, so that later ones are compared with it."""
        for number in self.groups_of.get(place, ()):
            if len(self._kept[number]) < MOST_KEPT:
                self._kept[number].append(place)


def _groups(sketches: "NDArray[np.uint32]") -> list[list[int]]:
    """Return the rows that share a band of their sketches, a group for each band's value that several have."""
    import numpy as np

    found: list[list[int]] = []
    holds = np.flatnonzero((sketches != np.uint32(EMPTY)).any(axis=1))
    for band in range(BANDS):
        values = np.zeros(len(holds), np.uint64)
        for column in range(band * WIDTH, (band + 1) * WIDTH):
            values ^= sketches[holds, column].astype(np.uint64)
            values *= np.uint64(0x9E3779B97F4A7C15)
            values ^= values >> np.uint64(31)
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        edges = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
        wide = np.flatnonzero(np.diff(edges) > 1)
        found += [holds[order[edges[one] : edges[one + 1]]].tolist() for one in wide]
    return found
