"""Lists of entities: `topics/*.yaml`, `audiences/*.yaml` and the secondary axes, read and validated.

A list file holds `title`, `about`, `fields` (names that every entry must fill), `shared` (fields that all entries of
the file have alike) and `entries`: plain names, or mappings with `name`, the fields and an optional `weight`.
Knows nothing of recipes or of how entries are drawn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks import assets
from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import located
from textbooks.plan.located import Located
from textbooks.records import Entry
from textbooks.storage import digest

HEADER_KEYS = ("title", "about", "fields", "shared", "entries")
ENTRY_KEYS = ("name", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityList:
    """One list file: its header and its entries in file order."""

    name: str
    """The file's stem, e.g. `recursion`."""
    title: str
    about: str
    shared: dict[str, Any]
    entries: tuple[Entry, ...]
    path: Path
    digest: str
    """SHA-256 of the content, for the frozen recipe."""

    def as_entry(self) -> Entry:
        """Return the list itself as an entity, e.g. a subject, with its header as fields."""
        fields = {"title": self.title, "about": self.about, **self.shared}
        return Entry(name=self.name, fields=fields, origin=str(self.path))


def load_list(path: Path) -> EntityList:
    """Read and validate one list file.

    Raises:
        TextbooksError: naming file and line of a duplicate, an empty value or an unknown key.

    """
    source = located.load(path)
    header = _mapping(source, (), source.value, known=HEADER_KEYS)
    title = _text(source, ("title",), header.get("title", path.stem))
    about = _text(source, ("about",), header.get("about", title))
    names = _names(source, header.get("fields", []))
    shared = header.get("shared", {})
    if not isinstance(shared, dict):
        raise TextbooksError(f"{source.place(('shared',))}: 'shared' must be a mapping of field to value")
    for key in shared:
        if key in (*ENTRY_KEYS, "list", *names):
            raise TextbooksError(f"{source.place(('shared', key))}: {key!r} cannot be shared by all entries; rename it")
    raw = header.get("entries")
    if not isinstance(raw, list) or not raw:
        raise TextbooksError(f"{source.place(('entries',))}: 'entries' must list at least one value")
    entries = tuple(_entry(source, position, item, names, shared, path.stem) for position, item in enumerate(raw))
    refuse_duplicates(entries)
    return EntityList(
        name=path.stem,
        title=title,
        about=about,
        shared=shared,
        entries=entries,
        path=path,
        digest=digest(source.value),
    )


def load_lists(reference: str, *, near: Sequence[Path] = (), place: str | None = None) -> tuple[EntityList, ...]:
    """Read the list or the folder of lists that `reference` names, files in alphabetical order.

    A reference is a path (looked for in the folders `near`, then from the working folder), or the name of a shipped
    list: `topics`, `topics/recursion`, `audiences`, `styles`, …. `place` says where the reference stands.

    Raises:
        TextbooksError: no such list, with the nearest name.

    """
    for path in _candidates(reference, near):
        if path.is_dir():
            files = sorted(path.glob("*.yaml"))
            if files:
                return tuple(load_list(file) for file in files)
        elif path.is_file():
            return (load_list(path),)
    known = [*known_lists(), *(f"{name}/{file}" for name in ("topics", "audiences") for file in stems(name))]
    known += [path.name for folder in near for path in folder.glob("*.yaml")]
    where = f"{place}: " if place else ""
    raise TextbooksError(f"{where}no list {reference!r}.{suggestion(reference, known)}")


def known_lists() -> list[str]:
    """Return the names under which shipped lists can be referred to."""
    folder = assets.PACKAGE / "lists"
    names = (path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.yaml")))
    return ["topics", "audiences", *names]


def stems(folder: str) -> list[str]:
    """Return the names of the lists in a shipped folder, e.g. all subjects of `topics`."""
    return sorted(path.stem for path in assets.folder(folder).glob("*.yaml"))


def refuse_duplicates(entries: Iterable[Entry]) -> None:
    """Raise a TextbooksError naming both places where two entries bear the same name, whatever their case."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        key = " ".join(entry.name.casefold().split())
        if key in seen:
            first = seen[key].origin
            raise TextbooksError(f"{entry.origin}: {entry.name!r} stands twice, first at {first}; remove one")
        seen[key] = entry


def _candidates(reference: str, near: Sequence[Path]) -> list[Path]:
    head, _, rest = reference.partition("/")
    paths = [folder / reference for folder in near]
    if head in ("topics", "audiences"):
        base = assets.folder(head)
        paths += [base / f"{rest}.yaml"] if rest else [base]
    paths += [assets.PACKAGE / "lists" / f"{reference}.yaml", Path(reference).expanduser()]
    return paths


def _entry(
    source: Located, position: int, item: Any, names: list[str], shared: dict[str, Any], list_name: str
) -> Entry:
    location = ("entries", position)
    origin = source.place(location)
    if isinstance(item, dict):
        _mapping(source, location, item, known=(*ENTRY_KEYS, *names))
        missing = [name for name in ("name", *names) if name not in item]
    else:
        item, missing = {"name": item}, names
    if missing:
        raise TextbooksError(f"{origin}: entry {item.get('name')!r} lacks {missing[0]!r}; add it")
    own = {name: _texts(source, (*location, name), item[name]) for name in names}
    weight = item.get("weight", 1)
    if not isinstance(weight, int) or isinstance(weight, bool) or weight < 1:
        raise TextbooksError(f"{origin}: weight {weight!r} must be a whole number from 1")
    name = _text(source, (*location, "name"), item["name"])
    return Entry(name=name, fields={"list": list_name, **shared, **own}, weight=weight, origin=origin)


def _mapping(source: Located, location: tuple[str | int, ...], value: Any, *, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TextbooksError(f"{source.place(location)}: expected a mapping with the keys {', '.join(known)}")
    for key in value:
        if key not in known:
            place = source.place((*location, key))
            raise TextbooksError(f"{place}: unknown key {key!r}.{suggestion(str(key), known)}")
    return value


def _names(source: Located, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise TextbooksError(f"{source.place(('fields',))}: 'fields' must be a list of field names")
    return value


def _texts(source: Located, location: tuple[str | int, ...], value: Any) -> str | list[str]:
    """Return a field: a text, or a list of texts."""
    if isinstance(value, list) and value:
        return [_text(source, (*location, position), one) for position, one in enumerate(value)]
    return _text(source, location, value)


def _text(source: Located, location: tuple[str | int, ...], value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TextbooksError(
            f"{source.place(location)}: {str(location[-1])!r} is {value!r}, not a text; "
            "write some words (quote numbers, yes and no)"
        )
    return value.strip()
