"""Queries that a teacher wrote → those that find their own document again, by BM25 over all documents of the recipe.

The round trip of synthetic retrieval data: a query that does not rank its document among the first is of no use. Joins
the plan, which holds the documents, with the excerpt room, which knows words. Runs in the process that builds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from textbooks.examine import rejected
from textbooks.excerpt import languages
from textbooks.job import Job
from textbooks.records import Outcome


class Retriever:
    """An index over the documents of one axis."""

    def __init__(self, job: Job) -> None:
        self._spec = job.recipe.spec.retrieve
        self._language = job.recipe.spec.language
        self._entries = next(
            (axis.entries for axis in job.recipe.axes if self._spec and axis.name == self._spec.axis), ()
        )

    def filtered(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return the outcomes; accepted ones with the queries that find their document, and the ranks as `ranks`."""
        if self._spec is None:
            return list(outcomes)
        return [outcome if outcome.rejection else self._filtered(outcome) for outcome in outcomes]

    def ranks(self, name: str, queries: Sequence[str]) -> list[int]:
        """Return at which place, from 1, each query finds the document of this name."""
        import numpy as np

        place = next(number for number, entry in enumerate(self._entries) if entry.name == name)
        ranks = []
        for query in queries:
            scores = self._index.get_scores(languages.tokens(query, self._language))
            # Of documents that score alike, the one in question comes last: a tie finds nothing.
            ranks.append(int(np.sum(scores >= scores[place])))
        return ranks

    @cached_property
    def _index(self) -> Any:
        import bm25s

        field = self._spec.field if self._spec else ""
        texts = [f"{entry.fields.get('title', '')} {entry.fields[field]}" for entry in self._entries]
        index = bm25s.BM25()
        index.index([languages.tokens(text, self._language) for text in texts], show_progress=False)
        return index

    def _filtered(self, outcome: Outcome) -> Outcome:
        spec, examination = self._spec, outcome.examination
        if spec is None or examination is None:
            return outcome
        step, _, part = spec.queries.partition(".")
        answer: Mapping[str, Any] = examination.answers[step]
        queries: Sequence[str] = answer[part]
        ranks = self.ranks(outcome.written.assignment.drawn[spec.axis][0].name, queries)
        kept = [(query, rank) for query, rank in zip(queries, ranks, strict=True) if rank <= spec.top]
        changed = {**answer, part: [query for query, _ in kept], "ranks": [rank for _, rank in kept]}
        answers = {**examination.answers, step: changed}
        rejection = None
        if len(kept) < spec.least:
            told = "\n".join(f"{rank}. {query}" for query, rank in zip(queries, ranks, strict=True))
            said = f"{len(kept)} of {len(queries)} queries find their document among the first {spec.top}\n\n{told}"
            rejection = rejected("retrieve", "not_found", said)
        return replace(outcome, examination=replace(examination, answers=answers, rejection=rejection))
