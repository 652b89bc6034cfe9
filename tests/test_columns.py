"""Recipes whose answers have parts: what is examined, what is published, and what a missing part leads to."""

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.conftest import Endpoint, completion
from textbooks import job as jobs
from textbooks.build import build
from textbooks.errors import TextbooksError

PARTED = """
name: parted
about: Questions with programs.
samples: 4
draw:
  thing: {values: [lists, tuples]}
  tone: {values: [dry, warm]}
rules:
  snippets: [1, 1]
  prints: true
  contains: $plan.sentence
document: check.md.jinja
steps:
  - name: plan
    template: plan.md.jinja
    parts: {sentence: {heading: Sentence}}
  - name: solve
    messages:
      - {role: system, text: "You solve."}
      - {role: user, text: "Solve {{ plan.sentence }}"}
    parts:
      program: {fence: python}
      answer: {tag: answer}
teacher: {model: test-model}
repair: {rounds: 1}
publish:
  test_percent: 0
  columns:
    question: "{{ plan.sentence }}"
    program: "{{ solve.program }}"
    chat:
      messages:
        - {role: user, text: "{{ plan.sentence }}"}
        - {role: assistant, text: "{{ solve.answer }}"}
    text:
      shuffled: {Thing: "{{ thing.name }}", Tone: "{{ tone.name }}"}
      keep: [1, 2]
      then: {Program: "{{ solve.program }}"}
"""
PLAN = "Sentence: What is six times seven?"
SOLVED = "```python\nprint(6*7)\n```\n<answer>42</answer>"


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    folder = tmp_path / "parted"
    folder.mkdir()
    (folder / "plan.md.jinja").write_text("Plan {{ thing.name }} {{ tone.name }}")
    (folder / "check.md.jinja").write_text(
        dedent("""\
        {{ plan.sentence }}

        ```python
        {{ solve.program }}
        ```

        Output:

        ```text
        {{ solve.answer }}
        ```
        """)
    )
    (folder / "recipe.yaml").write_text(PARTED)
    return folder / "recipe.yaml"


def answering(endpoint: Endpoint, *, plan: str = PLAN, solved: str = SOLVED, mended: str = SOLVED) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str, str]:
        messages = body["messages"]
        if messages[0]["role"] != "system":
            return completion(plan)
        # Every request has to differ, or one answer would serve them all.
        return completion(solved if len(messages) == 2 else mended)

    endpoint.reply = reply


def rows(corpus: Path, name: str = "data/train") -> list[dict[str, Any]]:
    return [row for path in sorted(corpus.glob(f"{name}-*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_the_document_is_examined_and_the_columns_are_published(
    parted: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    answering(endpoint, plan="Sentence: What is six times seven?")
    built = build(str(parted), out=tmp_path / "run", base_url=endpoint.url, samples=1)
    assert built.tally["accepted"] == 1
    assert built.tally["claims"]["checked"] == 1
    (row,) = rows(built.corpus)
    assert (row["question"], row["program"]) == ("What is six times seven?", "print(6*7)")
    assert row["chat"] == [
        {"role": "user", "content": "What is six times seven?"},
        {"role": "assistant", "content": "42"},
    ]
    start, end = row["text_span"]
    assert row["text"][start:end] == "print(6*7)"
    assert row["text"][:start].endswith("Program: ")
    fields = row["text"][:start].removesuffix("Program: ").splitlines()
    assert 1 <= len(fields) <= 2
    assert set(fields) <= {f"Thing: {row['thing']}", f"Tone: {row['tone']}"}
    system, user = next(body["messages"] for body in endpoint.bodies if len(body["messages"]) == 2)
    assert (system["role"], user["content"]) == ("system", "Solve What is six times seven?")


def test_a_wrong_answer_is_found_by_running_the_program_and_is_mended(
    parted: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    answering(endpoint, solved=SOLVED.replace("42", "43"))
    built = build(str(parted), out=tmp_path / "run", base_url=endpoint.url, samples=1)
    assert (built.tally["accepted"], built.tally["repairs"]["by_reason"]) == (1, {"claims: wrong_output": 1})


def test_a_missing_part_of_the_last_answer_goes_back_and_one_of_an_earlier_answer_rejects(
    parted: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    answering(endpoint, solved="I cannot.")
    built = build(str(parted), out=tmp_path / "run", base_url=endpoint.url, samples=1)
    assert (built.tally["accepted"], built.tally["repairs"]["by_reason"]) == (1, {"read: no_program": 1})
    answering(endpoint, plan="I cannot.")
    none = build(str(parted), out=tmp_path / "none", base_url=endpoint.url, samples=2)
    assert none.tally["rejected"] == {"teacher": {"plan_without_sentence": 2}}
    (first, _) = rows(none.corpus, "rejected/rejected")
    assert "nothing stands below the heading 'Sentence'" in first["evidence"]


def test_examined_parts_are_published_as_they_came_out(parted: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    text = parted.read_text().replace("document: check.md.jinja", "document: [plan.sentence, solve.program]")
    parted.write_text(text.replace("program: {fence: python}", "program: {tag: code}"))
    answering(endpoint, solved="<code>\n```python\nprint(6*7)  # 42\n```\n</code><answer>42</answer>")
    built = build(str(parted), out=tmp_path / "run", base_url=endpoint.url, samples=1)
    (row,) = rows(built.corpus)
    assert row["program"] == "```python\nprint(6 * 7)  # 42\n```"


QUESTION = 'question: "{{ plan.sentence }}"'
BAD = {
    "an unknown step": ("document: check.md.jinja", "document: [sove]", r"'sove' names no step. Did you mean 'solve'"),
    "an unknown part": (
        "document: check.md.jinja",
        "document: [solve.progam]",
        r"step 'solve' has no part 'progam'. Did you mean 'program'",
    ),
    "a later step's answer": (
        "Solve {{ plan.sentence }}",
        "Solve {{ solve.answer }}",
        r"variable 'solve' is given by no",
    ),
    "a part of a step that a template misspells": (
        "Solve {{ plan.sentence }}",
        "Solve {{ plan.sentense }}",
        r"recipe\.yaml:\d+: 'plan' has no field 'sentense'. Did you mean 'sentence'",
    ),
    "a rule of an unknown part": ("$plan.sentence", "$plan.sentense", r"step 'plan' has no field 'sentense'"),
    "a part in two places": ("{tag: answer}", "{tag: answer, json: a}", "a part stands in exactly one of"),
    "a column that is there already": ("question:", "recipe:", "column 'recipe' is there already"),
    "a column of an unknown variable": (
        '{{ solve.program }}"\n    chat',
        '{{ sole.program }}"\n    chat',
        "variable 'sole'",
    ),
    "a step that asks in two ways": (
        "  - name: solve\n",
        "  - name: solve\n    template: plan.md.jinja\n",
        "needs exactly one of",
    ),
    "messages that end with an answer": (
        'role: user, text: "Solve',
        'role: assistant, text: "Solve',
        "'messages' end with a user's",
    ),
    "a template that is missing": ("check.md.jinja", "chekc.md.jinja", "no template"),
    "an axis printed whole": (QUESTION, "question: '{{ thing }}'", "'thing' is no text; write"),
    "an answer printed whole": (QUESTION, "question: '{{ plan }}'", "'plan' is no text; write"),
    "a list printed whole": ("{tag: answer}", "{tag: answer, many: [1, 2]}", "'solve.answer' is a list of texts; join"),
    "a column without a variable": (QUESTION, "question: plan.sentence", "same in every row"),
    "a column of no known form": (QUESTION, "question: {list: x}", "is none of a template's text"),
    "least above most": ("{tag: answer}", "{tag: answer, many: [3, 1]}", "least and most, such as"),
    "an unknown language": ("about: Q", "language: xx\nabout: Q", "'xx' is no language"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_parts_is_refused_before_anything_is_asked(case: str, parted: Path) -> None:
    old, new, said = BAD[case]
    text = parted.read_text()
    assert old in text
    parted.write_text(text.replace(old, new, 1))
    with pytest.raises(TextbooksError, match=said) as caught:
        jobs.prepare(str(parted), asks=False)
    assert "\n" not in str(caught.value)


def test_the_order_of_shuffled_fields_depends_on_the_row_alone(
    parted: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    answering(endpoint)
    first, again = (
        rows(build(str(parted), out=tmp_path / name, base_url=endpoint.url).corpus) for name in ("one", "two")
    )
    assert [row["text"] for row in first] == [row["text"] for row in again]
    assert json.dumps(first[0]["text_span"])
