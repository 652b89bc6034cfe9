"""Any dataset or folder of documents → what in it is like a benchmark's problem, or like itself; and a cleaned copy.

Every row is looked at through the lenses, in parallel; what was found is laid down beside its text and code, and the
curation decides over all of it. Needs no run and no recipe; changes nothing of what it reads.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from textbooks.contamination import lenses, matches
from textbooks.curation import Curation, Item, Policy
from textbooks.curation import curate as decide
from textbooks.documents import DATASETS, Document, documents, files, read
from textbooks.engines import LocalEngine
from textbooks.errors import TextbooksError
from textbooks.excerpt.markdown import looks_like_python
from textbooks.excerpt.sessions import parses
from textbooks.plan.spec import curating
from textbooks.records import Match
from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.tiers import Isolation
from textbooks.storage import digest, read_json_lines, refuse_unwritable, replacing, write_json_lines, write_text

CPU_SECONDS, WALL_SECONDS = 10.0, 30.0
"""For all functions of a row; each call has its own, far narrower limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """One row, and what becomes of it."""

    path: str
    row: int | None
    id: str | None
    matches: tuple[Match, ...]
    duplicate_of: str | None
    step: str | None
    """`contamination` or `duplicates` for a row that is not kept."""
    reason: str | None
    evidence: str | None

    @property
    def kept(self) -> bool:
        """Whether the row is in the cleaned copy."""
        return self.step is None

    @property
    def is_finding(self) -> bool:
        """Whether the row is not kept, or has more than trivial things in common with a problem."""
        return not self.kept or not all(match.trivial for match in self.matches)

    def view(self) -> dict[str, Any]:
        """Return the evidence line (docs/design.md, section 9)."""
        return {
            "path": self.path,
            "row": self.row,
            "id": self.id,
            "contamination": [match.view() for match in self.matches],
            "duplicate_of": self.duplicate_of,
            "kept": self.kept,
            "reason": None if self.kept else f"{self.step}: {self.reason}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A row as it is laid down between looking and deciding."""

    document: Document
    code: str
    matches: tuple[Match, ...]

    def line(self) -> dict[str, Any]:
        """Return the row as JSON."""
        document = self.document
        return {
            "path": document.path,
            "row": document.row,
            "id": document.id,
            "name": _name(document),
            "key": document.id or digest(document.text)[:32],
            "text": document.text,
            "code": self.code,
            "matches": [match.view() for match in self.matches],
        }


def curate(
    path: Path | str,
    *,
    column: str = "text",
    problems: Sequence[Path] = (),
    out: Path | None = None,
    settings: Sequence[str] = (),
    packages: Sequence[str] = (),
    runs: bool = True,
    workers: int | None = 1,
    isolation: Isolation | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Curated | Mapping[str, Any]]:
    """Yield every row with what becomes of it, in order, and the summary as the last.

    `settings` are `KEY=VALUE` of a recipe's `curate` section. With `out`, evidence and cleaned copy are written there.
    Without `runs`, functions are not run against the problems' tests. `progress` is told how many rows were looked at.

    Raises:
        TextbooksError: the path or a file of problems is missing or of no known kind, a dataset lacks the column.

    """
    policy = Policy(**{name: value for name, value in curating(settings).model_dump().items() if name != "problems"})
    wanted = files(_rows_of(Path(path)), column)
    lenses(tuple(problems))  # refuses what is no problem before anything is looked at
    if out is not None:
        _refuse_used(out)
    limits = shipped().with_changes(packages=tuple(packages), cpu_seconds=CPU_SECONDS, wall_seconds=WALL_SECONDS)
    look = partial(look_at, problems=tuple(problems), runs=runs)
    with TemporaryDirectory(prefix="textbooks-curate-") as folder:
        looks = Path(folder) / "looks.jsonl"
        with LocalEngine(workers=workers, policy=limits, isolation=isolation) as engine:
            texts = (document for file in wanted for document in documents(file, column))
            write_json_lines(looks, _counted((one.line() for one in engine.map(look, texts)), progress))
        curation = decide(partial(_items, looks), policy)
        made = {
            "version": metadata.version("textbooks"),
            "problems": ["HumanEval", *map(str, problems)],
            "policy": asdict(policy),
            "packages": list(packages),
            "isolation": engine.isolation if runs else None,
            "ran": runs,
        }
        summary = {**curation.summary, "made_with": made}
        yield from _results(looks, curation)
        if out is not None:
            write_json_lines(out / "evidence.jsonl", (one.view() for one in _results(looks, curation)))
            write_text(out / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
            _write_clean(wanted, _results(looks, curation), out / "clean")
    yield summary


def look_at(document: Document, sandbox: Sandbox, *, problems: tuple[Path, ...], runs: bool) -> Look:
    """Look at one row through the lenses, in whatever process this is."""
    # A dataset may hold code and no Markdown; prose does not parse.
    is_code = document.row is not None and looks_like_python(document.text)
    # What does not parse is left out, so that nothing hides behind it.
    snippets = () if is_code else read(document).snippets
    code = document.text if is_code else "\n\n".join(one.code for one in snippets if parses(one.code))
    found = matches(document.text, code, lenses(problems), sandbox if runs else None)
    return Look(document=document, code=code, matches=found)


def _rows_of(path: Path) -> Path:
    """Return where the accepted rows of a run or a dataset folder lie; any other path as it is."""
    for folder in (path / "corpus" / "data", path / "data"):
        if folder.is_dir() and (folder.parent / "README.md").is_file():
            return folder
    return path


def _refuse_used(out: Path) -> None:
    refuse_unwritable(out)
    strange = sorted(one.name for one in out.iterdir()) if out.is_dir() else []
    if strange:
        raise TextbooksError(f"--out {str(out)!r} holds other things (such as {strange[0]!r}); name a new folder")


def _name(document: Document) -> str:
    """Return by what other rows name this one."""
    return document.id or (document.path if document.row is None else f"{document.path}:{document.row}")


def _counted(lines: Iterable[dict[str, Any]], progress: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    for done, line in enumerate(lines, start=1):
        progress(done)
        yield line


def _items(looks: Path) -> Iterator[Item]:
    for _, line in read_json_lines(looks):
        found = tuple(Match(**one) for one in line["matches"])
        yield Item(id=line["name"], key=line["key"], text=line["text"], code=line["code"], matches=found)


def _results(looks: Path, curation: Curation) -> Iterator[Curated]:
    for place, (_, line) in enumerate(read_json_lines(looks)):
        decision = curation.decisions.get(place)
        why = decision.rejection if decision else None
        item = Item(id=line["name"], text="", matches=tuple(Match(**one) for one in line["matches"]))
        yield Curated(
            path=line["path"],
            row=line["row"],
            id=line["id"],
            matches=curation.matches_of(item),
            duplicate_of=decision.twin if decision else None,
            step=why.step if why else None,
            reason=why.reason if why else None,
            evidence=why.evidence if why else None,
        )


def _write_clean(wanted: Sequence[Path], results: Iterator[Curated], out: Path) -> None:
    """Write the files again with the rows that are kept; documents that are not kept are left out."""
    common = wanted[0].parent if len(wanted) == 1 else _common_folder(wanted)
    kept: dict[str, list[bool]] = {}
    for one in results:
        kept.setdefault(one.path, []).append(one.kept)
    for file in wanted:
        target = out / file.relative_to(common)
        flags = kept.get(str(file), [])
        if file.suffix not in DATASETS:
            if all(flags):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
        elif file.suffix == ".jsonl":
            _write_lines(file, flags, target)
        else:
            _write_parquet(file, flags, target)


def _write_lines(file: Path, flags: Sequence[bool], target: Path) -> None:
    """Copy the lines of the rows that are kept, byte for byte."""
    with replacing(target) as unfinished, unfinished.open("wb") as out, file.open("rb") as lines:
        rows = (line for line in lines if line.strip())
        out.writelines(line for line, flag in zip(rows, flags, strict=True) if flag)


def _write_parquet(file: Path, flags: Sequence[bool], target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source, place = pq.ParquetFile(file), 0
    with (
        replacing(target) as partial_file,
        pq.ParquetWriter(partial_file, source.schema_arrow, compression="zstd") as rows,
    ):
        for batch in source.iter_batches():
            chosen = pa.array(flags[place : place + batch.num_rows], pa.bool_())
            rows.write_batch(batch.filter(chosen))
            place += batch.num_rows


def _common_folder(paths: Sequence[Path]) -> Path:
    folder = paths[0].parent
    while not all(path.is_relative_to(folder) for path in paths):
        folder = folder.parent
    return folder
