"""Files that are whole or absent: atomic writes, and JSON lines that survive a torn end.

Knows nothing of what the records mean.
"""

import contextlib
import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value in its canonical form (sorted keys, no spaces), as 64 hex digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def writable_folder(path: Path) -> Path:
    """Create `path` if need be and make sure that files can be written in it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def refuse_unwritable(path: Path) -> None:
    """Raise a TextbooksError if the folder `path` could not be created or written in; leaves nothing behind."""
    existing = path.absolute()
    while not existing.exists():
        existing = existing.parent
    try:
        Path(tempfile.mkdtemp(prefix=".probe-", dir=existing)).rmdir()
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> TextbooksError:
    return TextbooksError(f"cannot write in {str(path)!r} ({error.strerror}); choose another folder or free this one")


def write_text(path: Path, text: str) -> None:
    """Write `text` so that `path` holds either all of it or what it held before."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out a neighbouring path to write to, and rename it over `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_json_lines(path: Path, *, torn_end: bool = False) -> Iterator[tuple[int, Any]]:
    """Yield `(line number, value)` of a JSON-lines file, `.gz` or plain; blank lines are skipped.

    With `torn_end` a broken last line without a newline, as a killed writer leaves it, is passed over.

    Raises:
        TextbooksError: the file cannot be read, or a line is not JSON.

    """
    number = 0
    try:
        with open_text(path) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError) as error:
                    if torn_end and not line.endswith("\n"):
                        return
                    raise TextbooksError(
                        f"{path}:{number}: not JSON ({error}); mend or remove the line {line.strip()[:60]!r}"
                    ) from error
                yield number, value
    except OSError as error:
        raise TextbooksError(f"cannot read {str(path)!r} ({error.strerror or error}); check the path") from error
    except (UnicodeDecodeError, EOFError) as error:
        raise TextbooksError(f"{path}:{number + 1}: not UTF-8 text ({error}); save it as UTF-8") from error


def open_text(path: Path) -> Any:
    """Open a text file for reading, through gzip where the name ends in `.gz`."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8-sig")


def cut_torn_end(path: Path) -> None:
    """Remove a last line without a newline: its writer was killed before it was whole."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        position = file.seek(0, os.SEEK_END)
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            newline = file.read(position - start).rfind(b"\n")
            if newline >= 0:
                file.truncate(start + newline + 1)
                return
            position = start
        file.truncate(0)


def write_json_lines(path: Path, values: Iterable[Any]) -> None:
    """Write one JSON value a line, atomically, through gzip where the name ends in `.gz`."""
    with (
        replacing(path) as partial,
        gzip.open(partial, "wt", encoding="utf-8") if path.suffix == ".gz" else partial.open("w") as out,
    ):
        out.writelines(json.dumps(value) + "\n" for value in values)
