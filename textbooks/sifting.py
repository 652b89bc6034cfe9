"""The rows of a run's parts, seen as one corpus: curated, and with what became of each written into them.

Joins the curation with the tables on disk; decides nothing itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textbooks.corpus import dataset, rows
from textbooks.curating.coverage import Coverage
from textbooks.curation import Curation, Item, Policy, curate
from textbooks.job import Job
from textbooks.records import Match

if TYPE_CHECKING:
    import pyarrow as pa

READ = ["id", "text", "snippets", "contamination", "claims_checked", "signals", "repairs", "completion_tokens"]


class Sifted:
    """What becomes of the accepted rows of some parts."""

    def __init__(self, job: Job, parts: Sequence[Path]) -> None:
        self._parts = parts
        self._schemas = rows.schemas(job.labels)
        self._axes = [axis for axis in job.labels.axes if axis not in job.labels.many]
        curate_spec = job.recipe.spec.curate
        policy = Policy(**{name: value for name, value in curate_spec.model_dump().items() if name != "problems"})
        self._curation: Curation = curate(self._items, policy)
        self._dropped: dict[str, Any] = {}
        self._clusters: dict[str, str] = {}
        self.rejected: Counter[tuple[str, str]] = Counter()
        """(step, reason) → rows."""
        self.tokens = 0
        """Completion tokens of the rows that are dropped, as far as they are known."""
        for place, row in enumerate(self._rows(["id", "completion_tokens"])):
            if decision := self._curation.decisions.get(place):
                self._dropped[row["id"]] = decision.rejection
                self.rejected[decision.rejection.step, decision.rejection.reason] += 1
                self.tokens += row["completion_tokens"] or 0
            if cluster := self._curation.clusters.get(place):
                self._clusters[row["id"]] = cluster

    def summary(self) -> dict[str, Any]:
        """Return the figures of the curation, and how the axes are covered."""
        coverage = Coverage(self._axes)
        for name in ("default", "rejected"):
            for table in self.tables(name):
                for row in table.select(self._axes).to_pylist():
                    coverage.add(row, is_accepted=name == "default")
        return {**self._curation.summary, "coverage": coverage.view()}

    def tables(self, name: str) -> "Iterator[pa.Table]":
        """Yield the tables of a configuration, part for part, as they are published."""
        import pyarrow as pa

        schema = self._schemas[name]
        for part in self._parts:
            table = dataset.read_part(part, name, schema)
            if name == "rejected":
                accepted = dataset.read_part(part, "default", self._schemas["default"]).to_pylist()
                more = [
                    rows.dropped(row, self._dropped[row["id"]], schema.names)
                    for row in accepted
                    if row["id"] in self._dropped
                ]
                yield pa.concat_tables([table, pa.Table.from_pylist(more, schema=schema)])
            elif name == "snippets":
                kept = [
                    row | {"accepted": row["accepted"] and row["id"] not in self._dropped} for row in table.to_pylist()
                ]
                yield pa.Table.from_pylist(kept, schema=schema)
            else:
                kept = [self._told(row) for row in table.to_pylist() if row["id"] not in self._dropped]
                yield pa.Table.from_pylist(kept, schema=schema)

    def _told(self, row: dict[str, Any]) -> dict[str, Any]:
        found = row["contamination"]
        if found is not None:
            found = [one for one in found if (one["task_id"], one["evidence"]) not in self._curation.template]
        return {**row, "contamination": found, "duplicate_cluster": self._clusters.get(row["id"])}

    def _rows(self, columns: list[str]) -> Iterator[Mapping[str, Any]]:
        for part in self._parts:
            yield from dataset.read_part(part, "default", self._schemas["default"], columns).to_pylist()

    def _items(self) -> Iterator[Item]:
        for row in self._rows(READ):
            coverage = (row["signals"] or {}).get("coverage") or 0.0
            yield Item(
                id=row["id"],
                text=row["text"],
                code="\n\n".join(snippet["code"] for snippet in row["snippets"]),
                matches=tuple(Match(**one) for one in row["contamination"] or ()),
                quality=(row["claims_checked"], coverage, -row["repairs"]),
            )
