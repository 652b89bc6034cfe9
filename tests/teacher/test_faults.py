"""A real server with a script of faults: every assignment ends as an answer or with its reason, none is asked twice."""

import asyncio
import json
import os
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

from tests.teacher.faulty_endpoint import PASSING, Script, serving
from textbooks import build as building
from textbooks import job as jobs
from textbooks.errors import TextbooksError


@pytest.fixture
def steady() -> Iterator[Script]:
    with serving(Script(lasting=0.2)) as script:
        yield script


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


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


def response_lines(run: Path) -> list[dict[str, Any]]:
    paths = sorted((run / "journal").glob("*.responses.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def test_every_assignment_ends_as_an_answer_or_with_its_reason(recipe: Path, tmp_path: Path) -> None:
    """500 requests: three of ten tries fail in thirteen ways, one of five prompts never goes well, in four."""
    with serving(Script(share=0.3, lasting=0.2)) as script:
        settings = ["teacher.timeout_seconds=1"]
        job = jobs.prepare(str(big(recipe, 500)), base_url=script.url, settings=settings)
        tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
        expected = Counter(script.outcome(prompt) for prompt in script.asked)
    assert (tally["assignments"], tally["to_do"]) == (500, 0)
    assert tally["accepted"] == expected["answer"]
    assert tally["rejected"]["teacher"] == {
        "empty_answer": expected["empty choices"],
        "finish_content_filter": expected["content filter"],
        "finish_length": expected["length"],
        "refused_400": expected["refused"],
    }
    assert max(script.delivered.values()) == 1, "nothing that was delivered is asked for again"
    assert set(script.faults) == set(PASSING)
    for row in accepted_rows(tmp_path / "run/corpus"):
        asked = f"Prose about this: Teach {row['thing']} to {row['reader']} in a {row['tone']} tone."
        assert asked in row["text"], "no assignment has another's answer"
    lines = response_lines(tmp_path / "run")
    assert len({line["custom_id"] for line in lines if line["response"]}) == 500
    assert sum(line["response"] is not None for line in lines) == 500
    paid = ("cut JSON", "reset in the body", "HTML", "hang", "trickle", "reset")
    assert Counter(line["error"]["code"] for line in lines if line["error"]) == {
        "lost": sum(script.faults[kind] for kind in paid)
    }


def accepted_rows(corpus: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [row for path in corpus.glob("data/*.parquet") for row in pq.read_table(path).to_pylist()]


def test_one_slow_answer_stops_nobody(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "SHARD", 10)
    delivered_by_then = []

    class OneSlow(Script):
        async def answer(self, request: Any) -> Any:
            if not self.asked:
                self.asked["the first"] += 1
                until = time.monotonic() + 20
                while sum(self.delivered.values()) < 299 and time.monotonic() < until:
                    await asyncio.sleep(0.01)
                delivered_by_then.append(sum(self.delivered.values()))
            return await super().answer(request)

    with serving(OneSlow()) as script:
        job = jobs.prepare(str(big(recipe, 300)), base_url=script.url)
        tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
    assert delivered_by_then == [299]
    assert tally["to_do"] == 0


def test_an_assignment_that_is_given_up_keeps_its_reason_and_is_asked_again(recipe: Path, tmp_path: Path) -> None:
    def is_bad(prompt: str) -> bool:
        return "sets" in prompt

    class Half(Script):
        def final(self, prompt: str, body: dict[str, Any]) -> Any:
            return self.said(503, "busy") if is_bad(prompt) and self.share == 0 else super().final(prompt, body)

    with serving(Half()) as script:
        job = jobs.prepare(str(recipe), base_url=script.url)
        first: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
        assert (first["accepted"], first["to_do"]) == (4, 2)
        failed = [line["error"] for line in response_lines(tmp_path / "run") if line["error"]]
        assert [error["code"] for error in failed] == ["gave_up", "gave_up"]
        assert failed[0]["message"].startswith("HTTP 503: ")
        script.share = 1e-9
        second: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
        assert (second["accepted"], second["to_do"]) == (6, 0)


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


def build_command(recipe: Path, url: str, run: Path) -> list[str]:
    command = [sys.executable, "-m", "textbooks", "build", str(recipe), "--base-url", url]
    return [*command, "--out", str(run), "--workers", "1"]


def test_ctrl_c_packages_what_is_there_and_says_how_to_go_on(recipe: Path, tmp_path: Path, steady: Script) -> None:
    steady.latency_seconds = 0.05
    command = build_command(big(recipe, 300), steady.url, tmp_path / "run")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while sum(steady.delivered.values()) < 20 and process.poll() is None:
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


def test_who_loses_the_connection_is_told_what_is_kept_and_how_to_go_on(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textbooks.teacher.live.FAILING_SECONDS", 0.5)
    with serving(Script()) as script:

        class Gone(Script):
            async def answer(self, request: Any) -> Any:
                return await (script.answer(request) if len(script.delivered) < 40 else self.fail("503", request, ""))

        with serving(Gone()) as gone:
            job = jobs.prepare(str(big(recipe, 200)), base_url=gone.url)
            with pytest.raises(TextbooksError) as caught:
                building.run_job(job, out=tmp_path / "run", workers=1)
    assert "HTTP 503" in str(caught.value)
    assert "wait until it answers again, and the same command goes on" in str(caught.value)
    assert f"({len(response_lines_with_answers(tmp_path / 'run'))} answers are kept in " in str(caught.value)


def test_a_server_that_is_gone_is_called_gone(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens any more: that is no late answer."""
    monkeypatch.setattr("textbooks.teacher.live.FAILING_SECONDS", 0.5)
    job = None
    with serving(Script()) as script:
        job = jobs.prepare(str(recipe), base_url=script.url, samples=3)
        building.run_job(job, out=tmp_path / "run", workers=1)
    more = jobs.prepare(str(big(recipe, 60)), base_url=script.url)
    with pytest.raises(TextbooksError, match=r"the connection failed: .*(?i:connect)") as caught:
        building.run_job(more, out=tmp_path / "run", workers=1)
    assert "(3 answers are kept in " in str(caught.value)


def response_lines_with_answers(run: Path) -> list[dict[str, Any]]:
    return [line for line in response_lines(run) if line["response"]]


def journaled(run: Path) -> set[str]:
    """The prompts whose answers are in the journal, whole."""
    answers, prompts = set(), {}
    for path in run.glob("journal/*.jsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                row = json.loads(line)
                if row.get("response"):
                    answers.add(row["custom_id"])
                elif "body" in row:
                    prompts[row["custom_id"]] = row["body"]["messages"][0]["content"]
    return {prompts[custom_id] for custom_id in answers}


def killed_again_and_again(recipe: Path, run: Path, script: Script, *, kills: int, draw: random.Random) -> None:
    """Start a build and kill it, time and again; what it had journaled by then is never asked for again."""
    command = build_command(recipe, script.url, run)
    asked_at: dict[str, int] = {}
    for _ in range(kills):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        goal = sum(script.delivered.values()) + draw.randrange(1, 40)
        until = time.monotonic() + draw.uniform(0.3, 4.0)
        while sum(script.delivered.values()) < goal and process.poll() is None and time.monotonic() < until:
            time.sleep(0.0005)
        process.kill()
        process.wait()
        for prompt in journaled(run):
            asked_at.setdefault(prompt, script.asked[prompt])
    whole = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert whole.returncode == 0, whole.stderr
    assert {prompt: script.asked[prompt] for prompt in asked_at} == asked_at


def test_builds_that_are_killed_lose_no_answer_that_was_journaled(recipe: Path, tmp_path: Path, steady: Script) -> None:
    run = tmp_path / "run"
    steady.latency_seconds = 0.02
    killed_again_and_again(big(recipe, 300), run, steady, kills=5, draw=random.Random(1))
    tally = json.loads((run / "tally.json").read_text())
    assert tally["to_do"] == 0
    undisturbed = building.run_job(
        jobs.prepare(str(recipe), base_url=steady.url), out=tmp_path / "undisturbed", workers=1
    )
    assert unmeasured(undisturbed.corpus) == unmeasured(run / "corpus")


MEASURED = {"wall_seconds", "cpu_seconds", "peak_memory_bytes"}


def unmeasured(corpus: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of a corpus, file by file, without what is measured anew in each run."""
    import pyarrow.parquet as pq

    return {
        str(path.relative_to(corpus)): [
            {name: value for name, value in row.items() if name not in MEASURED}
            for row in pq.read_table(path).to_pylist()
        ]
        for path in sorted(corpus.rglob("*.parquet"))
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_is_one_sentence_and_the_run_goes_on_when_there_is_room(
    recipe: Path, tmp_path: Path, steady: Script
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here ({mounted.stderr.strip()})")
    try:
        command = build_command(big(recipe, 600), steady.url, disk / "run")
        full = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert full.returncode == 2, full.stderr
        assert "is full; free some room, and the same command goes on" in full.stderr
        assert "Traceback" not in full.stderr
        have = journaled(disk / "run")
        assert len(have) > 20
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert again.returncode == 0, again.stderr
        assert {steady.asked[prompt] for prompt in have} == {1}
    finally:
        subprocess.run(["umount", str(disk)], check=True)
