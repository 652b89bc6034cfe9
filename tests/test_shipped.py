"""Every shipped recipe builds from the answers that ship with it, and these answer its very requests."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textbooks import job as jobs
from textbooks.build import build
from textbooks.job import Job
from textbooks.plan import recipe as recipes
from textbooks.teacher.answers import Answers
from textbooks.teacher.teacher import shipped_recordings
from textbooks.writing import taken_apart

LEAST = {"phi1-textbook": 150, "phi1-exercises": 50, "phi1-textbook-ko": 40, "phi1-exercises-ko": 20}
LANGUAGES = ("ja", "zh", "de", "es")
LEAST |= {f"phi1-textbook-{language}": 15 for language in LANGUAGES}
LEAST |= {f"phi1-exercises-{language}": 10 for language in LANGUAGES}


def asked(job: Job, answers: Answers) -> list[dict[str, Any]]:
    """The requests of all steps that the plan and the answers lead to."""
    lines = {}
    *before, last = job.recipe.spec.steps
    for index in range(job.samples):
        views: dict[str, Any] = {}
        for step in (*before, last):
            request = job.prompter.request(job.plan[index], step, views)
            lines[request.custom_id] = request.line()
            response = answers.find(request.custom_id)
            assert response, f"{step.name} of assignment {index} has no answer"
            if step is not last and taken_apart(job, step.name, response.texts[0], views):
                break
    return list(lines.values())


@pytest.mark.parametrize("name", recipes.names())
def test_recorded_answers_answer_the_very_requests_that_the_recipe_asks(name: str) -> None:
    job = jobs.prepare(name)
    (responses,) = shipped_recordings(name)
    requests = responses.with_name(f"{name}.requests.jsonl")
    recorded = {line["custom_id"]: line for line in map(json.loads, requests.read_text().splitlines())}
    wanted = asked(job, Answers([responses]))
    assert {line["custom_id"]: line for line in wanted} == recorded
    assert job.samples >= LEAST.get(name, 20)


@pytest.mark.parametrize("name", sorted(set(recipes.names()) - {"phi1-textbook"}))
def test_every_recipe_builds_from_its_recordings(name: str, tmp_path: Path) -> None:
    built = build(name, out=tmp_path / "run")
    tally = built.tally
    assert tally["to_do"] == 0
    assert tally["accepted"] >= tally["assignments"] / 3
    assert "# " in (built.corpus / "README.md").read_text()
    rows = [row for path in built.corpus.glob("data/*.parquet") for row in pq.read_table(path).to_pylist()]
    assert len(rows) == tally["accepted"]
    assert all(row["text"].strip() for row in rows)
    EXPECTED.get(name, lambda rows: None)(rows)


def stories_end_with_the_span(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        start, end = row["text_span"]
        assert row["text"][:start].endswith("Story: ")
        assert row["text"][start:end] == row["story"]
        assert row["sentence"] in " ".join(row["story"].split())
    assert len({row["text"].split(":")[0] for row in rows}) > 1, "the fields come in different orders"


def labels_are_balanced(rows: list[dict[str, Any]]) -> None:
    assert len(Counter(row["label"] for row in rows)) == 3
    assert {row["split"] for row in rows} == {"train", "test"}


def answers_are_what_the_programs_printed(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["snippets"][0]["stdout"].strip() == row["answer"]


def turns_alternate(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert [one["role"] for one in row["messages"]] == ["user", "assistant"] * 3


def ranks_are_within_reach(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert len(row["queries"]) == len(row["ranks"]) >= 1
        assert max(row["ranks"]) <= 3


def test_the_example_classifier_learns_from_a_labelled_corpus(tmp_path: Path) -> None:
    words = {"glad": "bright warm happy", "sad": "dark cold lonely", "calm": "slow quiet still"}
    table = [
        {"text": f"{label_words} day number {n}", "label": label}
        for n in range(20)
        for label, label_words in words.items()
    ]
    for split, kept in (("train", table[:45]), ("test", table[45:])):
        path = tmp_path / f"run/corpus/data/{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(kept), path)
    script = Path(__file__).parent.parent / "examples/train_classifier.py"
    done = subprocess.run([sys.executable, script, tmp_path / "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, _, *matrix = done.stdout.splitlines()
    assert first == "45 rows to learn from, 15 unseen; right: 15"
    assert [line.split() for line in matrix] == [
        ["calm", "5", "0", "0"],
        ["glad", "0", "5", "0"],
        ["sad", "0", "0", "5"],
    ]


EXPECTED = {
    "tinystories-instruct": stories_end_with_the_span,
    "labelled-reviews": labels_are_balanced,
    "labelled-stories": labels_are_balanced,
    "reasoning": answers_are_what_the_programs_printed,
    "conversations": turns_alternate,
    "queries": ranks_are_within_reach,
}
