"""The teacher of a run: the journal first, then recorded answers, then the live endpoint if there is one.

The order is the point: what was answered once is never asked, or paid for, again.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from textbooks import assets
from textbooks.errors import TextbooksError
from textbooks.records import Request, Response
from textbooks.teacher.answers import Answers
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher

EMPTY_TRIES = 3
"""So many empty answers before any whole one mean that the endpoint, not the prompt, is at fault."""


class Teacher:
    """Answers requests; counts where the answers came from."""

    def __init__(self, journal: Journal, recorded: Sequence[Path], live: LiveTeacher | None) -> None:
        self._journal = journal
        self._recorded = Answers(recorded)
        self._live = live
        self._empty: list[tuple[int, Request, Response]] = []
        self._proved = False
        self.counts: Counter[str] = Counter()

    async def ask(self, shard: int, request: Request) -> Response | None:
        """Return the answer to a request, or None where nobody gives one now.

        Raises:
            TextbooksError: the live endpoint is unusable.

        """
        response = self._journal.find(request.custom_id)
        if response:
            self.counts["reused"] += 1
            return response
        response = self._recorded.find(request.custom_id)
        if response:
            self.counts["recorded"] += 1
        elif self._live:
            response = await self._live.ask(request)
            self.counts["requests"] += 1
        if response:
            self._keep(shard, request, response)
        return response

    async def close(self) -> None:
        """Close the endpoint's connections."""
        if self._live:
            await self._live.close()

    def _keep(self, shard: int, request: Request, response: Response) -> None:
        """Journal an answer; empty ones wait until a whole one proves the endpoint, so that nothing is half-written."""
        if response.text is None and response.status_code == 200 and self._live and not self._proved:
            self._empty.append((shard, request, response))
            if len(self._empty) >= EMPTY_TRIES:
                raise TextbooksError(
                    f"the endpoint answers with empty choices, {EMPTY_TRIES} times in a row for model "
                    f"{request.body['model']!r}; try another --model, or raise its token limit with --set"
                )
            return
        if response.text is not None:
            self._proved = True
        for held in self._empty:
            self._journal.record(*held)
        self._empty.clear()
        self._journal.record(shard, request, response)


def shipped_recordings(recipe: str) -> list[Path]:
    """Return the files of recorded answers that come with the package for a recipe."""
    return sorted((assets.PACKAGE / "recordings").glob(f"{recipe}.responses.jsonl"))
