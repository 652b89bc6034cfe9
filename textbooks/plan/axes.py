"""Axes of a recipe → their entries: read from lists, joined with others, kept by what their fields say.

Knows nothing of how entries are drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import passages
from textbooks.plan.draw import Axis
from textbooks.plan.lists import load_lists, refuse_duplicates
from textbooks.plan.located import Located
from textbooks.plan.spec import AxisSpec, DocumentsSpec, LookUpSpec
from textbooks.records import Entry


def axis(name: str, spec: AxisSpec, source: Located, near: Sequence[Path], digests: dict[str, str]) -> Axis:
    """Return an axis with its entries; `digests` is told of each list that was read.

    Lists are looked for beside the recipe files in `near`, in that order.

    Raises:
        TextbooksError: naming file, line and key of what is wrong.

    """
    place = source.place(("draw", name))
    if sum(value is not None for value in (spec.list, spec.lists, spec.values, spec.documents)) != 1:
        raise TextbooksError(f"{place}: axis {name!r} needs exactly one of 'list', 'lists', 'values' and 'documents'")
    if spec.documents is not None:
        entries = _documents(spec.documents, place, near, digests)
    elif spec.values is not None:
        if not spec.values:
            raise TextbooksError(f"{place}: axis {name!r} has an empty list of values; write at least one")
        entries = [Entry(name=value, fields={}, origin=place) for value in spec.values]
    else:
        wanted = spec.lists if spec.lists is not None else spec.list or ()
        references = (wanted,) if isinstance(wanted, str) else wanted
        loaded = [entity for reference in references for entity in load_lists(reference, near=near, place=place)]
        digests |= {entity.name: entity.digest for entity in loaded}
        if spec.lists is not None:
            entries = [entity.as_entry() for entity in loaded]
        else:
            entries = [entry for entity in loaded for entry in entity.entries]
    refuse_duplicates(entries)
    if spec.join is not None:
        entries = _joined(entries, spec.join, source.place(("draw", name, "join")), near, digests)
    for field, look_up in spec.look_up.items():
        entries = _looked_up(entries, field, look_up, source.place(("draw", name, "look_up", field)), near, digests)
    entries = _kept(name, entries, spec.where, source)
    pick = (spec.pick, spec.pick) if isinstance(spec.pick, int) else spec.pick
    return Axis(name=name, entries=tuple(entries), pick=pick, given=spec.given)


def _kept(axis: str, entries: list[Entry], where: Mapping[str, str | tuple[str, ...]], source: Located) -> list[Entry]:
    for key, wanted in where.items():
        place = source.place(("draw", axis, "where", key))
        fields = set().union(*(entry.view() for entry in entries))
        if key not in fields:
            raise TextbooksError(f"{place}: axis {axis!r} has no field {key!r}.{suggestion(key, fields)}")
        values = {str(entry.view().get(key)) for entry in entries}
        allowed = {wanted} if isinstance(wanted, str) else set(wanted)
        for value in sorted(allowed - values):
            raise TextbooksError(
                f"{place}: axis {axis!r} has no value whose {key!r} is {value!r}.{suggestion(value, values)}"
            )
        entries = [entry for entry in entries if str(entry.view().get(key)) in allowed]
    return entries


def _documents(spec: DocumentsSpec, place: str, near: Sequence[Path], digests: dict[str, str]) -> list[Entry]:
    candidates = [*(folder / spec.path for folder in near), Path(spec.path).expanduser()]
    path = next((one for one in candidates if one.exists()), None)
    if path is None:
        raise TextbooksError(
            f"{place}: no documents {spec.path!r}; name a .jsonl or .parquet file, or a folder of texts"
        )
    entries, digests[spec.path] = passages.load(path, key=spec.id, text=spec.text, title=spec.title)
    return list(entries)


def _joined(
    entries: list[Entry], reference: str, place: str, near: Sequence[Path], digests: dict[str, str]
) -> list[Entry]:
    """Return the entries that another list has as well, with its fields over their own."""
    more = _by_name(reference, place, near, digests)
    known = {entry.name for entry in entries}
    for name, entry in more.items():
        if name not in known:
            raise TextbooksError(f"{entry.origin}: {name!r} is no value of the axis.{suggestion(name, known)}")
    kept = [entry for entry in entries if entry.name in more]
    own = ("list",)  # where an entry comes from stays
    added = {name: {k: v for k, v in entry.fields.items() if k not in own} for name, entry in more.items()}
    return [
        replace(entry, fields={**entry.fields, **added[entry.name]}, origin=more[entry.name].origin) for entry in kept
    ]


def _looked_up(
    entries: list[Entry], field: str, spec: LookUpSpec, place: str, near: Sequence[Path], digests: dict[str, str]
) -> list[Entry]:
    """Return the entries with the names in a field replaced by what another list says of them."""
    found = _by_name(spec.list, place, near, digests)
    changed = []
    for entry in entries:
        if field not in entry.fields:
            raise TextbooksError(f"{place}: {entry.name!r} has no field {field!r}.{suggestion(field, entry.fields)}")
        value = entry.fields[field]
        names = [value] if isinstance(value, str) else value
        for name in names:
            if name not in found:
                raise TextbooksError(f"{entry.origin}: {name!r} is not in {spec.list!r}.{suggestion(name, found)}")
            if spec.field not in found[name].fields:
                near_miss = suggestion(spec.field, found[name].fields)
                raise TextbooksError(f"{place}: {spec.list!r} has no field {spec.field!r}.{near_miss}")
        said = [found[name].fields[spec.field] for name in names]
        changed.append(replace(entry, fields={**entry.fields, field: said[0] if isinstance(value, str) else said}))
    return changed


def _by_name(reference: str, place: str, near: Sequence[Path], digests: dict[str, str]) -> dict[str, Entry]:
    loaded = load_lists(reference, near=near, place=place)
    digests |= {f"{reference}:{entity.name}": entity.digest for entity in loaded}
    entries = [entry for entity in loaded for entry in entity.entries]
    refuse_duplicates(entries)
    return {entry.name: entry for entry in entries}
