"""The teacher of a run: the journal first, then recorded answers, then the live endpoint if there is one.

The order is the point: what was answered once is never asked, or paid for, again, not even by two assignments at the
same moment.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

from textbooks import assets
from textbooks.calls import NOTHING_USED, RECORDED, Request, Response
from textbooks.teacher.answers import Answers
from textbooks.teacher.journal import GAVE_UP, LOST, Journal
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
        self.usage = NOTHING_USED
        """Tokens of the answers that were paid for now, as far as the endpoint reports them."""

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
                origin = response.line_id or custom_id[:24]
                response = replace(response, line_id=RECORDED + origin.removeprefix(RECORDED))
                self._journal.sent(shard, request)
                self._journal.record(shard, response)
            elif self._live:
                response = await self._ask_live(shard, request, self._live)
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
        for shard, _, response in self._empty:
            self._journal.record(shard, response)
        self._empty.clear()
        if self._live.fault:
            raise self._live.fault

    async def close(self) -> None:
        """Close the connections."""
        if self._live:
            await self._live.close()

    async def _ask_live(self, shard: int, request: Request, live: LiveTeacher) -> Response | None:
        # Where money is limited, even the first requests must be known to have gone out.
        log = _Log(self._journal, shard, request, at_once=live.budget.limit_usd is not None)
        response = await live.ask(request, log)
        if response is None:
            if log.is_sent:
                self._journal.failed(shard, request, GAVE_UP, live.last_failure or "the asking was stopped")
            return None
        self.counts["requests"] += 1
        self.usage += response.usage or NOTHING_USED
        # Empty answers wait until a whole one proves the endpoint, so that an unusable one leaves nothing behind.
        if not live.proved and response.status_code == 200 and response.text is None:
            self._empty.append((shard, request, response))
        else:
            self._journal.record(shard, response)
        return response


class _Log:
    """Journals what happens to one request on its way."""

    def __init__(self, journal: Journal, shard: int, request: Request, *, at_once: bool) -> None:
        self._journal, self._shard, self._request, self._at_once = journal, shard, request, at_once
        self.is_sent = False

    def sent(self) -> None:
        self.is_sent = True
        self._journal.sent(self._shard, self._request, at_once=self._at_once)

    def lost(self, said: str) -> None:
        self._journal.failed(self._shard, self._request, LOST, said)


def shipped_recordings(recipe: str) -> list[Path]:
    """Return the files of recorded answers that come with the package for a recipe."""
    return sorted((assets.PACKAGE / "recordings").glob(f"{recipe}.responses.jsonl"))
