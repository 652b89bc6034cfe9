"""Measures of diversity: they tell varied texts from repetitive ones, at equal length, whatever the order."""

import json
import random
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from tests.curating.test_duplicates import prose
from textbooks.compare import compare
from textbooks.curating.boilerplate import Boilerplate
from textbooks.curating.coverage import Coverage
from textbooks.curating.diversity import Sample, constructs, measured, vendi
from textbooks.errors import TextbooksError

VARIED = [prose(seed, 100) for seed in range(40)]
ALIKE = [f"{prose(1, 70)} {prose(seed, 30)}" for seed in range(40)]


def test_every_measure_tells_varied_texts_from_repetitive_ones() -> None:
    varied, alike = measured(VARIED), measured(ALIKE)
    for name in ("compression_ratio", "self_repetition", "self_bleu"):
        assert varied[name] < alike[name], name
    for name in ("distinct_2", "distinct_3", "vendi"):
        assert varied[name] > alike[name], name


def test_the_extremes_are_what_the_definitions_say() -> None:
    same = measured(["one two three four five"] * 30)
    assert (same["vendi"], same["self_bleu"]) == (1.0, 1.0)
    assert same["distinct_1"] == round(5 / 150, 4)
    unlike = measured([" ".join(f"w{seed}x{number}" for number in range(20)) for seed in range(30)])
    assert (unlike["distinct_3"], unlike["self_repetition"]) == (1.0, 0.0)
    assert unlike["vendi"] > 28
    assert vendi(np.eye(7)) == 7.0


def test_a_sample_does_not_depend_on_the_order_and_cuts_to_one_length() -> None:
    texts = [prose(seed, 90 + seed) for seed in range(60)]
    found = []
    for order in (texts, random.Random(3).sample(texts, len(texts))):
        sample = Sample()
        for text in order:
            sample.add(text)
        assert sample.length() == 100
        found.append(sample.texts(100))
    assert found[0] == found[1]
    assert {len(text.split()) for text in found[0]} == {100}
    assert len(found[0]) == 50


def test_imports_and_syntax_are_counted_by_program() -> None:
    found = constructs(["import os.path\nimport os\nx = [a for a in b]\n", "from os import path\n", "not python ("])
    assert found["imports"] == {"os": 2}
    assert found["nodes"]["ListComp"] == 1
    assert "Module" not in found["nodes"]


def test_openings_and_sentences_that_several_texts_share_are_listed() -> None:
    texts = [
        f"In this lesson we will look at {one}. {prose(n, 12)}. That is all there is to it!"
        for n, one in enumerate("abcd")
    ]
    counted = Boilerplate()
    for text in [*texts, "Another one entirely. In code only:\n\n```\nThat is all there is to it!\n```\n"]:
        counted.add(text)
    assert counted.openings() == [("in this lesson we will", 4)]
    assert counted.sentences(texts) == [("that is all there is to it!", 4)]


def test_thin_values_and_failing_cells_are_told() -> None:
    counted = Coverage(["topic", "reader"])
    for topic, reader, accepted in (
        [("a", "x", True)] * 5 + [("a", "y", False)] * 4 + [("b", "x", True)] + [("a", "y", True)]
    ):
        counted.add({"topic": topic, "reader": reader}, is_accepted=accepted)
    view = counted.view()
    assert view["axes"]["topic"]["thinnest"] == {"b": 1, "a": 6}
    assert view["axes"]["reader"]["failing"] == [{"value": "y", "tried": 5, "rejected": 4}]
    assert view["cells"]["topic × reader"] == {
        "drawn": 3,
        "with_rows": 3,
        "failing": [{"value": "a × y", "tried": 5, "rejected": 4}],
    }


@pytest.fixture
def embedder() -> Iterator[str]:
    """Embeds texts as the counts of their letters."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = 404, {"error": {"message": "no such model"}}
            if body["model"] == "letters":
                vectors = [[text.count(letter) + 0.0 for letter in "abcdefghij"] for text in body["input"]]
                data = [{"object": "embedding", "index": n, "embedding": one} for n, one in enumerate(vectors)]
                status, answer = 200, {"object": "list", "model": "letters", "data": data[::-1], "usage": {}}
            payload = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


def run_of(folder: Path, texts: list[str]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "corpus/data").mkdir(parents=True)
    rows: list[dict[str, Any]] = [{"text": text, "snippets": [{"code": "import os\n"}]} for text in texts]
    pq.write_table(pa.Table.from_pylist(rows), folder / "corpus/data/train-00000-of-00001.parquet")
    tally = {"assignments": len(texts), "accepted": len(texts), "claims": {"checked": 0}, "repairs": {"saved": 0}}
    tally |= {"rejected": {}, "cost_usd": 0.5, "curation": {"coverage": {"axes": {}, "cells": {}}}}
    (folder / "tally.json").write_text(json.dumps(tally))
    return folder


def test_two_runs_are_measured_on_as_many_texts_of_equal_length(tmp_path: Path, embedder: str) -> None:
    one, other = run_of(tmp_path / "one", VARIED), run_of(tmp_path / "two", ALIKE[:25])
    found = compare(one, other, embedding_model="letters", base_url=embedder)
    assert (found.words, found.texts) == (100, 25)
    assert found.figures["distinct verified samples for a dollar"] == (80.0, 50.0)
    for name in ("vendi", "vendi by letters"):
        assert found.figures[name][0] > found.figures[name][1] > 1
    with pytest.raises(TextbooksError, match=r"no such model|has no model"):
        compare(one, other, embedding_model="other", base_url=embedder)
