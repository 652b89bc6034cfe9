"""How busy an endpoint is kept, and at what cost, beside the bare SDK: `make bench-teacher`.

A server of its own process answers after 1 s, admits 500 requests at a time and refuses the others with 429. Both ways
send the same requests through the same SDK: this project's teacher, which has to find the limit by itself and journals
every answer, and a bare loop that is told the limit. The ideal is 500 requests a second.
"""

import asyncio
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
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
        "usage": {"prompt_tokens": 9, "completion_tokens": 9},
    }
)


def serve(port: "multiprocessing.Queue[int]") -> None:
    from aiohttp import web

    at_once = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal at_once
        await request.read()
        if at_once >= ADMITTED:
            return web.Response(status=429, text='{"error": {"message": "slow down"}}', content_type="application/json")
        at_once += 1
        try:
            await asyncio.sleep(LATENCY_SECONDS)
        finally:
            at_once -= 1
        return web.Response(text=ANSWER, content_type="application/json")

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
        port.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def requests(name: str) -> list[Request]:
    bodies = ({"model": "m", "messages": [{"role": "user", "content": f"{name} {n}"}]} for n in range(REQUESTS))
    return [Request(custom_id=digest(body), body=body) for body in bodies]


async def through_the_teacher(url: str, note: Callable[[], None]) -> int:
    live = LiveTeacher(base_url=url, proved=False, budget=Budget(price=None))
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder)) as journal:
        teacher, room = Teacher(journal, Answers(), live), asyncio.Semaphore(OUTSTANDING)

        async def one(request: Request) -> None:
            assert await teacher.ask(0, request)
            room.release()
            note()

        tasks = []
        for request in requests("teacher"):
            await room.acquire()
            tasks.append(asyncio.create_task(one(request)))
        await asyncio.gather(*tasks)
        await teacher.close()
    return sum(live.failures.values())


async def through_the_bare_sdk(url: str, note: Callable[[], None]) -> int:
    import openai

    client = openai.AsyncOpenAI(base_url=url, api_key="x", max_retries=0, http_client=openai.DefaultAioHttpClient())
    slots = asyncio.Semaphore(ADMITTED)

    async def one(request: Request) -> None:
        async with slots:
            await client.chat.completions.create(model="m", messages=request.body["messages"])
        note()

    await asyncio.gather(*(one(request) for request in requests("sdk")))
    await client.close()
    return 0


def measured(name: str, run: Callable[[str, Callable[[], None]], Awaitable[int]], url: str) -> None:
    arrivals: list[float] = []
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    wasted = asyncio.run(run(url, lambda: arrivals.append(time.monotonic() - started)))  # type: ignore[arg-type]
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    last = max(arrivals) - LATENCY_SECONDS  # the last round only empties the pipe
    steady = [arrival for arrival in arrivals if WARM_UP_SECONDS <= arrival <= last]
    rate = len(steady) / (last - WARM_UP_SECONDS) if steady else float("nan")
    print(
        f"{name:10} {rate:6.0f} requests/s after {WARM_UP_SECONDS:g} s, {REQUESTS / max(arrivals):5.0f} over all, "
        f"{100 * wasted / (REQUESTS + wasted):.2f} % wasted, {cpu / REQUESTS * 1000:.2f} ms processor time each, "
        f"{used.ru_maxrss / 1024:.0f} MiB"
    )


def main() -> None:
    os.environ.setdefault("OPENAI_API_KEY", "x")
    context = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    server = context.Process(target=serve, args=(port,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port.get(timeout=30)}/v1"
    for name, run in (("teacher", through_the_teacher), ("bare SDK", through_the_bare_sdk)):
        measured(name, run, url)
    server.terminate()


if __name__ == "__main__":
    main()
