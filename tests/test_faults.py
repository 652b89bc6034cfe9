"""A real server with a script of faults: every assignment ends as an answer or with its reason, none is asked twice."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import ANSWER, completion
from textbooks import build as building
from textbooks import job as jobs

FAULTS = ("429", "429 soon", "500", "503", "reset", "HTML", "cut JSON", "slow")


class Script:
    """An endpoint that fails as it is told, and remembers what it delivered."""

    def __init__(self, share: float, seed: int = 1) -> None:
        self.share = share
        self.draw = random.Random(seed)
        self.asked: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.most_at_once = self.at_once = 0
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        prompt = body["messages"][0]["content"]
        self.asked[prompt] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            fault = self.draw.choice(FAULTS) if self.draw.random() < self.share else None
            if fault:
                self.faults[fault] += 1
                failed = await self.fail(fault, request)
                if failed is not None:
                    return failed
            self.delivered[prompt] += 1
            return web.Response(status=200, text=self.final(prompt), content_type="application/json")
        finally:
            self.at_once -= 1

    def final(self, prompt: str) -> str:
        if "sets to" in prompt:
            return completion(ANSWER, finish_reason="content_filter")[2]
        return completion(ANSWER)[2]

    async def fail(self, fault: str, request: web.Request) -> web.StreamResponse | None:
        plain: dict[str, tuple[int, str, dict[str, str]]] = {
            "429": (429, '{"error": {"message": "slow down"}}', {}),
            "429 soon": (429, '{"error": {"message": "slow down"}}', {"Retry-After": "0.02"}),
            "500": (500, '{"error": {"message": "oops"}}', {}),
            "503": (503, "<html>busy</html>", {}),
            "HTML": (200, "<html>maintenance</html>", {}),
            "cut JSON": (200, completion(ANSWER)[2][:60], {}),
        }
        if fault in plain:
            status, text, headers = plain[fault]
            return web.Response(status=status, text=text, headers=headers, content_type="application/json")
        if fault == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        await asyncio.sleep(0.3)
        return None


def serve(script: Script) -> Iterator[Script]:
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", script.answer)
    runner = web.AppRunner(app, access_log=None)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        script.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield script
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def script() -> Iterator[Script]:
    yield from serve(Script(share=0.3))


@pytest.fixture
def steady() -> Iterator[Script]:
    yield from serve(Script(share=0.0))


def big(recipe: Path, count: int) -> Path:
    """Make the recipe's space large enough for so many different prompts."""
    names = ", ".join(f"reader{number}" for number in range(count // 3 + 1))
    text = (
        recipe.read_text()
        .replace("values: [child, adult]", f"values: [{names}]")
        .replace("samples: 6", f"samples: {count}")
    )
    recipe.write_text(text)
    return recipe


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


def test_every_assignment_ends_as_an_answer_or_with_its_reason(recipe: Path, tmp_path: Path, script: Script) -> None:
    """900 requests, three of ten of them failing in eight ways."""
    job = jobs.prepare(str(big(recipe, 900)), base_url=script.url)
    built = building.run_job(job, out=tmp_path / "run", workers=1)
    tally: Any = built.tally
    assert tally["assignments"] == 900
    assert tally["accepted"] + sum(n for reasons in tally["rejected"].values() for n in reasons.values()) == 900
    assert tally["rejected"]["teacher"]["finish_content_filter"] == 300
    assert tally["to_do"] == 0
    assert max(script.delivered.values()) == 1, "nothing that was delivered is asked for again"
    assert set(script.faults) == set(FAULTS)
    lines = [
        json.loads(line)
        for path in (tmp_path / "run/journal").glob("*.responses.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert len({line["custom_id"] for line in lines}) == len(lines) == 900


def test_what_is_stopped_is_packaged_and_goes_on(recipe: Path, tmp_path: Path, steady: Script) -> None:
    job = jobs.prepare(str(big(recipe, 600)), base_url=steady.url)

    def stop_soon(stop: Callable[[], None]) -> None:
        def when_some_are_there() -> None:
            while sum(steady.delivered.values()) < 100:
                time.sleep(0.005)
            stop()

        threading.Thread(target=when_some_are_there, daemon=True).start()

    stopped = building.run_job(job, out=tmp_path / "run", workers=1, interrupt=stop_soon)
    assert 0 < stopped.tally["to_do"] < 600
    assert (tmp_path / "run/corpus/README.md").is_file()
    whole = building.run_job(job, out=tmp_path / "run", workers=1)
    assert whole.tally["to_do"] == 0
    assert max(steady.asked.values()) == 1


def test_ctrl_c_packages_what_is_there_and_says_how_to_go_on(recipe: Path, tmp_path: Path, steady: Script) -> None:
    steady.final = lambda prompt: time.sleep(0.01) or completion(ANSWER)[2]  # type: ignore[method-assign]
    command = [sys.executable, "-m", "textbooks", "build", str(big(recipe, 300)), "--base-url", steady.url]
    command += ["--out", str(tmp_path / "run"), "--workers", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while sum(steady.delivered.values()) < 50 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "Stopping: " in said
    assert "run the same command again to go on" in said
    assert (tmp_path / "run/corpus/README.md").is_file()
    again = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert again.returncode == 0, again.stderr
    assert max(steady.delivered.values()) == 1


def journaled(run: Path) -> set[str]:
    """The prompts whose answers are in the journal, whole."""
    answers, prompts = set(), {}
    for path in run.glob("journal/*.jsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                row = json.loads(line)
                if "response" in row:
                    answers.add(row["custom_id"])
                else:
                    prompts[row["custom_id"]] = row["body"]["messages"][0]["content"]
    return {prompts[custom_id] for custom_id in answers}


def test_builds_that_are_killed_lose_no_answer_that_was_journaled(recipe: Path, tmp_path: Path, steady: Script) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "textbooks", "build", str(big(recipe, 600)), "--base-url", steady.url]
    command += ["--out", str(run), "--workers", "1"]
    for turn in range(5):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        goal = sum(steady.delivered.values()) + random.Random(turn).randrange(20, 100)
        while sum(steady.delivered.values()) < goal and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        have = journaled(run)
        asked_before = {prompt: steady.asked[prompt] for prompt in have}
    whole = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert whole.returncode == 0, whole.stderr
    assert {prompt: steady.asked[prompt] for prompt in have} == asked_before
    tally = json.loads((run / "tally.json").read_text())
    assert (tally["accepted"], tally["to_do"]) == (400, 0), "the other third is filtered"
    undisturbed = building.run_job(
        jobs.prepare(str(recipe), base_url=steady.url), out=tmp_path / "undisturbed", workers=1
    )
    assert texts(undisturbed.corpus) == texts(run / "corpus")


def texts(corpus: Path) -> list[tuple[str, str]]:
    import pyarrow.parquet as pq

    rows = [row for path in sorted(corpus.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]
    return [(row["id"], row["text"]) for row in rows]
