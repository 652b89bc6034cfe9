"""What there is to choose from: lists and recipes, described for a person or a program."""

from collections.abc import Iterator
from typing import Any

from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import recipe as recipe_files
from textbooks.plan.lists import EntityList, load_lists
from textbooks.plan.recipe import Recipe


def lists(folder: str, name: str | None) -> dict[str, Any]:
    """Return the lists of a folder with their sizes, or one list or entry of it, whole.

    Raises:
        TextbooksError: no list or entry of that name, with the nearest.

    """
    loaded = load_lists(folder)
    if name is None:
        rows = [_summary(entity) for entity in loaded]
        total = sum(len(entity.entries) for entity in loaded)
        return {"title": f"{len(loaded)} lists, {total} entries", "rows": rows}
    entries = {entry.name: entry for entity in loaded for entry in entity.entries}
    by_name = {entity.name: entity for entity in loaded}
    if name in by_name:
        entity = by_name[name]
        return {
            "title": f"{entity.title}: {entity.about}",
            "rows": [{"name": entry.name} for entry in entity.entries],
        }
    if name in entries:
        return {"title": name, "rows": [{"field": k, "value": v} for k, v in entries[name].fields.items()]}
    raise TextbooksError(f"no entry or list {name!r} in {folder}.{suggestion(name, {**by_name, **entries})}")


def recipes(name: str | None) -> dict[str, Any]:
    """Return the shipped recipes, or what one recipe draws, asks and checks.

    Raises:
        TextbooksError: no such recipe, with the nearest name; or a fault in it.

    """
    if name is None:
        loaded = [recipe_files.load(known) for known in recipe_files.names()]
        rows = [{"name": recipe.name, "about": recipe.spec.about} for recipe in loaded]
        return {"title": f"{len(rows)} recipes", "rows": rows}
    recipe = recipe_files.load(name)
    return {
        "title": f"{recipe.name}: {recipe.spec.about} {len(recipe.plan())} combinations.",
        "rows": [{"part": part, "name": name, "value": value} for part, name, value in _told(recipe)],
    }


def _told(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    """Yield (part, name, what it is) of all that a recipe does, in its order."""
    spec = recipe.spec
    for axis in recipe.axes:
        least, most = axis.pick or (1, 1)
        how_many = f"{least}" if least == most else f"{least} to {most}"
        given = f", of the drawn {' and '.join(axis.given)}" if axis.given else ""
        yield "draws", axis.name, f"{how_many} of {len(axis.entries)}{given}"
    for step in spec.steps:
        parts = f", answered in the parts {', '.join(step.parts)}" if step.parts else ""
        yield "asks", step.name, (step.template or f"{len(step.messages)} messages") + parts
    document = spec.document if isinstance(spec.document, str) else ", ".join(spec.document or ())
    yield "examines", "document", document or "the last answer"
    for rule, value in spec.rules.items():
        action = spec.on_violation.get(rule, "repair")
        yield "checks", rule, f"{value}" + (f" ({action})" if action != "repair" else "")
    yield "claims", "wrong ones", spec.claims
    if spec.retrieve:
        yield "keeps", spec.retrieve.queries, f"what finds its {spec.retrieve.axis} among the first {spec.retrieve.top}"
    yield "mends", "rounds", str(spec.repair.rounds)
    yield "publishes", "license", spec.publish.license
    yield "publishes", "test rows", f"{spec.publish.test_percent} %"
    for column in spec.publish.columns:
        yield "publishes", "column", column


def _summary(entity: EntityList) -> dict[str, Any]:
    return {"name": entity.name, "entries": len(entity.entries), "about": entity.about}
