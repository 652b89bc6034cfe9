"""Queries for documents: documents of the user become an axis, and a query is kept where it finds its document."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Endpoint, completion
from textbooks import job as jobs
from textbooks.build import build
from textbooks.errors import TextbooksError
from textbooks.plan import passages
from textbooks.retrieval import Retriever

RECIPE = """
name: asked
about: Queries.
samples: 3
draw:
  document: {documents: {path: documents.jsonl, title: title}}
rules: {snippets: [0, 0]}
retrieve: {axis: document, queries: ask.queries, top: 1, least: 1}
repair: {rounds: 0}
steps:
  - {name: ask, template: ask.md.jinja, parts: {queries: {tag: query, many: [1, 3]}}}
teacher: {model: test-model}
publish:
  test_percent: 0
  columns: {queries: {part: ask.queries}, ranks: {part: ask.ranks}, text: "{{ document.text }}"}
"""
DOCUMENTS = [
    {"_id": "a", "title": "Bees", "text": "Bees dance to tell the hive where flowers are."},
    {"_id": "b", "title": "Rust", "text": "Iron rusts where water and air reach it; paint keeps both away."},
    {"_id": "c", "title": "Tides", "text": "The moon pulls the sea, and so the tide rises twice a day."},
]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    folder = tmp_path / "asked"
    folder.mkdir()
    (folder / "ask.md.jinja").write_text("Ask for: {{ document.text }}")
    (folder / "documents.jsonl").write_text("".join(json.dumps(one) + "\n" for one in DOCUMENTS))
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder / "recipe.yaml"


def rows(corpus: Path, name: str) -> list[dict[str, Any]]:
    return [row for path in sorted(corpus.glob(f"{name}-*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_queries_that_do_not_find_their_document_are_dropped_with_their_ranks_told(
    asked: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str, str]:
        prompt = body["messages"][0]["content"]
        if "Bees" in prompt:
            return completion("<query>how do bees say where a flower is</query><query>why does iron rust</query>")
        return completion("<query>when does the tide rise</query>")

    endpoint.reply = reply
    built = build(str(asked), out=tmp_path / "run", base_url=endpoint.url)
    assert (built.tally["accepted"], built.tally["rejected"]) == (2, {"retrieve": {"not_found": 1}})
    found = {row["document"]: row for row in rows(built.corpus, "data/train")}
    assert found["a"]["queries"] == ["how do bees say where a flower is"]
    assert (found["a"]["ranks"], found["c"]["ranks"]) == ([1], [1])
    assert found["a"]["text"] == DOCUMENTS[0]["text"]
    (lost,) = rows(built.corpus, "rejected/rejected")
    assert lost["document"] == "b"
    assert "0 of 1 queries find their document among the first 1" in lost["evidence"]


def test_who_scores_no_better_than_the_others_is_found_last(asked: Path) -> None:
    retriever = Retriever(jobs.prepare(str(asked), asks=False))
    assert retriever.ranks("a", ["quantum", "bees", "the"]) == [3, 1, 2]


def test_documents_without_spaces_are_found_by_what_they_say(asked: Path) -> None:
    texts = ["蜜蜂跳舞告诉蜂群花在哪里。", "铁在水和空气中会生锈。", "月亮引起潮汐。"]
    lines = [json.dumps({**one, "text": text}) for one, text in zip(DOCUMENTS, texts, strict=True)]
    (asked.parent / "documents.jsonl").write_text("\n".join(lines))
    retriever = Retriever(jobs.prepare(str(asked), settings=["language=zh"], asks=False))
    assert retriever.ranks("b", ["铁为什么生锈"]) == [1]


def load(path: Path) -> list[tuple[str, str, str]]:
    entries, _ = passages.load(path, key="_id", text="text", title="title")
    return [(entry.name, entry.fields["title"], entry.fields["text"]) for entry in entries]


def test_parquet_and_folders_hold_documents_too(tmp_path: Path) -> None:
    expected = [(one["_id"], one["title"], one["text"]) for one in DOCUMENTS]
    pq.write_table(pa.Table.from_pylist(DOCUMENTS), tmp_path / "x.parquet")
    assert load(tmp_path / "x.parquet") == expected
    folder = tmp_path / "texts"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.md").write_text("First.\n")
    (folder / "deep/two.txt").write_text("Second.")
    (folder / "empty.md").write_text("\n")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    assert load(folder) == [("deep/two.txt", "two", "Second."), ("one.md", "one", "First.")]


BROKEN = {
    "a broken line": ('{"_id": "a", "text": "x", "title": ""}\n{"_id": \n', r"x\.jsonl:2: not JSON"),
    "a missing column": (
        '{"_id": "a", "txt": "x", "title": ""}\n',
        r"x\.jsonl:1: no column 'text'. Did you mean 'txt'",
    ),
    "no text": ('{"_id": "a", "text": 3, "title": ""}\n', r"x\.jsonl:1: 'text' is '3', not a text"),
    "an empty text": ('{"_id": "a", "text": " ", "title": ""}\n', r"x\.jsonl:1: 'text' is ' ', not a text"),
    "no object": ("[1]\n", r"x\.jsonl:1: expected an object"),
    "nothing": ("", "holds no documents"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_documents_are_told_with_their_line(case: str, tmp_path: Path) -> None:
    text, said = BROKEN[case]
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(TextbooksError, match=said):
        load(tmp_path / "x.jsonl")


BAD = {
    "no such file": ("documents.jsonl", "document.jsonl", r"no documents 'document\.jsonl'"),
    "a file of another kind": ("documents.jsonl", "ask.md.jinja", "holds no documents"),
    "an unknown axis": ("axis: document", "axis: documents", r"no axis 'documents'. Did you mean 'document'"),
    "an unknown part": ("queries: ask.queries,", "queries: ask.query,", "'ask.query' is no part of several texts"),
    "an unknown field": ("top: 1", "top: 1, field: txt", "axis 'document' has no field 'txt'. Did you mean 'text'"),
    "an unknown column": ("{part: ask.ranks}", "{part: ask.rank}", "'ask.rank' is no part of several texts"),
    "the same document twice": ("title: title", "title: title, id: same", "'x' stands twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_retrieval_is_refused_before_anything_is_asked(case: str, asked: Path) -> None:
    old, new, said = BAD[case]
    text = asked.read_text()
    assert old in text
    asked.write_text(text.replace(old, new))
    (asked.parent / "documents.jsonl").write_text("".join(json.dumps({**one, "same": "x"}) + "\n" for one in DOCUMENTS))
    with pytest.raises(TextbooksError, match=said) as caught:
        jobs.prepare(str(asked), asks=False)
    assert "\n" not in str(caught.value)
