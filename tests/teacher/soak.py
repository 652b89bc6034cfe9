"""Minutes, not seconds: what test_faults.py and test_money.py show small, at the size of a real run. `make soak`.

- 10,000 requests, three of ten tries failing in thirteen ways (one of them 20 s of silence before a good answer), one
  prompt of five never going well: every assignment ends as an answer or with its reason, none twice.
- A build of 2,000 assignments, killed 100 times: the corpus of an undisturbed run, nothing asked for again that was
  journaled.
- 100,000 requests: the memory of the process that asks stays flat.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import small_recipe
from tests.teacher.faulty_endpoint import PASSING, Script, serving
from tests.teacher.test_faults import big, killed_again_and_again, response_lines, unmeasured
from textbooks import build as building
from textbooks import job as jobs
from textbooks.calls import Request
from textbooks.storage import digest
from textbooks.teacher.answers import Answers
from textbooks.teacher.budget import Budget
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.teacher import Teacher


def faults(folder: Path, count: int) -> None:
    """Many requests, many of them failing; 20 s of latency are twice what the fastest answers take together."""
    script = Script(share=0.3, lasting=0.2, slow_seconds=20.0)
    with serving(script):
        settings = ["teacher.timeout_seconds=25"]
        job = jobs.prepare(str(big(small_recipe(folder), count)), base_url=script.url, settings=settings)
        tally: Any = building.run_job(job, out=folder / "run", workers=2).tally
        expected = Counter(script.outcome(prompt) for prompt in script.asked)
    assert (tally["assignments"], tally["to_do"]) == (count, 0), tally
    assert tally["accepted"] == expected["answer"]
    assert sum(tally["rejected"]["teacher"].values()) == count - expected["answer"]
    assert max(script.delivered.values()) == 1
    assert set(script.faults) == set(PASSING)
    answers = [line["custom_id"] for line in response_lines(folder / "run") if line["response"]]
    assert len(answers) == len(set(answers)) == count
    print(f"  {sum(script.asked.values())} tries, {sum(script.faults.values())} of them failed: {dict(script.faults)}")


def kills(folder: Path, count: int, assignments: int) -> None:
    """A build that is killed again and again ends as one that was not."""
    with serving(Script(lasting=0.2)) as script:
        script.latency_seconds = 0.05
        recipe = big(small_recipe(folder), assignments)
        killed_again_and_again(recipe, folder / "run", script, kills=count, draw=random.Random(7))
        repeated = sum(script.asked.values()) - assignments
        tally = json.loads((folder / "run/tally.json").read_text())
        assert (tally["assignments"], tally["to_do"]) == (assignments, 0)
        undisturbed = building.run_job(
            jobs.prepare(str(recipe), base_url=script.url), out=folder / "undisturbed", workers=2
        )
    assert unmeasured(undisturbed.corpus) == unmeasured(folder / "run/corpus")
    print(f"  {count} kills; {repeated} requests were under way at a kill and were asked again")


def memory(folder: Path, count: int) -> None:
    """The asking process over many requests: its memory at a fifth of them and at the end."""
    script = Script()

    async def run() -> list[float]:
        live = LiveTeacher(base_url=script.url, proved=False, budget=Budget(price=None))
        sizes = []
        with Journal(folder / "journal") as journal:
            teacher, room = Teacher(journal, Answers(), live), asyncio.Semaphore(500)

            async def one(number: int) -> None:
                try:
                    body = {"model": "m", "messages": [{"role": "user", "content": f"request {number}"}]}
                    assert await teacher.ask(number // 1000, Request(custom_id=digest(body), body=body))
                finally:
                    room.release()

            async with asyncio.TaskGroup() as group:
                for number in range(count):
                    await room.acquire()
                    group.create_task(one(number))
                    if number % (count // 5) == 0:
                        sizes.append(resident_mib())
            await teacher.close()
        return [*sizes, resident_mib()]

    with serving(script):
        child = os.fork()  # the server's own memory must not be measured
        if child == 0:
            try:
                sizes = asyncio.run(run())
                per_request = (sizes[-1] - sizes[1]) * 2**20 / (count * 4 / 5)
                print(
                    f"  resident MiB: {', '.join(f'{size:.0f}' for size in sizes)}; {per_request:.0f} bytes a request"
                )
                assert per_request < BYTES_A_REQUEST, per_request
            except BaseException as error:  # noqa: BLE001  # the parent has to hear of it
                print(f"  {type(error).__name__}: {error}")
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


BYTES_A_REQUEST = 640
"""What the index may keep of an answer: its id and its place; no text."""


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--assignments", type=int, default=2000)
    options.add_argument("--many", type=int, default=100_000)
    chosen = options.parse_args()
    os.environ["OPENAI_API_KEY"] = "test-key"
    for name, part, sizes in (
        ("faults", faults, (chosen.requests,)),
        ("kills", kills, (chosen.kills, chosen.assignments)),
        ("memory", memory, (chosen.many,)),
    ):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name}:", flush=True)
            part(Path(folder), *sizes)  # type: ignore[operator]
        print(f"  ok, {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
