"""A build shows where it stands: a panel on a terminal, a line now and then elsewhere, nothing beside JSON."""

import io
import json
import os
import pty
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.teacher.faulty_endpoint import Script, serving
from tests.teacher.test_faults import big, build_command
from textbooks import build as building
from textbooks import display
from textbooks import job as jobs
from textbooks.standing import Standing

PRICE = ["--price", "in=1,out=2"]


@pytest.fixture
def slow() -> Iterator[Script]:
    with serving(Script(lasting=0.2)) as script:
        script.latency_seconds = 0.1
        yield script


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


def test_a_terminal_shows_counts_pace_money_and_time(recipe: Path, tmp_path: Path, slow: Script) -> None:
    command = [*build_command(big(recipe, 150), slow.url, tmp_path / "run"), *PRICE]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "COLUMNS": "120"})
    os.close(theirs)
    shown = b""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    assert process.wait(timeout=30) == 0
    text = shown.decode()
    for words in ("written", "of 150", "accepted", "requests under way of", "spent, $", "in the end", " left"):
        assert words in text, words
    assert "teacher: " in text, "rejections show with their reasons"


def test_without_a_terminal_there_is_a_line_now_and_then(
    recipe: Path, tmp_path: Path, slow: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "LINE_SECONDS", 0.2)
    job = jobs.prepare(str(big(recipe, 150)), base_url=slow.url, price="in=1,out=2")
    with display.live(quiet=False) as watch:
        building.run_job(job, out=tmp_path / "run", workers=1, watch=watch)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("written ") and " of 150; examined " in line for line in lines)
    assert any("requests under way" in line and "spent" in line for line in lines)


def test_json_is_alone_on_stdout_and_the_rest_is_silent(recipe: Path, tmp_path: Path, slow: Script) -> None:
    command = [*build_command(big(recipe, 60), slow.url, tmp_path / "run"), *PRICE, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout)["to_do"] == 0
    assert done.stderr.startswith("Answers come from ")
    assert len(done.stderr.splitlines()) == 1


LOOK = Standing(
    planned=1000,
    target=None,
    written=300,
    examined=250,
    accepted=200,
    rejected={"contract: words": 30, "run: raised": 10, "a: b": 4, "c: d": 3, "e: f": 2, "g: h": 1},
    asked=300,
    in_flight=40,
    concurrency=64,
    prompt_tokens=90_000,
    completion_tokens=45_000,
    spent_usd=1.5,
    projected_usd=5.0,
    budget_usd=10.0,
    seconds_left=3725.0,
    paused_seconds=0.0,
    failing_seconds=0.0,
    last_failure=None,
)


def changed(**values: object) -> Standing:
    from dataclasses import replace

    return replace(LOOK, **values)  # type: ignore[arg-type]


def test_a_line_says_it_all() -> None:
    assert display.line(LOOK) == (
        "written 300 of 1000; examined 250; accepted 200 (80.0 %); 40 requests under way of 64 at a time; "
        "$1.5000 spent, $5.0000 in the end, budget $10; 1:02:05 left"
    )


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (changed(spent_usd=None), "cost unavailable (--price says it)"),
        (changed(target=500), "accepted 200 of 500 wanted (80.0 %)"),
        (changed(paused_seconds=90.0, last_failure="HTTP 429: slow"), "the endpoint asked for 90 s of rest"),
        (changed(asked=0, last_failure="HTTP 503: busy"), "no answer yet (last: HTTP 503: busy)"),
        (changed(failing_seconds=42.0, last_failure="HTTP 503: busy"), "every try has failed for 42 s (last: HTTP 503"),
    ],
)
def test_a_line_says_what_is_special(look: Standing, words: str) -> None:
    assert words in display.line(look)


def test_the_panel_shows_the_commonest_reasons_and_counts_the_rest() -> None:
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(display.panel(LOOK))
    text = console.export_text()
    assert "30 contract: words, 10 run: raised, 4 a: b, 3 c: d, 3 others" in text
    assert "90,000 in, 45,000 out" in text


def test_nothing_that_an_endpoint_says_moves_the_cursor() -> None:
    from rich.console import Console

    console = Console(width=120, record=True, file=io.StringIO())
    console.print(display.panel(changed(asked=0, last_failure="HTTP 503: \x1b[2Jgone[/]")))
    assert "\\x1b[2Jgone[/]" in console.export_text()
    assert "\x1b" not in display.line(changed(asked=0, last_failure="\x1b[2J"))
