"""Rows on disk: one Parquet part per shard while a run grows, and the finished dataset folder, in zstd.

A part bears the digest of what it was made from, so an unchanged shard is not examined twice. Knows nothing of what
the columns mean.
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textbooks.storage import replacing, write_text

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH_ROWS = 256
"""Rows in hand while a finished corpus is read."""
CONFIGURATIONS = ("default", "rejected", "snippets")


def part_folder(parts: Path, shard: int, made_from: str) -> Path:
    """Return where the part of a shard lies, by the digest of what it was made from."""
    return parts / f"{shard:05d}-{made_from[:16]}"


def read_part_tally(part: Path) -> dict[str, Any] | None:
    """Return what was noted when the part was finished, or None if it is not there."""
    path = part / "counts.json"
    try:
        counts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return counts


def write_part(
    part: Path, rows: Mapping[str, Sequence[dict[str, Any]]], schemas: "Mapping[str, pa.Schema]", counts: Any
) -> None:
    """Write the rows of one shard; `counts` is written last and marks the part as whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in CONFIGURATIONS:
        table = pa.Table.from_pylist(list(rows[name]), schema=schemas[name])
        with replacing(part / f"{name}.parquet") as partial:
            pq.write_table(table, partial, compression="zstd")
    write_text(part / "counts.json", json.dumps(counts))


def read_part(part: Path, name: str, schema: "pa.Schema", columns: list[str] | None = None) -> "pa.Table":
    """Return the rows of one configuration of a part, or some columns of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = schema if columns is None else pa.schema([schema.field(column) for column in columns])
    return pq.read_table(part / f"{name}.parquet", schema=wanted, columns=columns)


def publish(
    corpus: Path,
    tables: "Callable[[str], Iterable[pa.Table]]",
    schemas: "Mapping[str, pa.Schema]",
    *,
    test_percent: int,
) -> dict[str, int]:
    """Write the tables of each configuration into the dataset folder and return the number of rows per file.

    A row goes to `test` by the hash of its id, so a sample stays where it is however the corpus grows; only a corpus
    that would have no other rows trains on them. Files are replaced one by one, each atomically; a file that would
    have no rows is removed.
    """
    targets = {split: corpus / "data" / f"{split}-00000-of-00001.parquet" for split in ("train", "test")}
    schema = schemas["default"]
    counts = _joined(targets, tables("default"), schema, lambda row_id: split_of(row_id, test_percent))
    if counts["test"] and not counts["train"]:
        counts = _joined(targets, tables("default"), schema, _always("train"))
    for name in ("rejected", "snippets"):
        target = corpus / name / f"{name}-00000-of-00001.parquet"
        counts |= _joined({name: target}, tables(name), schemas[name], _always(name))
    return counts


def accepted_rows(
    corpus: Path, columns: list[str] | None = None, *, splits: Sequence[str] = ("train", "test")
) -> Iterator[dict[str, Any]]:
    """Yield the accepted rows of a dataset folder, or some columns of them; none where there are no files."""
    import pyarrow.parquet as pq

    for split in splits:
        for path in sorted(corpus.glob(f"data/{split}-*.parquet")):
            # Read-ahead would hold a large part of the file at once.
            file = pq.ParquetFile(path, pre_buffer=False)
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=False):
                yield from batch.to_pylist()


def sizes(corpus: Path) -> dict[str, int]:
    """Return the bytes of each file of a dataset folder, by its name without the number: train, test, rejected, …."""
    files = corpus.glob("*/*-00000-of-00001.parquet")
    return {path.name.partition("-00000-of-")[0]: path.stat().st_size for path in files}


def split_of(row_id: str, test_percent: int) -> str:
    """Return the split to which a row goes by the hash of its id."""
    return "test" if _percent(row_id) < test_percent else "train"


def remove_stale(parts: Path, keep: Sequence[Path]) -> None:
    """Delete parts that are no longer what their shard would give."""
    wanted = {part.name for part in keep}
    for folder in parts.iterdir() if parts.is_dir() else ():
        if folder.name not in wanted:
            shutil.rmtree(folder, ignore_errors=True)


def _always(name: str) -> Callable[[str], str]:
    return lambda _: name


def _percent(row_id: str) -> int:
    return int.from_bytes(hashlib.sha256(row_id.encode()).digest()[:8], "big") % 100


def _joined(
    targets: Mapping[str, Path], tables: "Iterable[pa.Table]", schema: "pa.Schema", choose: Callable[[str], str]
) -> dict[str, int]:
    import pyarrow as pa

    counts = dict.fromkeys(targets, 0)
    with contextlib.ExitStack() as stack:
        writers = {name: stack.enter_context(_writer(path, schema)) for name, path in targets.items()}
        for table in tables:
            chosen = [choose(row_id) for row_id in table.column("id").to_pylist()]
            for name, writer in writers.items():
                selected = table.filter(pa.array([choice == name for choice in chosen], pa.bool_()))
                counts[name] += selected.num_rows
                if selected.num_rows:
                    writer.write_table(selected)
    for name, path in targets.items():
        if not counts[name]:
            path.unlink()
    return counts


@contextlib.contextmanager
def _writer(path: Path, schema: "pa.Schema") -> "Iterator[pq.ParquetWriter]":
    import pyarrow.parquet as pq

    with replacing(path) as partial, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        yield writer
