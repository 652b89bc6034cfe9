"""Rows → what becomes of each: contaminated, a twin of another, or kept; and the figures of the whole.

The order: contamination by a policy for each lens, then near-duplicates among what is left, then boilerplate and
diversity of what is kept. Reads the rows several times, one after the other, and holds sketches of them, not the
rows. Runs no code and writes no file; build and curate hand it rows.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Literal

from textbooks.curating import diversity, duplicates
from textbooks.curating.boilerplate import Boilerplate
from textbooks.curating.shingles import TOKENS_IN_A_ROW, WORDS_IN_A_ROW, shingles, sketches, token_hashes, word_hashes
from textbooks.curating.structures import THRESHOLDS
from textbooks.curating.texts import of_the_template
from textbooks.records import Match, Rejection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ruling = Literal["reject", "flag"]
AT_ONCE = 500
"""Rows that are sketched at the same time."""
LEAST_SHINGLES = 30
"""Prose with fewer is a near-duplicate only of the very same words; such code of none."""
EVIDENCE_LENGTH = 300
MOST_LISTED = 50
"""Modules and kinds of syntax nodes in the summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What becomes of a row, by lens."""

    text: Ruling = "reject"
    structure: Ruling = "reject"
    behaviour: Ruling = "reject"
    trivial: Ruling = "flag"
    """Of what an ordinary textbook function has in common with a problem, too."""
    structure_likeness: float = 0.9
    """From which on a match by structure counts; fainter ones are only recorded."""
    prose_likeness: float | None = 0.7
    """From which on prose is a near-duplicate; None to look for none."""
    code_likeness: float | None = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A row as curating sees it."""

    id: str
    text: str
    code: str = ""
    """All code of the text."""
    matches: tuple[Match, ...] = ()
    quality: tuple[float, ...] = ()
    """What tells the better of two twins, the larger first."""
    key: str = ""
    """What decides where that is equal; the id where it is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a row that is not kept."""

    rejection: Rejection
    twin: str | None = None
    """The id of the kept row that it is like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """What becomes of all rows."""

    decisions: Mapping[int, Decision]
    """Place of a row that is not kept → why."""
    clusters: Mapping[int, str]
    """Place of a row that is alike to others → the id of the kept one, which may be itself."""
    template: frozenset[tuple[str, str]]
    """Passages, with their problem, that so many rows hold that they are the template's."""
    summary: Mapping[str, Any] = field(default_factory=dict)

    def matches_of(self, item: Item) -> tuple[Match, ...]:
        """Return the matches of a row that say something of it."""
        return tuple(one for one in item.matches if (one.task_id, one.evidence) not in self.template)


def curate(rows: Callable[[], Iterable[Item]], policy: Policy) -> Curation:
    """Decide on every row; `rows` gives all of them in the same order, each time that it is called."""
    seen = Seen(policy)
    for chunk in _chunks(rows()):
        seen.add(chunk)
    template = of_the_template(seen.passages, len(seen.ids))
    known = {
        place: tuple(one for one in matches if (one.task_id, one.evidence) not in template)
        for place, matches in seen.matches.items()
    }
    decisions = {
        place: Decision(rejection=rejection)
        for place, matches in known.items()
        if (rejection := contaminated(matches, policy))
    }
    dropped = duplicates.twins(seen.lenses(rows, frozenset(decisions)), seen.rank())
    clusters: dict[int, str] = {}
    for twin in dropped:
        kept = seen.ids[twin.kept]
        clusters |= {twin.place: kept, twin.kept: kept}
        aside = ", names and short literals aside" if twin.lens == "code" else ""
        evidence = f"like {kept}: {twin.likeness:.2f} of its {twin.lens} is the same{aside}"
        rejection = Rejection(step="duplicates", reason=twin.lens, evidence=evidence)
        decisions[twin.place] = Decision(rejection=rejection, twin=kept)
    return Curation(
        decisions=decisions,
        clusters=clusters,
        template=template,
        summary={
            "rows": len(seen.ids),
            "kept": len(seen.ids) - len(decisions),
            "contamination": _contamination(known.values(), seen.passages, template, policy),
            "duplicates": _duplicates(dropped, clusters),
            **_of_the_kept(rows, decisions),
        },
    )


def contaminated(matches: Sequence[Match], policy: Policy) -> Rejection | None:
    """Return why a row is rejected by its matches; None where they are to be flagged only, or there are none."""
    for lens, ruling in (("text", policy.text), ("behaviour", policy.behaviour), ("structure", policy.structure)):
        found = [
            one
            for one in matches
            if one.lens == lens
            and (lens != "structure" or one.score >= policy.structure_likeness)
            and (policy.trivial if one.trivial else ruling) == "reject"
        ]
        if found:
            said = "\n".join(f"{one.task_id} ({one.score:g}): {one.evidence[:EVIDENCE_LENGTH]}" for one in found)
            return Rejection(step="contamination", reason=lens, evidence=said)
    return None


class Seen:
    """What is held of all rows after the first pass: ids, qualities, matches and sketches."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.ids: list[str] = []
        self.matches: dict[int, tuple[Match, ...]] = {}
        self.passages: Counter[tuple[str, str]] = Counter()
        """(Problem, passage) → rows that hold it."""
        self._preferences: list[tuple[list[float], str]] = []
        self._found: dict[str, list[tuple[NDArray[np.int64], NDArray[np.uint32]]]] = defaultdict(list)

    def add(self, chunk: Sequence[Item]) -> None:
        """Take some rows into account."""
        import numpy as np

        first = len(self.ids)
        for place, item in enumerate(chunk, start=first):
            self.ids.append(item.id)
            self._preferences.append(([-one for one in item.quality], item.key or item.id))
            if item.matches:
                self.matches[place] = item.matches
                self.passages.update((one.task_id, one.evidence) for one in item.matches if one.lens == "text")
        for name, likeness in self._likenesses().items():
            if likeness is not None:
                flat, ends = _shingled(chunk, name)
                enough = np.flatnonzero(np.diff(ends) > 0)
                if len(enough):
                    self._found[name].append((enough + first, sketches(flat, ends)[enough]))

    def rank(self) -> Callable[[int], int]:
        """Return the order of preference of the rows: by quality, then by key."""
        order = sorted(range(len(self.ids)), key=lambda place: (self._preferences[place], place))
        ranks = [0] * len(order)
        for rank, place in enumerate(order):
            ranks[place] = rank
        return ranks.__getitem__

    def lenses(self, rows: Callable[[], Iterable[Item]], without: frozenset[int]) -> list[duplicates.Lens]:
        """Return the lenses for near-duplicates, over all rows but some."""
        import numpy as np

        found = []
        for name, likeness in self._likenesses().items():
            if likeness is not None and self._found[name]:
                places = np.concatenate([places for places, _ in self._found[name]])
                stays = ~np.isin(places, list(without))
                found.append(
                    duplicates.Lens(
                        name=name,
                        places=places[stays].tolist(),
                        sketches=np.concatenate([values for _, values in self._found.pop(name)])[stays],
                        sets=partial(_sets, rows, name),
                        threshold=likeness,
                    )
                )
        return found

    def _likenesses(self) -> dict[str, float | None]:
        return {"prose": self._policy.prose_likeness, "code": self._policy.code_likeness}


def _shingled(chunk: Sequence[Item], name: str) -> "tuple[NDArray[np.uint64], NDArray[np.int64]]":
    if name == "prose":
        words = (word_hashes(item.text) for item in chunk)
        return shingles(
            (found if _is_long(found, WORDS_IN_A_ROW) else _as_one(found) for found in words), WORDS_IN_A_ROW
        )
    tokens = (token_hashes(item.code) if item.code else [] for item in chunk)
    return shingles((found if _is_long(found, TOKENS_IN_A_ROW) else [] for found in tokens), TOKENS_IN_A_ROW)


def _is_long(hashed: Sequence[int], in_a_row: int) -> bool:
    return len(hashed) - in_a_row + 1 >= LEAST_SHINGLES


def _as_one(hashed: Sequence[int]) -> list[int]:
    """Return, of a short text, what makes one shingle of all its words; of one without words nothing."""
    return [zlib.crc32(repr(hashed).encode())] * WORDS_IN_A_ROW if hashed else []


def _sets(rows: Callable[[], Iterable[Item]], name: str, wanted: Sequence[int]) -> "Iterator[NDArray[np.uint64]]":
    """Yield the shingles of the rows at some places, which are in ascending order."""
    import numpy as np

    among = set(wanted)
    items = (item for place, item in enumerate(rows()) if place in among)
    for chunk in _chunks(items):
        flat, ends = _shingled(chunk, name)
        yield from (np.unique(flat[first:last]) for first, last in pairwise(ends))


def _chunks(rows: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, AT_ONCE)):
        yield chunk


def _contamination(
    known: Iterable[Sequence[Match]],
    passages: Mapping[tuple[str, str], int],
    template: frozenset[tuple[str, str]],
    policy: Policy,
) -> dict[str, Any]:
    """Return rows by lens and problem, and the table of structures as phi-1's paper has it."""
    rows: dict[str, Counter[str]] = {lens: Counter() for lens in ("text", "structure", "behaviour", "trivial")}
    by_threshold = [(threshold, set[str](), Counter[str]()) for threshold in THRESHOLDS]
    for matches in known:
        for lens, counter in rows.items():
            counter.update({one.task_id for one in matches if _kind(one, policy) == lens})
        for threshold, tasks, counts in by_threshold:
            near = [one for one in matches if one.lens == "structure" and one.score >= threshold]
            tasks |= {one.task_id for one in near if not one.trivial}
            counts["rows"] += any(not one.trivial for one in near)
            counts["with_trivial"] += bool(near)
    return {
        **{lens: dict(sorted(counter.items(), key=_by_count)) for lens, counter in rows.items()},
        "structure_table": [
            {
                "likeness": threshold,
                "problems": len(tasks),
                "rows": counts["rows"],
                "rows_with_trivial": counts["with_trivial"],
            }
            for threshold, tasks, counts in by_threshold
        ],
        "template": [
            {"task_id": task_id, "passage": passage, "rows": passages[task_id, passage]}
            for task_id, passage in sorted(template)
        ],
    }


def _kind(match: Match, policy: Policy) -> str:
    if match.lens == "structure" and match.score < policy.structure_likeness:
        return "faint"
    return "trivial" if match.trivial else match.lens


def _duplicates(dropped: Sequence[duplicates.Twin], clusters: Mapping[int, str]) -> dict[str, Any]:
    sizes = Counter(clusters.values())
    return {
        "prose": sum(twin.lens == "prose" for twin in dropped),
        "code": sum(twin.lens == "code" for twin in dropped),
        "clusters": len(sizes),
        "largest": dict(sorted(sizes.items(), key=_by_count)[:20]),
    }


def _of_the_kept(rows: Callable[[], Iterable[Item]], decisions: Mapping[int, Decision]) -> dict[str, Any]:
    """Return boilerplate and diversity of the rows that are kept."""

    def kept() -> Iterator[Item]:
        return (item for place, item in enumerate(rows()) if place not in decisions)

    boilerplate, sample = Boilerplate(), diversity.Sample()
    for item in kept():
        boilerplate.add(_prose(item))
        sample.add(item.text)
    length = sample.length()
    return {
        "boilerplate": {
            "openings": [{"text": text, "rows": count} for text, count in boilerplate.openings()],
            "sentences": [
                {"text": text, "rows": count} for text, count in boilerplate.sentences(_prose(item) for item in kept())
            ],
        },
        "diversity": {
            "words": length,
            **(diversity.measured(sample.texts(length)) if length else {}),
            **{
                name: dict(list(counts.items())[:MOST_LISTED])
                for name, counts in diversity.constructs(item.code for item in kept() if item.code).items()
            },
        },
    }


def _prose(item: Item) -> str:
    """Return a row's text, or nothing where it is a program."""
    return "" if item.code.strip() == item.text.strip() else item.text


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
