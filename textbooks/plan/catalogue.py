"""What there is to choose from: lists and recipes, described for a person or a program."""

from typing import Any

from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import recipe as recipe_files
from textbooks.plan.lists import EntityList, load_lists


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
    rows = [{"part": "draws", "name": axis.name, "value": f"{len(axis.entries)} values"} for axis in recipe.axes]
    rows += [
        {"part": "asks", "name": step.name, "value": step.template or f"{len(step.messages)} messages"}
        for step in recipe.spec.steps
    ]
    rows += [{"part": "checks", "name": rule, "value": str(v)} for rule, v in recipe.spec.rules.items()]
    rows += [{"part": "claims", "name": "wrong ones", "value": recipe.spec.claims}]
    rows += [{"part": "publishes", "name": k, "value": str(v)} for k, v in recipe.spec.publish]
    return {"title": f"{recipe.name}: {recipe.spec.about} {len(recipe.plan())} combinations.", "rows": rows}


def _summary(entity: EntityList) -> dict[str, Any]:
    return {"name": entity.name, "entries": len(entity.entries), "about": entity.about}
