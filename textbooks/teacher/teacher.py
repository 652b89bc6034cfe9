"""The teacher of a run: the journal first, then recorded answers, then the live endpoint if there is one.

The order is the point: what was answered once is never asked, or paid for, again, not even by two assignments at the
same moment.
"""

import asyncio
from collections import Counter
from pathlib import Path

from textbooks import assets
from textbooks.records import Request, Response
from textbooks.teacher.answers import Answers
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher


class Teacher:
    """Answers requests; counts where the answers came from."""

    def __init__(self, journal: Journal, recorded: Answers, live: LiveTeacher | None) -> None:
        self._journal = journal
        self._recorded = recorded
        self._live = live
        self._under_way: dict[str, asyncio.Future[Response | None]] = {}
        self._empty: list[tuple[int, Request, Response]] = []
        self.counts: Counter[str] = Counter()

    async def ask(self, shard: int, request: Request) -> Response | None:
        """Return the answer to a request, or None where nobody gives one now."""
        custom_id = request.custom_id
        response = self._journal.find(custom_id)
        if response:
            self.counts["reused"] += 1
            return response
        if custom_id in self._under_way:
            self.counts["reused"] += 1
            return await asyncio.shield(self._under_way[custom_id])
        future = self._under_way[custom_id] = asyncio.get_running_loop().create_future()
        try:
            response = self._recorded.find(custom_id)
            if response:
                self.counts["recorded"] += 1
            elif self._live:
                response = await self._live.ask(request)
                self.counts["requests"] += response is not None
            if response:
                self._keep(shard, request, response)
        finally:
            del self._under_way[custom_id]
            future.set_result(response)
        return response

    def settle(self) -> None:
        """Journal what was held back, and raise what made the endpoint unusable.

        Raises:
            TextbooksError: the live endpoint is unusable, in one sentence.

        """
        if not self._live:
            return
        if self._empty and not self._live.proved:
            raise self._live.fault or self._live.empty_fault(self._empty[0][1])
        for held in self._empty:
            self._journal.record(*held)
        self._empty.clear()
        if self._live.fault:
            raise self._live.fault

    async def close(self) -> None:
        """Close the connections."""
        if self._live:
            await self._live.close()

    def _keep(self, shard: int, request: Request, response: Response) -> None:
        """Journal an answer; empty ones wait until a whole one proves the endpoint, so that nothing is half-written."""
        if self._live and not self._live.proved and response.status_code == 200 and response.text is None:
            self._empty.append((shard, request, response))
        else:
            self._journal.record(shard, request, response)


def shipped_recordings(recipe: str) -> list[Path]:
    """Return the files of recorded answers that come with the package for a recipe."""
    return sorted((assets.PACKAGE / "recordings").glob(f"{recipe}.responses.jsonl"))
