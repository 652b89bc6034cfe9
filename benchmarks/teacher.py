"""How busy an endpoint is kept, and at what cost, beside the bare SDK: `make bench-teacher`.

A server in a process of its own answers after 1 s, admits 500 requests at a time and refuses the others with 429. This
project's teacher has to find the limit by itself and journals every answer; a bare loop through the same SDK is told
the limit and keeps nothing. With --curator and --data-designer, the interpreters of environments in which those are
installed, they send as many requests, told the limit too. The ideal is 500 requests a second.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from textbooks.calls import Request
from textbooks.storage import digest
from textbooks.teacher.answers import Answers
from textbooks.teacher.budget import Budget
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.teacher import Teacher

REQUESTS = 15_000
ADMITTED = 500
LATENCY_SECONDS = 1.0
WARM_UP_SECONDS = 15.0
OUTSTANDING = 1500
ANSWER = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "words"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    }
)


def serve(port: "multiprocessing.Queue[int]") -> None:
    from aiohttp import web

    at_once = refused = 0
    arrivals: list[float] = []

    async def told(request: web.Request) -> web.Response:
        """Say when the answers since the last question went out, and how many requests were refused."""
        nonlocal refused
        answer = web.json_response({"arrivals": arrivals, "refused": refused})
        arrivals.clear()
        refused = 0
        return answer

    async def answer(request: web.Request) -> web.Response:
        nonlocal at_once, refused
        await request.read()
        if at_once >= ADMITTED:
            refused += 1
            return web.Response(status=429, text='{"error": {"message": "slow down"}}', content_type="application/json")
        at_once += 1
        try:
            await asyncio.sleep(LATENCY_SECONDS)
        finally:
            at_once -= 1
        arrivals.append(time.monotonic())
        return web.Response(text=ANSWER, content_type="application/json")

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        app.router.add_get("/told", told)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        port.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def requests(name: str) -> list[Request]:
    bodies = ({"model": "m", "messages": [{"role": "user", "content": f"{name} {n}"}]} for n in range(REQUESTS))
    return [Request(custom_id=digest(body), body=body) for body in bodies]


async def through_the_teacher(url: str) -> None:
    live = LiveTeacher(base_url=url, proved=False, budget=Budget(price=None))
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
        teacher, room = Teacher(journal, Answers(), live), asyncio.Semaphore(OUTSTANDING)

        async def one(request: Request) -> None:
            assert await teacher.ask(0, request)
            room.release()

        tasks = []
        for request in requests("teacher"):
            await room.acquire()
            tasks.append(asyncio.create_task(one(request)))
        await asyncio.gather(*tasks)
        await teacher.close()


async def through_the_bare_sdk(url: str) -> None:
    import openai

    client = openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0, http_client=openai.DefaultAioHttpClient())
    slots = asyncio.Semaphore(ADMITTED)

    async def one(request: Request) -> None:
        async with slots:
            await client.chat.completions.create(model="m", messages=request.body["messages"])

    await asyncio.gather(*(one(request) for request in requests("sdk")))
    await client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a way took, on the asking side."""

    cpu_seconds: float
    peak_mib: float


def measured(name: str, url: str, cost: Cost) -> None:
    """Print a row: the rate by the server's clock, after warm-up and but for the last round, which empties the pipe."""
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/told") as answer:
        told = json.load(answer)
    arrivals = told["arrivals"]
    first, last = arrivals[0] - LATENCY_SECONDS, arrivals[-1] - LATENCY_SECONDS
    steady = [arrival for arrival in arrivals if first + WARM_UP_SECONDS <= arrival <= last]
    rate = len(steady) / (last - first - WARM_UP_SECONDS) if steady else float("nan")
    print(
        f"{name:22} {rate:6.0f} requests/s after {WARM_UP_SECONDS:g} s, {len(arrivals) / (arrivals[-1] - first):5.0f} "
        f"over all, {100 * told['refused'] / (len(arrivals) + told['refused']):.2f} % wasted, "
        f"{cost.cpu_seconds / len(arrivals) * 1000:.2f} ms processor time each, {cost.peak_mib:.0f} MiB",
        flush=True,
    )


def in_a_process(run: Callable[[str], Awaitable[None]], url: str) -> Cost:
    """Run one of our own ways, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[tuple[float, float]] = context.Queue()
    process = context.Process(target=_run, args=(run, url, results))
    process.start()
    cpu_seconds, peak_mib = results.get()
    process.join()
    return Cost(cpu_seconds=cpu_seconds, peak_mib=peak_mib)


def _run(
    run: Callable[[str], Awaitable[None]], url: str, results: "multiprocessing.Queue[tuple[float, float]]"
) -> None:
    asyncio.run(run(url))  # type: ignore[arg-type]
    used = resource.getrusage(resource.RUSAGE_SELF)
    results.put((used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))


def by_a_peer(script: str, python: Path, url: str) -> Cost:
    """Run a peer, with the interpreter of the environment that it is installed in."""
    command = [str(python), str(Path(__file__).parent / "peers" / script), url, str(REQUESTS), str(ADMITTED)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    answers, _, cpu_seconds, peak_mib = line.split()[1:]
    if int(answers) != REQUESTS:
        raise SystemExit(f"{script} returned {answers} answers to {REQUESTS} requests")
    return Cost(cpu_seconds=float(cpu_seconds), peak_mib=float(peak_mib))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--curator", type=Path, metavar="PYTHON", help="where bespokelabs-curator is installed")
    options.add_argument("--data-designer", type=Path, metavar="PYTHON", help="where data-designer is installed")
    chosen = options.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "x")
    context = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    server = context.Process(target=serve, args=(port,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port.get(timeout=30)}/v1"
    measured("the teacher", url, in_a_process(through_the_teacher, url))
    measured("bare SDK, told", url, in_a_process(through_the_bare_sdk, url))
    if chosen.curator:
        measured("curator, told", url, by_a_peer("through_curator.py", chosen.curator, url))
    if chosen.data_designer:
        measured("data-designer, told", url, by_a_peer("through_data_designer.py", chosen.data_designer, url))
    server.terminate()


if __name__ == "__main__":
    main()
