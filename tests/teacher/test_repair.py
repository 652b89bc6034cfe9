"""An answer that does not hold goes back with what was found; what was saved, why and at what cost is counted."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ANSWER, completion
from tests.teacher.faulty_endpoint import Script, serving
from tests.teacher.test_faults import accepted_rows, big
from textbooks import build as building
from textbooks import job as jobs
from textbooks import writing
from textbooks.calls import Request
from textbooks.errors import TextbooksError
from textbooks.teacher.teacher import Teacher

BROKEN = ANSWER.replace("2 * x", "2 * y")
WRONG = ANSWER.replace("# 42", "# 43")
PRICE = "in=1,out=2"


class Learner(Script):
    """Writes broken code at first, then a wrong output, then what holds; some prompts never get that far."""

    def __init__(self) -> None:
        super().__init__()
        self.conversations: list[list[dict[str, str]]] = []
        self.holds_after = 2

    def final(self, prompt: str, body: dict[str, Any]) -> Any:
        messages = body["messages"]
        self.conversations.append(messages)
        self.delivered[json.dumps(messages)] += 1
        said = messages[1]["content"] if len(messages) > 1 else ""
        text = BROKEN if not said else WRONG if said == BROKEN else ANSWER
        if "sets" in messages[0]["content"]:
            text = BROKEN
        return self.said(200, completion(text)[2])


@pytest.fixture
def learner() -> Iterator[Learner]:
    with serving(Learner()) as script:
        yield script


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


def build(recipe: Path, script: Script, out: Path, *settings: str, **options: Any) -> Any:
    job = jobs.prepare(str(recipe), base_url=script.url, settings=settings, price=PRICE, **options)
    return building.run_job(job, out=out, workers=1)


def test_what_was_wrong_is_told_and_what_comes_back_is_examined(recipe: Path, tmp_path: Path, learner: Learner) -> None:
    built = build(recipe, learner, tmp_path / "run")
    tally = built.tally
    assert (tally["accepted"], tally["rejected"], tally["to_do"]) == (4, {"run": {"raised": 2}}, 0)
    first, second = (
        next(one for one in learner.conversations if len(one) == 3 and one[1]["content"] == text)
        for text in (BROKEN, WRONG)
    )
    assert "run: raised" in first[2]["content"]
    assert "NameError: name 'y' is not defined" in first[2]["content"]
    assert "claims: wrong_output" in second[2]["content"]
    assert "claims '43'" in second[2]["content"]
    rows = accepted_rows(built.corpus)
    assert {(row["repairs"], *row["repaired"]) for row in rows} == {(2, "run: raised", "claims: wrong_output")}
    assert all(len(row["custom_ids"]) == 3 for row in rows)
    one_answer = (100 * 1 + 50 * 2) / 1e6
    assert tally["repairs"] == {
        "rounds": 10,
        "saved": 4,
        "by_reason": {"run: raised": 4},
        "cost_usd": pytest.approx(10 * one_answer),
        "cost_per_saved_usd": pytest.approx(10 * one_answer / 4),
    }, "who gives the very same answer again is not asked a third time"
    assert tally["cost_usd"] == tally["spent_usd"] == pytest.approx(16 * one_answer)
    assert "Repair saved 4 samples for $0.0005 each" in (built.corpus / "README.md").read_text()


def test_repairs_are_paid_for_once(recipe: Path, tmp_path: Path, learner: Learner) -> None:
    build(recipe, learner, tmp_path / "run")
    (tmp_path / "run/tally.json").unlink()
    again = build(recipe, learner, tmp_path / "run").tally
    assert (again["accepted"], again["repairs"]["saved"]) == (4, 4)
    build(recipe, learner, tmp_path / "run", "claims=ignore")
    assert max(learner.delivered.values()) == 1


def test_a_recipe_says_how_often_and_in_which_words(recipe: Path, tmp_path: Path, learner: Learner) -> None:
    (recipe.parent / "mend.md.jinja").write_text("Mend {{ thing.name }}: {{ reason }}!")
    built = build(recipe, learner, tmp_path / "run", "repair.rounds=1", "repair.template=mend.md.jinja")
    assert built.tally["rejected"] == {"run": {"raised": 2}, "claims": {"wrong_output": 4}}
    asked = {one[2]["content"] for one in learner.conversations if len(one) == 3}
    assert asked == {f"Mend {thing}: run: raised!" for thing in ("lists", "tuples", "sets")}
    none = build(recipe, learner, tmp_path / "none", "repair.rounds=0")
    assert none.tally["repairs"]["rounds"] == 0
    assert none.tally["rejected"] == {"run": {"raised": 6}}


def test_a_rule_that_rejects_is_not_sent_back(recipe: Path, tmp_path: Path, learner: Learner) -> None:
    learner.holds_after = 0
    rules = "rules={snippets: [2, 2], paragraphs: 9}"
    built = build(recipe, learner, tmp_path / "run", rules, "on_violation={snippets: reject}")
    assert built.tally["rejected"] == {"contract": {"snippets": 6}}
    assert {len(one) for one in learner.conversations} == {1}
    mended = build(recipe, learner, tmp_path / "mended", rules, "on_violation={snippets: repair}")
    assert mended.tally["rejected"] == {"contract": {"snippets": 6}}
    assert {len(one) for one in learner.conversations} == {1, 3}, "only what may be mended goes back"


def test_repair_stays_within_the_budget_and_goes_on_with_more(recipe: Path, tmp_path: Path, learner: Learner) -> None:
    limit = "teacher.sampling.max_completion_tokens=50"
    job = jobs.prepare(str(big(recipe, 30)), base_url=learner.url, price="in=1000,out=2000", settings=[limit])
    answer = (100 * 1000 + 50 * 2000) / 1e6
    little = jobs.prepare(
        str(recipe), base_url=learner.url, price="in=1000,out=2000", settings=[limit], budget_usd=35 * answer
    )
    first: Any = building.run_job(little, out=tmp_path / "run", workers=1).tally
    assert first["budget_is_spent"]
    assert first["spent_usd"] <= 35 * answer
    assert first["to_do"] == 0, "what was not mended stays rejected for now"
    whole: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
    assert whole["accepted"] == 20 > first["accepted"]
    assert max(learner.delivered.values()) == 1


def test_a_repair_template_that_is_missing_is_one_sentence(recipe: Path) -> None:
    with pytest.raises(TextbooksError, match=r"no template '.*nowhere\.jinja'"):
        jobs.prepare(str(recipe), settings=["repair.template=nowhere.jinja"], asks=False)


def test_an_endpoint_that_fails_during_repairs_is_one_sentence(
    recipe: Path, tmp_path: Path, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key ends while earlier shards are mended: no traceback, and what is there is kept."""
    monkeypatch.setattr(building, "SHARD", 10)

    class Ends(Learner):
        def final(self, prompt: str, body: dict[str, Any]) -> Any:
            if len(self.conversations) >= 40:
                return self.said(401, '{"error": {"message": "no such key"}}')
            return super().final(prompt, body)

    for latency in (0.0, 0.02):
        with serving(Ends()) as script:
            script.latency_seconds = latency
            with pytest.raises(TextbooksError, match=r"refuses the key .* answers are kept in"):
                build(big_once(recipe), script, tmp_path / f"run{latency}")


@pytest.mark.parametrize("end", ["of the thread", "of the loop", "before"])
def test_repairs_asked_for_when_the_asking_has_just_ended_are_given_up(end: str) -> None:
    """The loop takes the question and never turns again, and its thread waits until somebody takes what ended it."""
    is_taken = threading.Event()
    thread = threading.Thread(target=is_taken.wait)
    thread.start()
    writer = object.__new__(writing.Writer)
    writer.teacher, writer._loop, writer._thread = Teacher(None, {}, None), asyncio.new_event_loop(), thread  # type: ignore[arg-type]
    ends = {"of the thread": is_taken.set, "of the loop": writer._loop.close, "before": writer._loop.close}[end]
    ending = threading.Timer(0 if end == "before" else 0.2, ends)
    ending.start()
    if end == "before":
        ending.join()
    request = Request(custom_id="a", body={})
    assert writer.ask_all(0, [request, request]) == [None, None]
    is_taken.set()
    writer._loop.close()


def big_once(recipe: Path) -> Path:
    return recipe if "reader20" in recipe.read_text() else big(recipe, 90)


def test_stopping_gives_up_repairs_that_wait_for_the_endpoint(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint that wants an hour of rest does not hold who has stopped the run."""
    monkeypatch.setattr("textbooks.writing.GRACE_SECONDS", 0.5)

    class Rests(Learner):
        def final(self, prompt: str, body: dict[str, Any]) -> Any:
            if len(body["messages"]) > 1:
                return self.said(429, '{"error": {"message": "rest"}}', {"Retry-After": "3600"})
            return super().final(prompt, body)

    with serving(Rests()) as script:
        job = jobs.prepare(str(recipe), base_url=script.url)
        stops: list[Any] = []
        timer = threading.Timer(3.0, lambda: stops[0]())
        timer.start()
        started = time.monotonic()
        tally: Any = building.run_job(job, out=tmp_path / "run", workers=1, interrupt=stops.append).tally
        timer.join()
    assert time.monotonic() - started < 30
    assert (tally["rejected"], tally["repairs_unanswered"]) == ({"run": {"raised": 6}}, 6)
