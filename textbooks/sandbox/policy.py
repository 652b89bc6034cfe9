"""How tight the box is: `sandbox/policy.toml`, and what a caller changes. Starts nothing."""

import importlib.metadata
import re
import tomllib
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from textbooks import assets
from textbooks.errors import TextbooksError

Tier = Literal["A", "B", "C"]
"""A way to isolate snippets, from the strongest to the weakest (tiers.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits of one snippet and what it may import."""

    cpu_seconds: float
    wall_seconds: float
    memory_mb: int
    output_bytes: int
    files_mb: int
    files_count: int
    open_files: int
    threads: int
    packages: tuple[str, ...]
    random_seed: int
    recycle_after: int
    isolation: Tier
    """The least tier that is taken where none is named."""
    preload: tuple[tuple[str, tuple[str, ...]], ...]
    """Kind of worker → the modules that it has imported, from the smallest kind to the largest."""
    environment: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        """Refuse limits that do not go together: a worker keeps room for output and errors beside its snippet."""
        least_mb = -(-4 * self.output_bytes >> 20)
        if self.memory_mb < least_mb:
            raise TextbooksError(
                f"output_bytes {self.output_bytes} is more than a quarter of memory_mb {self.memory_mb}: take less, or "
                f"raise memory_mb to {least_mb}"
            )

    def with_changes(self, **changes: Any) -> "Policy":
        """Return a copy with every change that is not None."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


@lru_cache(maxsize=1)
def shipped() -> Policy:
    """Return the policy of `sandbox/policy.toml`."""
    path = assets.folder("sandbox") / "policy.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    preload = tuple((kind, tuple(modules)) for kind, modules in data["preload"].items())
    environment = tuple(data["environment"].items())
    values = {**data["limits"], **data["box"], "preload": preload, "environment": environment}
    known = {field.name for field in fields(Policy)}
    if set(values) != known:
        raise TextbooksError(f"{path}: keys {sorted(set(values) ^ known)} are missing or unknown")
    tuples = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Policy(**{**values, **tuples})


BARE, LIGHT = "bare", "light"
"""The kinds of worker for programs that import nothing, and for those that name no dearer module."""


def kind_of(policy: Policy, code: str) -> str:
    """Return the kind of worker in which a program finds what it imports, judging by its lines with an import."""
    importing = _lines_with_import(code)
    if not importing:
        return BARE
    for kind, words in _words(policy.preload):
        if words.search(importing):
            return kind
    return LIGHT


def _lines_with_import(code: str) -> str:
    """Return those lines; programs may carry much data, in which to look for words takes longer than to run them."""
    lines, place = [], code.find("import")
    while place >= 0:
        end = code.find("\n", place)
        end = len(code) if end < 0 else end
        lines.append(code[code.rfind("\n", 0, place) + 1 : end])
        place = code.find("import", end)
    return "\n".join(lines)


def preloaded(policy: Policy, kind: str) -> tuple[str, ...]:
    """Return the modules that a kind of worker has imported."""
    modules = dict(policy.preload)
    return modules[kind] if kind in (BARE, LIGHT) else modules[LIGHT] + modules[kind]


@lru_cache(maxsize=8)
def _words(preload: tuple[tuple[str, tuple[str, ...]], ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Return what to look for, the largest kind first."""
    dear = [(kind, modules) for kind, modules in preload if kind not in (BARE, LIGHT) and modules]
    return [(kind, re.compile(rf"\b(?:{'|'.join(map(re.escape, modules))})\b")) for kind, modules in reversed(dear)]


@lru_cache(maxsize=32)
def package_paths(names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files and folders of the named distributions and of all that they require, as installed here.

    Raises:
        TextbooksError: a named distribution is not installed.

    """
    paths: set[Path] = set()
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        normal = re.sub(r"[-_.]+", "-", name).lower()
        if normal in seen:
            continue
        seen.add(normal)
        try:
            found = importlib.metadata.distribution(name)
        except (importlib.metadata.PackageNotFoundError, ValueError) as error:
            if name in names:
                raise TextbooksError(
                    f"package {name!r} is not installed, so snippets cannot import it; install it (pip install {name}, "
                    "by the name of its distribution) or do not name it"
                ) from error
            continue
        paths |= _top_level(found)
        waiting += [
            re.split(r"[\s<>=!~;\[(]", requirement, maxsplit=1)[0]
            for requirement in found.requires or []
            if "extra ==" not in requirement
        ]
    return tuple(sorted(paths))


def _top_level(found: importlib.metadata.Distribution) -> set[Path]:
    site = Path(str(found.locate_file("")))
    first = {Path(str(file)).parts[0] for file in found.files or [] if ".." not in Path(str(file)).parts}
    return {(site / name).resolve() for name in first if name != "__pycache__" and (site / name).exists()}
