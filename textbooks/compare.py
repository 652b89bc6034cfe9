"""Two runs, side by side: what came of them, and how varied they are at equal length and equal number.

Reads the finished folders of runs; asks nobody but an embedding model, where one is named, and runs nothing.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks.corpus.dataset import accepted_rows
from textbooks.curating.diversity import LEAST_TEXTS, LENGTHS, Sample, constructs, measured, vendi
from textbooks.errors import TextbooksError
from textbooks.teacher.embedding import embedded


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Figure → its value in each of the two runs."""

    runs: tuple[Path, Path]
    figures: dict[str, tuple[Any, Any]]
    words: int | None
    """To which length texts are cut for the measures of diversity; None where there are too few of any."""
    texts: int
    """How many of each run are measured."""

    def view(self) -> dict[str, Any]:
        """Return the comparison as one JSON document."""
        figures = {name: list(values) for name, values in self.figures.items()}
        return {"runs": [str(run) for run in self.runs], "words": self.words, "texts": self.texts, "figures": figures}


def compare(
    first: Path, second: Path, *, embedding_model: str | None = None, base_url: str | None = None
) -> Comparison:
    """Compare two finished runs; with an embedding model behind an endpoint, by its vectors, too.

    Raises:
        TextbooksError: one of the folders holds no finished run, or the endpoint cannot be used.

    """
    runs = (first, second)
    tallies = [_tally(run) for run in runs]
    samples = [Sample(), Sample()]
    made = []
    for run, sample in zip(runs, samples, strict=True):
        for text, _ in _texts(run):
            sample.add(text)
        made.append(constructs(code for _, code in _texts(run) if code))
    figures = {name: _pair([value(tally) for tally in tallies]) for name, value in FIGURES.items()}
    figures["modules imported"] = _pair([len(one["imports"]) for one in made])
    figures["kinds of syntax nodes"] = _pair([len(one["nodes"]) for one in made])
    words = next((n for n in LENGTHS if min(len(sample.texts(n)) for sample in samples) >= LEAST_TEXTS), None)
    count = min(len(sample.texts(words)) for sample in samples) if words else 0
    if words:
        measures = [measured(sample.texts(words)[:count]) for sample in samples]
        if embedding_model:
            for one, sample in zip(measures, samples, strict=True):
                vectors = embedded(sample.texts(words)[:count], model=embedding_model, base_url=base_url)
                one[f"vendi_by_{embedding_model}"] = vendi(vectors)
        figures |= {
            name.replace("_", " "): _pair([one[name] for one in measures]) for name in measures[0] if name != "texts"
        }
    return Comparison(runs=runs, figures=figures, words=words, texts=count)


def _per_dollar(tally: dict[str, Any]) -> float | None:
    return round(tally["accepted"] / tally["cost_usd"], 1) if tally["cost_usd"] else None


FIGURES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "assignments": lambda tally: tally["assignments"],
    "accepted": lambda tally: tally["accepted"],
    "accepted of assignments": lambda tally: round(tally["accepted"] / max(tally["assignments"], 1), 4),
    "claims checked": lambda tally: tally["claims"]["checked"],
    "samples saved by repair": lambda tally: tally["repairs"]["saved"],
    "contaminated": lambda tally: sum(tally["rejected"].get("contamination", {}).values()),
    "near-duplicates": lambda tally: sum(tally["rejected"].get("duplicates", {}).values()),
    "cost in US dollars": lambda tally: tally["cost_usd"],
    "distinct verified samples for a dollar": _per_dollar,
    "axes": lambda tally: len(tally["curation"]["coverage"]["axes"]),
    "cells of neighbouring axes with rows": lambda tally: sum(
        cells["with_rows"] for cells in tally["curation"]["coverage"]["cells"].values()
    ),
}
"""What is told of a run's tally, in order."""


def _pair(values: list[Any]) -> tuple[Any, Any]:
    return values[0], values[1]


def _tally(run: Path) -> dict[str, Any]:
    try:
        tally: dict[str, Any] = json.loads((run / "tally.json").read_text(encoding="utf-8"))
        tally["curation"]["coverage"]  # of a run that an earlier version made, there is none
    except (OSError, ValueError, KeyError) as error:
        cure = "name the folder of a run, or build it again"
        raise TextbooksError(f"{str(run)!r} holds no finished run; {cure}") from error
    return tally


def _texts(run: Path) -> Iterator[tuple[str, str]]:
    """Yield text and code of the accepted rows."""
    for row in accepted_rows(run / "corpus", ["text", "snippets"]):
        yield row["text"], "\n\n".join(snippet["code"] for snippet in row["snippets"])
