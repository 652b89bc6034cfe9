"""Files, folders and datasets → the documents in them, and the Python snippets of each. Runs and writes nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from textbooks.errors import TextbooksError, suggestion
from textbooks.excerpt import markdown, notebook, restructured
from textbooks.records import OutputBlock, Snippet
from textbooks.storage import read_json_lines

Kind = Literal["markdown", "restructuredtext", "python", "notebook"]
KIND_OF: dict[str, Kind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".qmd": "markdown",
    ".rst": "restructuredtext",
    ".py": "python",
    ".ipynb": "notebook",
}
DATASETS = (".jsonl", ".parquet")
SUFFIXES = (*KIND_OF, *DATASETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to verify, and where it comes from."""

    path: str
    text: str
    row: int | None = None
    """Row in a dataset, from 0."""
    id: str | None = None
    """The row's `id`, where it has one."""
    kind: Kind = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What Python a document holds."""

    snippets: tuple[Snippet, ...]
    outputs: tuple[OutputBlock, ...] = ()
    cells: tuple[int, ...] = ()
    """Of a notebook, the number of each snippet's cell."""


def read(document: Document) -> Read:
    """Return the snippets of a document, and the blocks that show their output.

    Raises:
        TextbooksError: a file that is named like a notebook is none.

    """
    if document.kind == "python":
        whole = Snippet(code=document.text, line=1, end_line=document.text.count("\n") + 1)
        return Read(snippets=(whole,))
    if document.kind == "notebook":
        try:
            cells = notebook.read(document.text)
        except notebook.NotANotebook as error:
            raise TextbooksError(f"{document.path!r} is not a notebook ({error}); check the file") from error
        return Read(
            snippets=tuple(snippet for _, snippet, _ in cells),
            outputs=tuple(_error_output(place, error) for place, (_, _, error) in enumerate(cells) if error),
            cells=tuple(number for number, _, _ in cells),
        )
    if document.kind == "restructuredtext":
        excerpt = restructured.read(document.text)
    else:
        excerpt = markdown.read(document.text, may_skip=True)
    return Read(snippets=excerpt.snippets, outputs=excerpt.outputs)


def _error_output(snippet: int, error: str) -> OutputBlock:
    """Return the error that is stored with a notebook's cell, as a block below it."""
    return OutputBlock(snippet=snippet, text=error, line=0, end_line=0, is_announced=True)


def files(path: Path, column: str) -> list[Path]:
    """Return the files that a path means, refusing what cannot be read before anything runs.

    Of a folder, datasets without the column are left out: a corpus has tables that hold no documents.

    Raises:
        TextbooksError: the path is missing, or of no known kind.

    """
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        wanted = [file for file in found if file.suffix != ".parquet" or column in _columns(file)]
        if not wanted:
            raise TextbooksError(f"folder {str(path)!r} holds no {', '.join(SUFFIXES)} file; name another path")
        return wanted
    if not path.exists():
        near = suggestion(path.name, [file.name for file in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise TextbooksError(f"no file or folder {str(path)!r}.{near}")
    if path.suffix not in SUFFIXES:
        raise TextbooksError(f"{str(path)!r} is none of {', '.join(SUFFIXES)}; rename it or convert it to Markdown")
    return [path]


def documents(path: Path, column: str) -> Iterable[Document]:
    """Return the documents of a file: itself, or one per row of a dataset.

    Raises:
        TextbooksError: it cannot be read, or has no such column.

    """
    if path.suffix == ".jsonl":
        return _rows(path, column, (value for _, value in read_json_lines(path)))
    if path.suffix == ".parquet":
        return _rows(path, column, _parquet_rows(path, column))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextbooksError(f"cannot read {str(path)!r} ({error}); save it as UTF-8 text") from error
    return [Document(path=str(path), text=text, kind=KIND_OF[path.suffix])]


def _rows(path: Path, column: str, values: Iterable[Any]) -> Iterator[Document]:
    for row, value in enumerate(values):
        if not isinstance(value, dict) or column not in value:
            known = value if isinstance(value, dict) else ()
            raise TextbooksError(
                f"{path}: row {row} has no column {column!r}; name it with --column.{suggestion(column, known)}"
            )
        row_id = str(value["id"]) if value.get("id") is not None else None
        yield Document(path=str(path), text=str(value[column] or ""), row=row, id=row_id)


def _parquet_rows(path: Path, column: str) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    names = _columns(path)
    if column not in names:
        raise TextbooksError(f"{path} has no column {column!r}; name it with --column.{suggestion(column, names)}")
    for batch in pq.ParquetFile(path).iter_batches(columns=[name for name in ("id", column) if name in names]):
        yield from batch.to_pylist()


def _columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except pa.ArrowInvalid as error:
        raise TextbooksError(f"{str(path)!r} is not a Parquet file ({error}); check the path") from error
