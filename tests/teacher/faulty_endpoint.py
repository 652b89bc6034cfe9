"""A real server that speaks chat completions and fails as it is told. It remembers what it was asked and delivered."""

import asyncio
import contextlib
import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from tests.conftest import ANSWER, completion

PASSING = (
    "429",
    "429 soon",
    "500",
    "503",
    "404 of one server",
    "reset",
    "reset in the body",
    "HTML",
    "cut JSON",
    "slow",
    "hang",
    "trickle",
    "twice",
)
"""Faults of one try: the next may go well."""
HEALTHY_FIRST = 8
LASTING = ("content filter", "length", "empty choices", "refused")
"""Outcomes of a prompt: it gets the same again, however often it is asked."""


class Script:
    """An endpoint with a share of failing tries and a share of prompts that never go well."""

    def __init__(self, *, share: float = 0.0, lasting: float = 0.0, slow_seconds: float = 0.3, seed: int = 1) -> None:
        self.share = share
        self.lasting = lasting
        self.slow_seconds = slow_seconds
        self.kinds: tuple[str, ...] = PASSING
        self.latency_seconds = 0.0
        self.draw = random.Random(seed)
        self.asked: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.most_at_once = self.at_once = 0
        self.answer_text = ANSWER
        self.spent_tokens: Counter[str] = Counter()
        """Prompt and completion tokens of all that was written, whether or not it arrived."""
        self.url = ""

    def outcome(self, prompt: str) -> str:
        """What this prompt always comes to."""
        place = int(hashlib.sha256(prompt.encode()).hexdigest()[:8], 16) / 2**32
        return LASTING[int(place / self.lasting * len(LASTING))] if place < self.lasting else "answer"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        prompt = body["messages"][-1]["content"]
        self.asked[prompt] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.latency_seconds:
                await asyncio.sleep(self.latency_seconds)
            # An endpoint whose very first answers are wrong is not tried again, and rightly so.
            fails = self.draw.random() < self.share and sum(self.delivered.values()) >= HEALTHY_FIRST
            fault = self.draw.choice(self.kinds) if fails else None
            if fault:
                self.faults[fault] += 1
                failed = await self.fail(fault, request, prompt)
                if failed is not None:
                    return failed
            return self.final(prompt, body)
        finally:
            self.at_once -= 1

    def final(self, prompt: str, body: dict[str, Any]) -> web.Response:
        outcome = self.outcome(prompt)
        self.delivered[prompt] += 1
        if outcome == "refused":
            return self.said(400, '{"error": {"message": "not this one", "code": "invalid_request"}}')
        reason = {"content filter": "content_filter", "length": "length"}.get(outcome, "stop")
        text = self.written(prompt, None if outcome == "empty choices" else reason)
        return self.said(200, text)

    def written(self, prompt: str, reason: str | None) -> str:
        """Write an answer, and count what it costs."""
        text = self.answer_text.replace("Prose about the topic.", f"Prose about this: {prompt}")
        answer = json.loads(completion(text if reason else None, finish_reason=reason or "stop")[2])
        answer["usage"] = self.usage(prompt, self.answer_text)
        self.spent_tokens["prompt"] += answer["usage"]["prompt_tokens"]
        self.spent_tokens["completion"] += answer["usage"]["completion_tokens"]
        return json.dumps(answer)

    def usage(self, prompt: str, text: str) -> dict[str, Any]:
        return {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4}

    @staticmethod
    def said(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
        return web.Response(status=status, text=text, headers=headers, content_type="application/json")

    async def fail(self, fault: str, request: web.Request, prompt: str) -> web.StreamResponse | None:
        """Fail in one way; None where it was only slow."""
        plain: dict[str, tuple[int, str, dict[str, str]]] = {
            "429": (429, '{"error": {"message": "slow down"}}', {}),
            "429 soon": (429, '{"error": {"message": "slow down"}}', {"Retry-After": "0.02"}),
            "500": (500, '{"error": {"message": "oops"}}', {}),
            "503": (503, "<html>busy</html>", {}),
            "404 of one server": (404, '{"error": {"message": "no such model", "code": "model_not_found"}}', {}),
            "HTML": (200, "<html>maintenance</html>", {}),
        }
        if fault in plain:
            status, text, headers = plain[fault]
            return self.said(status, text, headers)
        if fault == "reset":
            _hang_up(request)
            return web.Response()
        if fault == "slow":
            await asyncio.sleep(self.slow_seconds)
            return None
        if fault == "twice" and request.transport is not None:
            # The same answer two times in one go: the second must not be taken for the next request's.
            text = self.final(prompt, {}).text or ""
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
            if self.outcome(prompt) == "refused":
                head = head.replace("200 OK", "400 Bad Request")
            request.transport.write((head + text).encode() * 2)
            await asyncio.sleep(0.1)
            _hang_up(request)
            return web.Response()
        if fault == "hang":
            await asyncio.sleep(3600)
        return await self.broken_off(fault, request, self.written(prompt, "stop"))

    async def broken_off(self, fault: str, request: web.Request, text: str) -> web.StreamResponse:
        """Begin a good answer, which is paid for, and do not end it well."""
        if fault == "cut JSON":
            return self.said(200, text[: len(text) // 2])
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
        await response.prepare(request)
        await response.write(text[:20].encode())
        if fault == "trickle":
            with contextlib.suppress(ConnectionError):  # the other side has had enough
                for letter in text[20:]:
                    await asyncio.sleep(0.1)
                    await response.write(letter.encode())
        _hang_up(request)
        return response


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@contextlib.contextmanager
def serving(script: Script) -> Iterator[Script]:
    """Serve a script on a loopback socket, in a thread."""
    loop = asyncio.new_event_loop()
    app = web.Application(client_max_size=300 * 2**20)
    app.router.add_post("/v1/chat/completions", script.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
        script.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield script

    async def stop() -> None:
        await runner.cleanup()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
