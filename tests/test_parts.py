"""Answers in parts: where a part stands, what is missing, and how parts become the examined document and come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbooks.excerpt import parts
from textbooks.excerpt.parts import Missing, Part, Shape


def part(by: str, key: str, *, many: tuple[int, int] | None = None, optional: bool = False) -> Part:
    return Part(name="it", by=by, key=key, many=many, is_optional=optional)  # type: ignore[arg-type]


FOUND = {
    "a tag": (part("tag", "story"), "before <story>\nOne.\n</story> behind", "One."),
    "a tag in capitals": (part("tag", "story"), "<Story>One.</STORY>", "One."),
    "tags": (part("tag", "q", many=(1, 3)), "<q>a</q><q>b</q>", ["a", "b"]),
    "an empty tag": (part("tag", "input", optional=True), "<input></input>", ""),
    "no tag": (part("tag", "input", optional=True), "nothing", ""),
    "a heading": (part("heading", "Summary"), "# Summary\nOne.\nTwo.", "One.\nTwo."),
    "a bold heading": (part("heading", "Summary"), "**Summary:** One.", "One."),
    "a plain heading": (part("heading", "summary"), "Summary: One.", "One."),
    "a list below a heading": (part("heading", "Words", many=(2, 3)), "Words:\n- a\n- b\n", ["a", "b"]),
    "a numbered list": (part("heading", "Words", many=(2, 3)), "## Words\n1. a\n2) b", ["a", "b"]),
    "a fence": (part("fence", "sql"), "x\n```sql\nSELECT 1;\n```\ny", "SELECT 1;"),
    "a fence of a longer label": (part("fence", "sql", optional=True), "```sqlite\nx\n```", ""),
    "fences": (part("fence", "py", many=(1, 9)), "```py\n1\n```\n~~~py\n2\n~~~", ["1", "2"]),
    "JSON": (part("json", "title"), 'Here: {"title": "One", "n": 3}', "One"),
    "a number in JSON": (part("json", "n"), '{"title": "One", "n": 3}', "3"),
    "JSON in a fence": (part("json", "title"), '```json\n{"title": "One"}\n```', "One"),
    "a list in JSON": (part("json", "queries", many=(2, 4)), '{"queries": ["a", "b"]}', ["a", "b"]),
}


@pytest.mark.parametrize("case", FOUND)
def test_a_part_is_found_where_it_stands(case: str) -> None:
    wanted, text, expected = FOUND[case]
    assert parts.split(text, [wanted]) == {"it": expected}


MISSING = {
    "no tag": (part("tag", "story"), "a story", "nothing stands in <story>…</story>"),
    "an open tag": (part("tag", "story"), "<story>one", "nothing stands in <story>…</story>"),
    "an empty one": (part("tag", "story"), "<story> </story>", "nothing stands"),
    "too few": (part("tag", "q", many=(2, 4)), "<q>a</q>", "1 stand in <q>…</q>, not 2 to 4"),
    "no heading": (part("heading", "Summary"), "A summary: one", "nothing stands below the heading 'Summary'"),
    "broken JSON": (part("json", "a"), '{"a": ', "nothing stands under the key 'a'"),
    "JSON of another kind": (part("json", "a"), "[1]", "nothing stands under the key 'a'"),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_part_is_named(case: str) -> None:
    wanted, text, said = MISSING[case]
    with pytest.raises(Missing, match="part 'it': ") as caught:
        parts.split(text, [wanted])
    assert said in str(caught.value)


def test_a_heading_ends_where_the_next_one_that_is_asked_for_begins() -> None:
    wanted = [Part(name=key.lower(), by="heading", key=key) for key in ("Summary", "Sentence")]
    text = "Summary: a dog runs\nNote: it is fast\nSentence: The dog ran."
    assert parts.split(text, wanted) == {"summary": "a dog runs\nNote: it is fast", "sentence": "The dog ran."}


SHAPE = Shape(
    steps={"ask": (), "answer": (Part(name="code", by="tag", key="code"), Part(name="note", by="tag", key="note"))},
    document=("ask", "answer.code"),
)


def test_parts_become_a_document_and_come_back_as_they_were_examined() -> None:
    text = "<code>```python\nx=1\n```</code><note>n</note>"
    views = {"ask": "Why?", "answer": parts.view(SHAPE, "answer", text)}
    document = parts.document(SHAPE, views)
    examined = document.replace("x=1", "x = 1")
    found = parts.put_back(SHAPE, views, examined)
    assert found is not None
    answers, published = found
    assert answers["answer"] == {"text": text, "code": "```python\nx = 1\n```", "note": "n"}
    assert published == "Why?\n\n```python\nx = 1\n```\n"


def test_parts_that_can_not_be_told_apart_any_more_are_told() -> None:
    views = {"ask": "Why?", "answer": {"text": "", "code": "x", "note": "n"}}
    document = parts.document(SHAPE, views)
    assert parts.put_back(SHAPE, views, document.replace(parts.SEPARATOR, "")) is None


@given(st.text(max_size=80))
def test_no_answer_breaks_the_splitter(text: str) -> None:
    for by in ("tag", "heading", "fence", "json"):
        assert parts.split(text, [part(by, "a", many=(0, 99))])["it"] is not None
