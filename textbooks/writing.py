"""Assignments → what the teacher wrote: the chat steps of each, all of a shard at once.

Knows which answers cannot be used at all; what is in a usable one is none of its business.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from textbooks.job import Job
from textbooks.records import Assignment, Rejection, Response, Written
from textbooks.teacher.answers import Answers
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.teacher import Teacher

Progress = Callable[[str, int, int], None]
"""Told the step, how many assignments have passed it and how many are planned."""


class Writer:
    """Has the teacher write shard after shard."""

    def __init__(self, job: Job, journal: Journal) -> None:
        self._job = job
        self._journal = journal
        self._recorded = Answers(job.recorded)
        self._seen: set[bytes] = set()
        self.last_failure: str | None = None
        """What a live endpoint last said where it gave no answer."""
        self.counts: dict[str, int] = {"requests": 0, "reused": 0, "recorded": 0}

    def write(self, shard: int, indices: range, report: Progress) -> list[Written]:
        """Return what was written for the assignments of a shard, in order; those without an answer are left out."""
        return asyncio.run(self._write(shard, indices, report))

    async def _write(self, shard: int, indices: range, report: Progress) -> list[Written]:
        live = None
        if self._job.source == "live":
            live = LiveTeacher(base_url=self._job.base_url, proved=len(self._journal) > 0)
        teacher = Teacher(self._journal, self._recorded, live)
        done = indices.start

        async def one(index: int) -> Written | None:
            nonlocal done
            written = await _written(self._job, self._job.plan[index], teacher, shard)
            done += 1
            report("written", done, self._job.samples)
            return written

        try:
            # What is under way when one assignment fails is waited for: it is paid.
            results = await asyncio.gather(*(one(index) for index in indices), return_exceptions=True)
        finally:
            await teacher.close()
            self.last_failure = live.last_failure if live else None
            for name, count in teacher.counts.items():
                self.counts[name] += count
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [self._unrepeated(written) for written in results if isinstance(written, Written)]

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
