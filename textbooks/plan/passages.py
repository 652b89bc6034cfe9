"""Documents of the user → entities: a JSON-lines or Parquet file, or a folder of texts. Knows nothing of axes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError, suggestion
from textbooks.records import Entry
from textbooks.storage import digest, read_json_lines

TEXTS = (".md", ".txt", ".rst")
SUFFIXES = (".jsonl", ".gz", ".parquet")


def load(path: Path, *, key: str, text: str, title: str | None) -> tuple[tuple[Entry, ...], str]:
    """Return the documents of a file or folder as entries with the fields `text` and `title`, and a digest of them all.

    `key`, `text` and `title` name the columns; of a folder, each file of text is a document, named by its path in it.

    Raises:
        TextbooksError: naming the file, and the line where there is one, of what is wrong.

    """
    rows = _of_folder(path) if path.is_dir() else _of_file(path, key, text, title)
    entries: list[Entry] = []
    for origin, name, fields in rows:
        for field, value in {"name": name, **fields}.items():
            if not isinstance(value, str) or (not value.strip() and field != "title"):
                raise TextbooksError(f"{origin}: {field!r} is {str(value)[:60]!r}, not a text; mend or remove the line")
        entries.append(Entry(name=name, fields=fields, origin=origin))
    if not entries:
        raise TextbooksError(f"{str(path)!r} holds no documents; name a .jsonl or .parquet file, or a folder of texts")
    return tuple(entries), digest([[entry.name, dict(entry.fields)] for entry in entries])


def _of_folder(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file in sorted(one for one in path.rglob("*") if one.suffix in TEXTS and one.is_file()):
        try:
            content = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TextbooksError(f"cannot read {str(file)!r} ({error}); save it as UTF-8 or move it away") from error
        if content.strip():
            yield str(file), file.relative_to(path).as_posix(), {"text": content.strip(), "title": file.stem}


def _of_file(path: Path, key: str, text: str, title: str | None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if path.suffix not in SUFFIXES:
        raise TextbooksError(f"{str(path)!r} holds no documents; name a .jsonl or .parquet file, or a folder of texts")
    for number, row in _rows(path):
        origin = f"{path}:{number}"
        if not isinstance(row, dict):
            raise TextbooksError(f"{origin}: expected an object with {key!r} and {text!r}; mend or remove the line")
        for column in (key, text, *([title] if title else [])):
            if column not in row:
                raise TextbooksError(f"{origin}: no column {column!r}.{suggestion(column, row)}")
        yield origin, str(row[key]), {"text": row[text], "title": row[title] if title else ""}


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    if path.suffix != ".parquet":
        yield from read_json_lines(path)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise TextbooksError(f"cannot read {str(path)!r} ({str(error)[:100]}); check the file") from error
    yield from enumerate(table.to_pylist(), start=1)
