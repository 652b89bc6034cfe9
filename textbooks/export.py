"""The accepted rows of a run → files in the form that another tool reads, row by row, in memory of a constant size."""

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textbooks.corpus import packing
from textbooks.corpus.dataset import accepted_rows
from textbooks.corpus.forms import FORMS, Record, Row, Unfit
from textbooks.errors import TextbooksError, suggestion
from textbooks.storage import replacing

SPLITS = ("train", "test")
GROUP_ROWS = 2048
"""In a row group of a Parquet file: small ones make its footer, which is kept in memory, long."""
END_OF_TEXT = "<|endoftext|>"
"""Ends a story in the files of TinyStories."""


def export(
    run: Path,
    out: Path,
    *,
    form: str = "text",
    split: str | None = None,
    pack: Path | None = None,
    length: int = 2048,
    end_token: str | None = None,
) -> dict[str, Any]:
    """Write the accepted rows of a run, or of one split of it, to `out`; return how many, and of what.

    `out` ends in `.jsonl` or `.parquet`, with `pack` (a tokenizer) in `.bin`, for the form `tinystories` in `.txt`; for
    `beir` it is a folder.

    Raises:
        TextbooksError: the run has no corpus, the form is unknown, or its rows do not hold what the form needs.

    """
    if form not in (*FORMS, "beir"):
        raise TextbooksError(f"no format {form!r}.{suggestion(form, (*FORMS, 'beir'))}")
    if form == "beir":
        return _beir(run, out, split)
    records = _records(run, form, split)
    if pack:
        _refuse_other_suffix(out, (".bin",))
        tokenizer = packing.load_tokenizer(pack)
        texts = (_as_text(record) for record in records)
        end = packing.end_token(tokenizer, end_token)
        return {"form": form, **packing.pack(texts, out, tokenizer, length=length, end=end)}
    if form == "tinystories":
        _refuse_other_suffix(out, (".txt",))
        return {"form": form, "rows": _write_lines(out, (f"{one['text'].strip()}\n{END_OF_TEXT}\n" for one in records))}
    _refuse_other_suffix(out, (".jsonl", ".parquet"))
    if out.suffix == ".parquet":
        return {"form": form, "rows": _write_parquet(out, records)}
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return {"form": form, "rows": _write_lines(out, lines)}


def _rows(run: Path, split: str | None) -> Iterator[Row]:
    """Yield the accepted rows of a run, split by split."""
    corpus = run / "corpus" if (run / "corpus").is_dir() else run
    splits = SPLITS if split is None else (split,)
    if not any(path for name in splits for path in corpus.glob(f"data/{name}-*.parquet")):
        if split and any(corpus.glob("data/*.parquet")):
            raise TextbooksError(f"no split {split!r} in {str(run)!r}; it is train or test")
        raise TextbooksError(f"no corpus in {str(run)!r}; name a run's folder, such as runs/phi1-textbook")
    yield from accepted_rows(corpus, splits=splits)


def _records(run: Path, form: str, split: str | None) -> Iterator[Record]:
    for row in _rows(run, split):
        try:
            yield FORMS[form](row)
        except Unfit as error:
            raise TextbooksError(
                f"format {form!r} needs {error}, and row {row['id']} of recipe {row['recipe']!r} has none; "
                "choose --format text or another"
            ) from error


def _as_text(record: Record) -> str:
    """Return a record as one text, for packing."""
    if "text" in record:
        return str(record["text"])
    if "prompt" in record:
        return f"{record['prompt']}{record['completion']}"
    raise TextbooksError("only --format text and prompt-completion can be packed; leave out --pack or change --format")


def _write_lines(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def _write_parquet(path: Path, records: Iterator[Record]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count, schema = 0, None
    with replacing(path) as partial:
        writer = None
        while batch := list(itertools.islice(records, GROUP_ROWS)):
            table = pa.Table.from_pylist(batch, schema=schema)
            schema = table.schema
            writer = writer or pq.ParquetWriter(partial, schema, compression="zstd")
            writer.write_table(table)
            count += len(batch)
        if writer is None:
            raise TextbooksError("there are no rows to write; look at the run's tally.json")
        writer.close()
    return count


def _beir(run: Path, out: Path, split: str | None) -> dict[str, Any]:
    """Write BEIR's three files: corpus.jsonl, queries.jsonl and qrels/test.tsv."""
    seen: set[str] = set()
    count = 0
    rows = _rows(run, split)
    first = next(rows)
    if first.get("queries") is None or "document" not in first:
        raise TextbooksError(
            f"format 'beir' needs documents with queries, and recipe {first['recipe']!r} has none; "
            "build the recipe 'queries', or choose another --format"
        )
    names = ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv")
    with contextlib.ExitStack() as stack:
        partial = [stack.enter_context(replacing(out / name)) for name in names]
        corpus, queries, judgements = (stack.enter_context(one.open("w", encoding="utf-8")) for one in partial)
        judgements.write("query-id\tcorpus-id\tscore\n")
        for row in itertools.chain([first], rows):
            name = row["document"]
            if name not in seen:
                seen.add(name)
                corpus.write(_line({"_id": name, "title": row.get("title") or "", "text": row["text"], "metadata": {}}))
            for number, query in enumerate(row["queries"]):
                query_id = f"{row['id'][:16]}-{number}"
                queries.write(_line({"_id": query_id, "text": query, "metadata": {}}))
                judgements.write(f"{query_id}\t{name}\t1\n")
                count += 1
        for file in (corpus, queries, judgements):
            file.flush()
    return {"form": "beir", "documents": len(seen), "queries": count}


def _line(value: Record) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _refuse_other_suffix(path: Path, suffixes: tuple[str, ...]) -> None:
    if path.suffix not in suffixes:
        wanted = " or ".join(suffixes)
        raise TextbooksError(f"--out {str(path)!r} has to end in {wanted} for this format")
