"""Assignments → what the teacher wrote: the chat steps of each, many at once, handed over shard by shard.

Knows which answers cannot be used at all; what is in a usable one is none of its business.
"""

import asyncio
import contextlib
import json
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import TracebackType

from textbooks.job import Job
from textbooks.records import Assignment, Rejection, Response, Written
from textbooks.teacher.answers import Answers
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.teacher import Teacher

Progress = Callable[[str, int, int], None]
"""Told the step, how many assignments have passed it and how many are planned."""
UNDER_WAY = 1500
"""Assignments begun and not yet written, at most."""
SHARDS_AHEAD = 4
"""Shards begun before the oldest is complete, at most; a slow answer must not stop the others."""
GRACE_SECONDS = 20.0
"""How long answers that are under way are waited for once a run is stopped: they are paid."""


class Writer:
    """Has the teacher write shard after shard, in a thread of its own: the endpoint works while shards are examined."""

    def __init__(self, job: Job, journal: Journal, *, shard_size: int, report: Progress) -> None:
        self._job = job
        self._journal = journal
        self._shard_size = shard_size
        self._report = report
        self._recorded = Answers(job.recorded)
        self._seen: set[bytes] = set()
        self._live: LiveTeacher | None = None
        self.counts: dict[str, int] = {"requests": 0, "reused": 0, "recorded": 0}
        self._stop = threading.Event()
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
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._ready.get(timeout=0.05)

    @property
    def last_failure(self) -> str | None:
        """What a live endpoint last said where it gave no answer."""
        return self._live.last_failure if self._live else None

    def stop(self) -> None:
        """Ask for nothing more; what is under way is waited for a moment, then the shards end as they are."""
        self._stop.set()

    def shards(self) -> Iterator[tuple[int, list[Written]]]:
        """Yield (number, what was written) of each shard, in order; assignments without an answer are left out.

        Raises:
            TextbooksError: the endpoint cannot be used, or the journal not be written.

        """
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            number, written = item
            yield number, [self._unrepeated(one) for one in written]

    def _run(self) -> None:
        try:
            asyncio.run(self._write())
        except BaseException as error:  # noqa: BLE001  # handed to the thread that consumes
            self._put(error)
        else:
            self._put(None)

    def _put(self, item: tuple[int, list[Written]] | BaseException | None) -> None:
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Full):
                self._ready.put(item, timeout=0.1)
                return

    async def _write(self) -> None:
        if self._job.source == "live":
            self._live = LiveTeacher(base_url=self._job.base_url, proved=len(self._journal) > 0)
        teacher = Teacher(self._journal, self._recorded, self._live)
        watch = asyncio.create_task(self._heed_stop())
        try:
            await self._write_shards(teacher)
        finally:
            watch.cancel()
            await teacher.close()
            self.counts.update(teacher.counts)

    async def _heed_stop(self) -> None:
        """Once the run is stopped, send nothing more, and give up on what does not arrive in time."""
        while not self._stop.is_set():
            await asyncio.sleep(0.1)
        if self._live:
            self._live.is_stopped = True
        await asyncio.sleep(GRACE_SECONDS)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if task.get_name().startswith("assignment"):
                task.cancel()

    async def _write_shards(self, teacher: Teacher) -> None:
        """Begin assignments in order, as many at once as may be, and hand over each shard when it is complete."""
        room, samples = asyncio.Semaphore(UNDER_WAY), self._job.samples
        done = 0

        async def one(index: int, shard: int) -> Written | None:
            nonlocal done
            try:
                if self._stop.is_set():
                    return None
                return await _written(self._job, self._job.plan[index], teacher, shard)
            except asyncio.CancelledError:
                return None
            finally:
                room.release()
                done += 1
                self._report("written", done, samples)

        shards: deque[tuple[int, list[asyncio.Task[Written | None]]]] = deque()
        for number, first in enumerate(range(0, samples, self._shard_size)):
            shards.append((number, []))
            for index in range(first, min(first + self._shard_size, samples)):
                await room.acquire()
                shards[-1][1].append(asyncio.create_task(one(index, number), name=f"assignment {index}"))
            while shards and (len(shards) >= SHARDS_AHEAD or all(task.done() for task in shards[0][1])):
                await self._hand_over(teacher, *shards.popleft())
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
            return replace(written, rejection=rejection)
        self._seen.add(key)
        return written


async def _written(job: Job, assignment: Assignment, teacher: Teacher, shard: int) -> Written | None:
    """Go through the chat steps of one assignment; None where an answer is missing."""
    answers: dict[str, str] = {}
    responses: list[Response] = []
    rejection = None
    for step in job.recipe.spec.steps:
        request = job.prompter.request(assignment, step, answers)
        response = await teacher.ask(shard, request)
        if response is None:
            return None
        responses.append(response)
        answers[step.name] = response.text or ""
        rejection = _unusable(response)
        if rejection:
            break
    return Written(
        assignment=assignment,
        custom_ids=tuple(response.custom_id for response in responses),
        model=str(responses[-1].body.get("model") or job.prompter.model),
        text=(responses[-1].text or "").encode("utf-8", "replace").decode(),
        prompt_tokens=_total(response.usage("prompt_tokens") for response in responses),
        completion_tokens=_total(response.usage("completion_tokens") for response in responses),
        rejection=rejection,
    )


def _unusable(response: Response) -> Rejection | None:
    if response.status_code != 200:
        reason = f"refused_{response.status_code}"
    elif response.text is None:
        reason = "empty_answer"
    elif response.finish_reason not in (None, "stop"):
        reason = f"finish_{response.finish_reason}"
    else:
        return None
    evidence = json.dumps(response.body, ensure_ascii=False)[:2000]
    return Rejection(step="teacher", reason=reason, evidence=evidence)


def _total(values: Iterable[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total
