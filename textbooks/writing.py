"""Assignments → what the teacher wrote: the chat steps of each, many at once, handed over shard by shard.

Knows which answers cannot be used at all; what is in a usable one is none of its business.
"""

import asyncio
import concurrent.futures
import contextlib
import json
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, TypeVar

from textbooks.calls import NOTHING_USED, Request, Response, Usage
from textbooks.excerpt import parts
from textbooks.job import Job
from textbooks.records import Assignment, Outcome, Rejection, Written
from textbooks.teacher.answers import Answers
from textbooks.teacher.budget import Budget
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.teacher import Teacher

UNDER_WAY = 1500
"""Assignments begun and not yet written, at most."""
SHARDS_AHEAD = 50
"""Shards begun before the oldest is complete, at most. One slow answer must not stop the others: at 500 answers a
second this is a minute and a half, and, of answers of 4 KB, 200 MB."""
ALIVE_SECONDS = 1.0
"""How often who waits for repairs looks whether anybody is still asking."""
GRACE_SECONDS = 20.0
"""How long answers that are under way are waited for once a run is stopped: they are paid."""

PAID_TASK = "assignment"
"""Begins the name of a task that waits for answers, so that it can be given up when the grace is over."""

SumT = TypeVar("SumT", Usage, float)


class Writer:
    """Has the teacher write shard after shard, in a thread of its own: the endpoint works while shards are examined."""

    def __init__(self, job: Job, journal: Journal, *, shard_size: int) -> None:
        self._job = job
        self._journal = journal
        self._shard_size = shard_size
        self._recorded = Answers(job.recorded)
        self._seen: set[bytes] = set()
        self.live: LiveTeacher | None = None
        self.teacher: Teacher | None = None
        self.budget = Budget(price=job.price, limit_usd=job.budget_usd)
        self.written = 0
        """Assignments whose last answer is there."""
        self.asking_since = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shards = 0
        self._stop = threading.Event()
        self._ranges: queue.Queue[range | None] = queue.Queue()
        self._ready: queue.Queue[tuple[int, list[Written]] | BaseException | None] = queue.Queue(maxsize=2)
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teacher", daemon=True)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop asking, and wait a moment for what is under way; it is paid, and the journal has to be whole."""
        self._stop.set()
        self._abandoned.set()
        self._ranges.put(None)
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._ready.get(timeout=0.05)

    @property
    def counts(self) -> dict[str, int]:
        """How many answers were asked for now, found in the journal, and found in recorded files."""
        found = self.teacher.counts if self.teacher else {}
        return {name: found.get(name, 0) for name in ("requests", "reused", "recorded")}

    def stop(self) -> None:
        """Ask for nothing more; what is under way is waited for a moment, then the shards end as they are."""
        self._stop.set()

    def shards(self, indices: range) -> Iterator[tuple[int, list[Written]]]:
        """Yield (number, what was written) of each shard of these assignments, in order.

        Assignments without an answer are left out; numbers go on from call to call.

        Raises:
            TextbooksError: the endpoint cannot be used, or the journal not be written.

        """
        self._ranges.put(indices)
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            number, written = item
            yield number, [self._unrepeated(one) for one in written]

    def repair_request(self, outcome: Outcome) -> Request:
        """Return the request that asks the teacher to mend an answer that does not hold."""
        written, rejection = outcome.written, outcome.rejection
        if rejection is None:
            raise ValueError("what is accepted needs no repair")
        answers = {step: parts.view(self._job.shape, step, text) for step, text in written.earlier.items()}
        return self._job.prompter.repair_request(written.assignment, answers, written.text, rejection)

    def ask_all(self, shard: int, requests: Sequence[Request]) -> list[Response | None]:
        """Have the teacher answer requests beside what it is writing; None where nobody answers now.

        Where the writing itself has ended meanwhile, with a fault, nobody does; `shards` raises the fault.

        Raises:
            TextbooksError: the journal could not be written.

        """
        if self.teacher is None or self._loop is None:
            raise RuntimeError("nothing was written yet")

        async def one(teacher: Teacher, request: Request) -> Response | None:
            try:
                return await teacher.ask(shard, request)
            except asyncio.CancelledError:  # the run was stopped, and the grace is over
                return None

        async def all_of_them(teacher: Teacher) -> list[Response | None]:
            tasks = [asyncio.create_task(one(teacher, request), name=f"{PAID_TASK} repair") for request in requests]
            return await asyncio.gather(*tasks)

        asking = all_of_them(self.teacher)
        nobody: list[Response | None] = [None] * len(requests)
        try:
            answers = asyncio.run_coroutine_threadsafe(asking, self._loop)
        except RuntimeError:  # the loop is closed
            asking.close()
            return nobody
        # Asked for just when the loop ends, a coroutine is neither finished nor cancelled, ever; and the thread
        # outlives its loop until somebody takes the fault that ended it.
        while not concurrent.futures.wait([answers], timeout=ALIVE_SECONDS).done and self._is_asking(self._loop):
            pass
        if answers.done() and not answers.cancelled():
            return answers.result()
        asking.close()
        return nobody

    def _is_asking(self, loop: asyncio.AbstractEventLoop) -> bool:
        return self._thread.is_alive() and not loop.is_closed()

    def _run(self) -> None:
        try:
            asyncio.run(self._write())
        except BaseException as error:  # noqa: BLE001  # handed to the thread that consumes
            self._put(error)

    def _put(self, item: tuple[int, list[Written]] | BaseException | None) -> None:
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Full):
                self._ready.put(item, timeout=0.1)
                return

    async def _write(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._job.price:
            self._journal.close_unanswered()
            for body, response in self._journal.spending():
                self.budget.already(body, response)
        if self._job.source == "live":
            self.live = LiveTeacher(
                base_url=self._job.base_url,
                proved=len(self._journal) > 0,
                budget=self.budget,
                timeout_seconds=self._job.recipe.spec.teacher.timeout_seconds,
            )
        teacher = self.teacher = Teacher(self._journal, self._recorded, self.live)
        self.asking_since = time.monotonic()
        watch = asyncio.create_task(self._heed_stop())
        try:
            while (indices := await asyncio.to_thread(self._ranges.get)) is not None:
                await self._write_shards(teacher, indices)
                await asyncio.to_thread(self._put, None)
        finally:
            watch.cancel()
            await teacher.close()

    async def _heed_stop(self) -> None:
        """Once the run is stopped, send nothing more, and give up on what does not arrive in time."""
        while not self._stop.is_set():
            await asyncio.sleep(0.1)
        if self.live:
            self.live.is_stopped = True
            until = time.monotonic() + GRACE_SECONDS
            while self.live.pacer.in_flight and time.monotonic() < until:
                await asyncio.sleep(0.05)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if task.get_name().startswith(PAID_TASK):
                task.cancel()

    async def _write_shards(self, teacher: Teacher, indices: range) -> None:
        """Begin assignments in order, as many at once as may be, and hand over each shard when it is complete."""
        room = asyncio.Semaphore(UNDER_WAY)

        async def one(index: int, shard: int) -> Written | None:
            try:
                if self._stop.is_set():
                    return None
                written = await _written(self._job, self._job.plan[index], teacher, shard)
                self.written += written is not None
                return written
            except asyncio.CancelledError:
                return None
            finally:
                room.release()

        shards: deque[tuple[int, list[asyncio.Task[Written | None]]]] = deque()
        for first in range(indices.start, indices.stop, self._shard_size):
            number, self._shards = self._shards, self._shards + 1
            shards.append((number, []))
            for index in range(first, min(first + self._shard_size, indices.stop)):
                await room.acquire()
                shards[-1][1].append(asyncio.create_task(one(index, number), name=f"{PAID_TASK} {index}"))
            while shards and (len(shards) >= SHARDS_AHEAD or all(task.done() for task in shards[0][1])):
                await self._hand_over(teacher, *shards.popleft())
            if self._stop.is_set() or self.budget.is_spent:
                break
        while shards:
            await self._hand_over(teacher, *shards.popleft())

    async def _hand_over(self, teacher: Teacher, number: int, tasks: list[asyncio.Task[Written | None]]) -> None:
        # What is under way when one assignment fails is waited for: it is paid.
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        teacher.settle()
        self._journal.finish(number)
        written = [result for result in results if isinstance(result, Written)]
        await asyncio.to_thread(self._put, (number, written))

    def _unrepeated(self, written: Written) -> Written:
        """Reject an assignment whose request was the very same as an earlier one's: it can only give a copy."""
        key = bytes.fromhex(written.custom_ids[-1])[:16]
        if key in self._seen and not written.rejection:
            said = "the prompt is the same as that of an earlier assignment"
            rejection = Rejection(step="teacher", reason="same_request", evidence=said)
            return replace(written, usage=NOTHING_USED, cost_usd=0.0, rejection=rejection)
        self._seen.add(key)
        return written


async def _written(job: Job, assignment: Assignment, teacher: Teacher, shard: int) -> Written | None:
    """Go through the chat steps of one assignment; None where an answer is missing."""
    answers: dict[str, Any] = {}
    earlier: dict[str, str] = {}
    responses: list[Response] = []
    rejection = None
    *before, last_step = job.recipe.spec.steps
    for step in (*before, last_step):
        request = job.prompter.request(assignment, step, answers)
        response = await teacher.ask(shard, request)
        if response is None:
            return None
        responses.append(response)
        rejection = unusable(response)
        if not rejection and step is not last_step:
            earlier[step.name] = _sendable(response.texts[0])
            rejection = taken_apart(job, step.name, earlier[step.name], answers)
        if rejection:
            break
    last = responses[-1]
    first, *others = last.texts or (last.text or "",)
    price = job.price
    return Written(
        assignment=assignment,
        custom_ids=tuple(response.custom_id for response in responses),
        model=str(last.body.get("model") or job.prompter.model),
        text=_sendable(first),
        earlier=earlier,
        others=tuple(_sendable(text) for text in others),
        usage=total(response.usage for response in responses),
        cost_usd=total(price.paid_usd(response) if price else None for response in responses),
        rejection=rejection,
    )


def taken_apart(job: Job, step: str, text: str, answers: dict[str, Any]) -> Rejection | None:
    """Add the answer of a step before the last to `answers`, in its parts; return why where one is missing."""
    try:
        answers[step] = parts.view(job.shape, step, text)
    except parts.Missing as error:
        return Rejection(step="teacher", reason=f"{step}_without_{error.name}", evidence=f"{error}\n\n{text[:2000]}")
    return None


def _sendable(text: str) -> str:
    """Return a text that can be written as UTF-8; half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def unusable(response: Response) -> Rejection | None:
    """Return why an answer cannot be used at all; None for one that can be examined."""
    if response.status_code != 200:
        reason = f"refused_{response.status_code}"
    elif response.texts:
        return None
    elif response.text is None and response.finish_reason in (None, "stop"):
        reason = "empty_answer"
    else:
        reason = f"finish_{response.finish_reason}"
    evidence = json.dumps(response.body, ensure_ascii=False)[:2000]
    return Rejection(step="teacher", reason=reason, evidence=evidence)


def total(values: Iterable[SumT | None]) -> SumT | None:
    """Return the sum, or None where a part of it is unknown."""
    total: SumT | None = None
    for value in values:
        if value is None:
            return None
        total = value if total is None else total + value
    return total
