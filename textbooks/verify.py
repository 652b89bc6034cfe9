"""Documents and datasets → findings: which of their Python snippets run, and which claims hold.

Reads Markdown, Python files, JSON lines, Parquet and folders of them, and runs every snippet in the box, documents in
parallel. Shares `examine` with the build; has no contract and rejects nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks.engines import LocalEngine
from textbooks.errors import TextbooksError, suggestion
from textbooks.examine import format_snippets, run_snippets
from textbooks.excerpt import markdown
from textbooks.records import CheckedSnippet, OutputBlock, Snippet
from textbooks.sandbox import Policy, Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.tiers import Isolation
from textbooks.storage import read_json_lines

MARKDOWN = (".md", ".markdown")
KINDS = (*MARKDOWN, ".py", ".jsonl", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to verify, and where it comes from."""

    path: str
    text: str
    row: int | None = None
    """Row in a dataset, from 0."""
    id: str | None = None
    """The row's `id`, where it has one."""
    is_python: bool = False
    """Whether the whole text is one program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One snippet of a document with its verdict."""

    document: Document
    item: CheckedSnippet

    @property
    def is_finding(self) -> bool:
        """Whether the snippet did not run to its end, or claims something untrue."""
        return self.item.is_finding

    @property
    def line(self) -> int:
        """The document's line that a person should look at, from 1."""
        first = self.item.snippet.line
        error_line = self.item.verdict.error_line
        return first + error_line - 1 if error_line else first

    def words(self) -> list[str]:
        """Return the findings as a linter would print them."""
        verdict = self.item.verdict
        where = self.document.path + (f"[{self.document.row}]" if self.document.row is not None else "")
        lines = []
        if verdict.status != "ok" and not self.item.is_announced_error:
            message = (verdict.error_message or "").partition("\n")[0]
            said = f" {verdict.error_type}: {message}" if verdict.error_type else ""
            reason = f" ({verdict.reason})" if verdict.reason and not said else ""
            lines.append(f"{where}:{self.line}: {verdict.status}{said}{reason}")
        for claim in self.item.claims:
            if claim.agrees is False:
                line = self.item.snippet.line + claim.line - 1
                lines.append(f"{where}:{line}: claims {claim.claimed!r}, really {claim.actual!r}")
        return lines

    def view(self) -> dict[str, Any]:
        """Return the verdict line."""
        return {
            "id": self.document.id,
            "path": self.document.path,
            "row": self.document.row,
            "line": self.item.snippet.line,
            "kind": self.item.snippet.kind,
            **self.item.verdict.line(),
            "claims": [claim.view() for claim in self.item.claims],
        }


def verify(
    paths: Sequence[Path | str],
    *,
    column: str = "text",
    workers: int | None = 1,
    packages: Sequence[str] = (),
    isolation: Isolation | None = None,
    policy: Policy | None = None,
) -> Iterator[Checked]:
    """Yield every snippet of the documents with its verdict, in order.

    Raises:
        TextbooksError: a path is missing or of no known kind, or a dataset lacks the column.

    """
    files = [file for path in paths for file in _check_path(Path(path), column)]
    policy = (policy or shipped()).with_changes(packages=tuple(packages))
    with LocalEngine(workers=workers, policy=policy, isolation=isolation) as engine:
        texts = (document for file in files for document in _documents(file, column))
        for checked in engine.map(check_document, texts):
            yield from checked


def check_document(document: Document, sandbox: Sandbox) -> list[Checked]:
    """Run the snippets of one document."""
    if document.is_python:
        outputs: tuple[OutputBlock, ...] = ()
        snippets: tuple[Snippet, ...] = (Snippet(code=document.text, line=1, end_line=document.text.count("\n") + 1),)
    else:
        excerpt = markdown.read(document.text)
        snippets, outputs = excerpt.snippets, excerpt.outputs
    # The code runs as it stands, so that lines and claims are the document's own; only parsing is asked of black.
    as_written = tuple(
        CheckedSnippet(snippet=item.snippet, code=item.snippet.code, verdict=item.verdict)
        for item in format_snippets(snippets)
    )
    checked = run_snippets(as_written, sandbox, strict=False, outputs=outputs)
    return [Checked(document=document, item=item) for item in checked]


def _check_path(path: Path, column: str) -> list[Path]:
    """Return the files that a path means, refusing what cannot be read before anything runs.

    Of a folder, datasets without the column are left out: a corpus has tables that hold no documents.
    """
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.suffix in KINDS and file.is_file())
        files = [file for file in found if file.suffix != ".parquet" or column in _columns(file)]
        if not files:
            raise TextbooksError(f"folder {str(path)!r} holds no {', '.join(KINDS)} file; name another path")
        return files
    if not path.exists():
        near = suggestion(path.name, [file.name for file in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise TextbooksError(f"no file or folder {str(path)!r}.{near}")
    if path.suffix not in KINDS:
        raise TextbooksError(f"{str(path)!r} is none of {', '.join(KINDS)}; rename it or convert it to Markdown")
    return [path]


def _documents(path: Path, column: str) -> Iterable[Document]:
    if path.suffix == ".jsonl":
        return _rows(path, column, (value for _, value in read_json_lines(path)))
    if path.suffix == ".parquet":
        return _rows(path, column, _parquet_rows(path, column))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TextbooksError(f"cannot read {str(path)!r} ({error}); save it as UTF-8 text") from error
    return [Document(path=str(path), text=text, is_python=path.suffix == ".py")]


def _rows(path: Path, column: str, values: Iterable[Any]) -> Iterator[Document]:
    for row, value in enumerate(values):
        if not isinstance(value, dict) or column not in value:
            known = value if isinstance(value, dict) else ()
            raise TextbooksError(
                f"{path}: row {row} has no column {column!r}; name it with --column.{suggestion(column, known)}"
            )
        yield Document(path=str(path), text=str(value[column] or ""), row=row, id=_id(value))


def _id(value: dict[str, Any]) -> str | None:
    return str(value["id"]) if value.get("id") is not None else None


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
