"""Spend plus what is under way never passes the budget, and what a run costs is what the endpoint charges."""

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ANSWER, completion
from tests.teacher.faulty_endpoint import Script, serving
from tests.teacher.test_faults import big, build_command, response_lines
from textbooks import build as building
from textbooks import estimate as estimating
from textbooks import job as jobs
from textbooks.calls import Request
from textbooks.errors import TextbooksError
from textbooks.storage import digest
from textbooks.teacher.budget import Budget, worst_case_usd
from textbooks.teacher.prices import Price, price_of
from textbooks.teacher.teacher import shipped_recordings

PRICE = "in=1000,out=2000"
"""A thousand dollars for a million tokens of a prompt: a request of the tests costs about a dime."""
LIMIT = "teacher.sampling.max_completion_tokens=60"


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


@pytest.fixture
def server() -> Iterator[Script]:
    with serving(Script()) as script:
        yield script


def charged(script: Script, price: Price) -> float:
    """What the server would put on the bill: everything that it wrote, whether or not it arrived."""
    tokens = script.spent_tokens
    return (tokens["prompt"] * price.input_usd + tokens["completion"] * price.output_usd) / 1e6


def price() -> Price:
    found = price_of("m", PRICE)
    assert found
    return found


def test_what_a_run_cost_is_what_the_server_charged(recipe: Path, tmp_path: Path, server: Script) -> None:
    job = jobs.prepare(str(recipe), base_url=server.url, price=PRICE)
    tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
    assert tally["cost_usd"] == pytest.approx(charged(server, price()))
    assert tally["spent_usd"] == tally["cost_usd"]
    assert tally["cost_per_accepted_usd"] == pytest.approx(tally["cost_usd"] / 6, abs=1e-6)
    accepted_tokens = server.spent_tokens["completion"]
    per_million = tally["cost_per_million_accepted_tokens_usd"]
    assert per_million == pytest.approx(tally["cost_usd"] / accepted_tokens * 1e6)
    card = (tmp_path / "run/corpus/README.md").read_text()
    assert f"Cost: ${tally['cost_usd']:.4f}, at $1000 in, $2000 out per million tokens (--price)" in card
    assert "for a million accepted tokens" in card
    rows = rows_of(tmp_path / "run/corpus")
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(tally["cost_usd"])


def rows_of(corpus: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [row for path in corpus.glob("data/*.parquet") for row in pq.read_table(path).to_pylist()]


def test_a_budget_is_never_passed_whatever_fails_and_however_often_it_is_killed(recipe: Path, tmp_path: Path) -> None:
    """Three of ten tries fail, some of them after they were paid for; the build is killed again and again."""
    with serving(Script(share=0.3, lasting=0.1)) as script:
        script.latency_seconds = 0.02
        command = build_command(big(recipe, 600), script.url, tmp_path / "run")
        command += ["--price", PRICE, "--set", LIMIT, "--set", "teacher.timeout_seconds=1", "--budget", "20"]
        draw = random.Random(3)
        for _ in range(3):
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            goal = sum(script.delivered.values()) + draw.randrange(5, 30)
            while sum(script.delivered.values()) < goal and process.poll() is None:
                time.sleep(0.001)
            process.kill()
            process.wait()
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 1, ended.stderr
        assert "the budget of 20 US dollars is spent (" in ended.stderr
        assert "give a larger --budget and the same command goes on" in ended.stderr
        charged_usd = charged(script, price())
        tally = json.loads((tmp_path / "run/tally.json").read_text())
        assert charged_usd <= tally["spent_usd"] + tally["lost_usd_at_most"] <= 20
        used = tally["spent_usd"] + tally["lost_usd_at_most"]
        assert used > 19, "it went on until another request could have passed the budget"
        assert tally["accepted"] > 20
        asked = sum(script.asked.values())
        again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert again.returncode == 1
        assert sum(script.asked.values()) == asked, "a spent budget stays spent"


def test_most_of_a_budget_is_used_and_what_was_paid_for_is_packaged(
    recipe: Path, tmp_path: Path, server: Script
) -> None:
    job = jobs.prepare(str(big(recipe, 300)), base_url=server.url, price=PRICE, settings=[LIMIT], budget_usd=5.0)
    tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
    worst = worst_case_usd(next(job.first_requests()).body, price())
    assert 5.0 - worst * 1.5 < tally["spent_usd"] <= 5.0
    assert tally["budget_is_spent"]
    assert tally["accepted"] == sum(server.delivered.values()) == len(rows_of(tmp_path / "run/corpus"))
    larger = jobs.prepare(str(recipe), base_url=server.url, price=PRICE, settings=[LIMIT], budget_usd=500.0)
    whole: Any = building.run_job(larger, out=tmp_path / "run", workers=1).tally
    assert whole["to_do"] == 0
    assert max(server.asked.values()) == 1


def test_recorded_answers_cost_a_row_its_price_and_the_run_nothing(
    recipe: Path, tmp_path: Path, server: Script
) -> None:
    job = jobs.prepare(str(recipe), base_url=server.url, price=PRICE)
    building.run_job(job, out=tmp_path / "first", workers=1)
    paid = sorted((tmp_path / "first/journal").glob("*.responses.jsonl"))
    second = jobs.prepare(str(recipe), base_url=server.url, price=PRICE, recorded=paid)
    tally: Any = building.run_job(second, out=tmp_path / "second", workers=1).tally
    assert (tally["recorded"], tally["requests"]) == (6, 0)
    assert (tally["spent_usd"], tally["cost_usd"]) == (0, pytest.approx(charged(server, price())))
    assert sum(server.asked.values()) == 6


def test_an_endpoint_that_does_not_report_tokens_counts_as_its_worst_case(recipe: Path, tmp_path: Path) -> None:
    class Silent(Script):
        def usage(self, prompt: str, text: str) -> Any:
            return None

        def written(self, prompt: str, reason: str | None) -> str:
            return completion(ANSWER)[2].replace('"usage"', '"other"')

    with serving(Silent()) as script:
        job = jobs.prepare(str(big(recipe, 60)), base_url=script.url, price=PRICE, settings=[LIMIT], budget_usd=3.0)
        tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
        asked = sum(script.asked.values())
        assert tally["cost_usd"] is None, "what was not reported is not known"
        assert 2.5 < tally["spent_usd"] <= 3.0
        again: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
        assert (again["spent_usd"], sum(script.asked.values())) == (tally["spent_usd"], asked)


REFUSED = [
    ({"budget_usd": 1.0}, r"the price of model 'test-model' is unknown, .* add --price in=…,out=…"),
    ({"budget_usd": 1.0, "price": PRICE}, r"step 'ask' sets no limit of completion tokens"),
    ({"budget_usd": 0.0, "price": PRICE, "settings": [LIMIT]}, r"--budget is 0; give dollars above 0"),
    ({"budget_usd": float("nan"), "price": PRICE, "settings": [LIMIT]}, r"--budget is nan; give dollars above 0"),
    ({"budget_usd": 0.01, "price": PRICE, "settings": [LIMIT]}, r"one request can cost 0\.\d+ US dollars; give more"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED)
def test_a_budget_that_cannot_be_kept_is_refused_before_anything_is_asked(
    recipe: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(TextbooksError, match=said):
        jobs.prepare(str(recipe), base_url="http://127.0.0.1:9/v1", **options)


@settings(deadline=None)
@given(text=st.text(max_size=300))
def test_no_text_makes_more_tokens_than_its_worst_case(text: str) -> None:
    counted = tokenizer()(text)
    body = {"messages": [{"role": "user", "content": text}]}
    assert counted <= round(worst_case_usd(body, price()) * 1000)


@cache
def tokenizer() -> Callable[[str], float]:
    from textbooks.teacher.tokens import counter

    how, count = counter()
    assert how == "estimated: mistral-common's tokenizer"
    return count


@pytest.mark.parametrize("with_tokenizer", [True, False])
@pytest.mark.parametrize(("recipe_name", "samples"), [("phi1-textbook", 60), ("phi1-exercises", 24)])
def test_the_estimate_is_within_15_percent_of_the_spend(
    recipe_name: str, samples: int, with_tokenizer: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server gives the shipped answers, counts tokens with a real tokenizer, and charges for them."""
    count = tokenizer()
    if not with_tokenizer:
        by_characters = ("estimated: characters / 4", lambda text: len(text) / 4)
        monkeypatch.setattr("textbooks.teacher.tokens.counter", lambda: by_characters)
    (path,) = shipped_recordings(recipe_name)
    texts = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        texts[row["custom_id"]] = row["response"]["body"]["choices"][0]["message"]["content"]

    class Recorded(Script):
        def final(self, prompt: str, body: dict[str, Any]) -> Any:
            self.answer_text = texts[digest({**body, "model": recorded_model})]
            return super().final(prompt, body)

        def usage(self, prompt: str, text: str) -> dict[str, Any]:
            return {"prompt_tokens": round(count(prompt)), "completion_tokens": round(count(text))}

    recorded_model = jobs.prepare(recipe_name, asks=False).prompter.model
    estimate = estimating.plan(recipe_name, samples=samples, model="gpt-4o-mini")
    with serving(Recorded()) as script:
        job = jobs.prepare(recipe_name, samples=samples, model="gpt-4o-mini", base_url=script.url)
        tally: Any = building.run_job(job, out=tmp_path / "run", workers=2).tally
    assert tally["to_do"] == 0
    assert estimate["cost_usd"] == pytest.approx(tally["spent_usd"], rel=0.15)


def test_a_waiting_request_goes_when_another_turned_out_cheaper() -> None:
    import asyncio

    body = {"model": "m", "messages": [{"role": "user", "content": "x" * 84}], "max_completion_tokens": 100}
    request = Request(custom_id=digest(body), body=body)
    worst = worst_case_usd(body, price())

    async def scene() -> None:
        budget = Budget(price=price(), limit_usd=worst * 1.5)
        stake = await budget.reserve(request)
        assert stake == pytest.approx(worst)
        waiting = asyncio.create_task(budget.reserve(request))
        await asyncio.sleep(0.01)
        assert not waiting.done(), "both together could pass the limit"
        budget.unpaid(worst)
        assert await waiting == pytest.approx(worst)
        budget.lost(worst)
        assert await budget.reserve(request) is None
        assert budget.is_spent

    asyncio.run(scene())


def test_a_frozen_run_says_at_what_price(recipe: Path, tmp_path: Path, server: Script) -> None:
    job = jobs.prepare(str(recipe), base_url=server.url, price=PRICE)
    building.run_job(job, out=tmp_path / "run", workers=1)
    frozen = yaml.safe_load((tmp_path / "run/recipe.yaml").read_text())
    assert frozen["price"] == "$1000 in, $2000 out per million tokens (--price)"
    assert Counter(bool(line["response"]) for line in response_lines(tmp_path / "run")) == {True: 6}
