"""What is exported is what the tool that it is for reads: each form is loaded by the code that consumes it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from textbooks.errors import TextbooksError
from textbooks.export import export

CODE = (
    'import math\n\n\ndef area(r: float) -> float:\n    """Return the area."""\n'
    "    return math.pi * r * r\n\n\nassert area(0) == 0\n"
)
EXERCISE = {"id": "e" * 32, "recipe": "phi1-exercises", "text": f"```python\n{CODE}```\n", "snippets": [{"code": CODE}]}
STORY = {"id": "s" * 32, "recipe": "tinystories-instruct", "text": "Words: a\nStory: It ran.", "text_span": [16, 23]}
INSTRUCTION = {
    "id": "i" * 32,
    "recipe": "instructions",
    "text": "x",
    "instruction": "Add.",
    "input": "1 2",
    "output": "3",
}
TURNS = [{"role": role, "content": role[0]} for role in ("user", "assistant", "user", "assistant")]
CONVERSATION = {"id": "c" * 32, "recipe": "conversations", "text": "x", "messages": TURNS}
QUERIES = {
    "id": "q" * 32,
    "recipe": "queries",
    "text": "Bees dance.",
    "document": "d1",
    "title": "Bees",
    "queries": ["bees", "why"],
}


def run_of(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    """A run's folder with these accepted rows, the last one as test split."""
    for split, kept in (("train", rows[:-1] or rows), ("test", rows[-1:])):
        path = tmp_path / f"run/corpus/data/{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(list(kept)), path)
    return tmp_path / "run"


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


FORMS = {
    "text": ("text", STORY, {"id": "s" * 32, "text": "Words: a\nStory: It ran."}),
    "a span": ("prompt-completion", STORY, {"prompt": "Words: a\nStory: ", "completion": "It ran."}),
    "an instruction": ("prompt-completion", INSTRUCTION, {"prompt": "Add.\n\n1 2", "completion": "3"}),
    "an exercise": (
        "prompt-completion",
        EXERCISE,
        {"prompt": CODE[: CODE.index("    return")], "completion": "    return math.pi * r * r\n"},
    ),
    "alpaca": ("alpaca", INSTRUCTION, {"instruction": "Add.", "input": "1 2", "output": "3"}),
    "messages": ("messages", CONVERSATION, {"messages": TURNS}),
    "sharegpt": (
        "sharegpt",
        CONVERSATION,
        {"conversations": [{"from": f, "value": v} for f, v in zip(("human", "gpt") * 2, "uaua", strict=True)]},
    ),
    "messages of an instruction": (
        "messages",
        INSTRUCTION,
        {"messages": [{"role": "user", "content": "Add.\n\n1 2"}, {"role": "assistant", "content": "3"}]},
    ),
}


@pytest.mark.parametrize("case", FORMS)
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_form_is_loaded_by_datasets_as_it_should_be(case: str, suffix: str, tmp_path: Path) -> None:
    from datasets import load_dataset

    form, row, expected = FORMS[case]
    out = tmp_path / f"out.{suffix}"
    facts = export(run_of(tmp_path, row, row), out, form=form)
    assert facts["rows"] == 2
    kind = "json" if suffix == "jsonl" else "parquet"
    loaded = load_dataset(kind, data_files=str(out), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded[0] == expected


def test_whole_rows_keep_the_recipes_own_columns(tmp_path: Path) -> None:
    export(run_of(tmp_path, QUERIES, QUERIES), tmp_path / "out.jsonl", form="rows")
    assert records(tmp_path / "out.jsonl")[0] == QUERIES


def test_one_split_alone(tmp_path: Path) -> None:
    run = run_of(tmp_path, STORY, STORY, INSTRUCTION | {"text": "last"})
    assert export(run, tmp_path / "all.jsonl")["rows"] == 3
    assert export(run, tmp_path / "test.jsonl", split="test")["rows"] == 1
    assert records(tmp_path / "test.jsonl")[0]["text"] == "last"


def test_stories_are_parted_as_in_tinystories(tmp_path: Path) -> None:
    export(run_of(tmp_path, STORY, STORY), tmp_path / "out.txt", form="tinystories")
    stories = (tmp_path / "out.txt").read_text().split("<|endoftext|>\n")
    assert stories == ["Words: a\nStory: It ran.\n"] * 2 + [""]


def test_beirs_three_files(tmp_path: Path) -> None:
    facts = export(
        run_of(tmp_path, QUERIES, QUERIES | {"id": "r" * 32, "document": "d2"}), tmp_path / "beir", form="beir"
    )
    assert facts == {"form": "beir", "documents": 2, "queries": 4}
    corpus = {one["_id"]: one for one in records(tmp_path / "beir/corpus.jsonl")}
    queries = {one["_id"]: one["text"] for one in records(tmp_path / "beir/queries.jsonl")}
    head, *lines = (tmp_path / "beir/qrels/test.tsv").read_text().splitlines()
    assert head == "query-id\tcorpus-id\tscore"
    judged = [line.split("\t") for line in lines]
    assert {(queries[query], corpus[document]["title"], score) for query, document, score in judged} == {
        ("bees", "Bees", "1"),
        ("why", "Bees", "1"),
    }


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tokenizer of words, made on the spot."""
    made = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=["[UNK]", "<|endoftext|>"])
    made.train_from_iterator(["the cat sat on the mat", "the dog ran to the cat"], trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    made.save(str(path))
    return path


def packed(tmp_path: Path, tokenizer: Path, *, length: int = 16) -> tuple[dict[str, Any], "np.ndarray[Any, Any]"]:
    texts = ["the cat sat on the mat", "the dog ran to the cat", "the cat ran"] * 30
    run = run_of(tmp_path, *({"id": "x" * 32, "recipe": "r", "text": text} for text in texts))
    facts = export(run, tmp_path / "out.bin", pack=tokenizer, length=length)
    tokens = np.memmap(tmp_path / "out.bin", dtype=facts["dtype"], mode="r").reshape(-1, length)
    return facts, tokens


def test_packed_documents_keep_their_bounds_and_their_words(tmp_path: Path, tokenizer: Path) -> None:
    facts, tokens = packed(tmp_path, tokenizer)
    assert facts == json.loads((tmp_path / "out.json").read_text()) | {"form": "text"}
    assert tokens.shape == (facts["sequences"], 16)
    flat = tokens.reshape(-1)
    starts = np.load(tmp_path / "out.documents.npy")
    assert len(starts) == facts["documents"] == 90
    made = Tokenizer.from_file(str(tokenizer))
    ends = [*starts[1:], facts["tokens"]]
    first = [made.decode(flat[start : end - 1].tolist()) for start, end in zip(starts[:3], ends[:3], strict=True)]
    assert first == ["the cat sat on the mat", "the dog ran to the cat", "the cat ran"]
    assert all(flat[end - 1] == facts["end_token"] for end in ends)
    assert set(flat[facts["tokens"] :].tolist()) <= {facts["end_token"]}


def test_a_plain_training_loop_learns_from_the_packed_form(tmp_path: Path, tokenizer: Path) -> None:
    facts, tokens = packed(tmp_path, tokenizer)
    chance = np.random.default_rng(0)
    logits = np.zeros((facts["vocabulary"], facts["vocabulary"]))
    losses = []
    for _ in range(200):
        batch = tokens[chance.integers(len(tokens), size=8)].astype(np.int64)
        given, wanted = batch[:, :-1].reshape(-1), batch[:, 1:].reshape(-1)
        scores = logits[given] - logits[given].max(1, keepdims=True)
        shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        losses.append(float(-np.log(shares[np.arange(len(wanted)), wanted]).mean()))
        shares[np.arange(len(wanted)), wanted] -= 1
        np.add.at(logits, given, -shares / 10)
    assert losses[-1] < losses[0] / 2


WRONG = {
    "an unknown format": ({"form": "alpacca"}, "out.jsonl", "no format 'alpacca'. Did you mean 'alpaca'"),
    "another suffix": ({}, "out.csv", "has to end in .jsonl or .parquet for this format"),
    "rows that lack it": (
        {"form": "messages"},
        "out.jsonl",
        "format 'messages' needs a text with a span, an instruction",
    ),
    "no queries": ({"form": "beir"}, "beir", "format 'beir' needs documents with queries"),
    "no split": ({"split": "dev"}, "out.jsonl", "no split 'dev' in .*; it is train or test"),
    "no tokenizer": ({"pack": Path("nowhere")}, "out.bin", "no tokenizer 'nowhere'"),
    "a tokenizer that is none": ({"pack": Path(__file__)}, "out.bin", "is no tokenizer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_not_be_exported_is_one_sentence_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    options, name, said = WRONG[case]
    run = run_of(tmp_path, {"id": "x" * 32, "recipe": "r", "text": "plain"})
    with pytest.raises(TextbooksError, match=said):
        export(run, tmp_path / name, **options)
    assert not (tmp_path / name).exists()


def test_an_end_token_that_the_tokenizer_lacks_is_one_sentence(tmp_path: Path, tokenizer: Path) -> None:
    run = run_of(tmp_path, STORY)
    with pytest.raises(TextbooksError, match="has no token '<end>'; name its end token with --end-token"):
        export(run, tmp_path / "out.bin", pack=tokenizer, end_token="<end>")
    with pytest.raises(TextbooksError, match="name a run's folder"):
        export(tmp_path / "nothing", tmp_path / "out.jsonl")
