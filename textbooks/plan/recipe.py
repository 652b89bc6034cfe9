"""Recipes: a YAML file that says what varies, what is asked, what is checked and how the corpus is published.

Reads one recipe and those that it extends, lays settings over it and resolves its rules. Knows nothing of answers; the
meaning of the rules belongs to the excerpt room, which is handed their values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from textbooks import assets
from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import located
from textbooks.plan.axes import axis
from textbooks.plan.draw import Axis, Plan
from textbooks.plan.lists import load_lists
from textbooks.plan.located import Located
from textbooks.plan.spec import RecipeSpec, validated
from textbooks.records import Assignment
from textbooks.storage import file_digest

DEFAULT = "phi1-textbook"
DEEPEST = 8
"""Recipes that extend one another, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A validated recipe with its lists read."""

    spec: RecipeSpec
    folders: tuple[Path, ...]
    """Where its templates and lists are looked for: beside itself, then beside the recipes that it extends."""
    source: Located
    axes: tuple[Axis, ...]
    digests: Mapping[str, str]
    """List name → SHA-256 of its content."""
    words: Mapping[str, tuple[str, ...]]
    """List → its names, for rules that take `{lists: […]}`."""
    problems: tuple[Path, ...] = ()
    """Files of benchmark problems beside HumanEval's."""

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.spec.name

    def plan(self) -> Plan:
        """Return the plan of all assignments."""
        return Plan(self.axes, seed=self.spec.seed)

    def rules_for(self, assignment: Assignment, answers: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the rules with `$axis.field` replaced by what was drawn; template and check both read these.

        Those that name a step's answer, `$step.part`, are left out as long as there are no answers.
        """
        view = {**assignment.view(), **(answers or {})}
        steps = {step.name for step in self.spec.steps} - set(answers or {})
        return {
            name: self._resolved(name, value, view)
            for name, value in self.spec.rules.items()
            if not any(_named(reference)[0] in steps for reference in references(value))
        }

    def all_rules(self) -> Iterator[dict[str, Any]]:
        """Yield the rules in every form that a drawn entry can give them, without drawing all combinations."""
        fixed = {n: self._resolved(n, value, {}) for n, value in self.spec.rules.items() if not references(value)}
        yield fixed
        for name, value in self.spec.rules.items():
            # A list of references is of one kind whatever is drawn, so its parts are tried one by one.
            for reference in references(value):
                for view in self._views(name, reference):
                    yield {name: self._resolved(name, [reference] if isinstance(value, list) else reference, view)}

    def _views(self, rule: str, reference: str) -> Iterator[dict[str, Any]]:
        """Yield what a template may see of the axis that a reference names."""
        name, _ = _named(reference)
        step = next((one for one in self.spec.steps if one.name == name), None)
        if step:
            parts = {part: ["some"] if one.many else "some" for part, one in step.parts.items()}
            yield {name: {"text": "some", **parts} if parts else "some"}
            return
        drawn = next((one for one in self.axes if one.name == name), None)
        if drawn is None:
            place = self.source.place(("rules", rule))
            said = f"{place}: rule {rule!r} names axis {name!r}, which is not drawn."
            raise TextbooksError(said + suggestion(name, [one.name for one in self.axes]))
        for entry in drawn.entries:
            yield {name: [entry.view()] if drawn.pick else entry.view()}

    def _resolved(self, rule: str, value: Any, view: Mapping[str, Any]) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"lists"}:
                return [name for reference in value["lists"] for name in self.words[reference]]
            return {key: self._resolved(rule, one, view) for key, one in value.items()}
        if isinstance(value, list | tuple):
            parts = [self._resolved(rule, one, view) if _is_reference(one) else one for one in value]
            nested = (part if isinstance(part, list) else [part] for part in parts)
            return [one for part in nested for one in part] if references(value) else value
        if not _is_reference(value):
            return value
        name, key = _named(value)
        place = self.source.place(("rules", rule))
        if name not in view:
            raise TextbooksError(f"{place}: rule {rule!r} names axis {name!r}.{suggestion(name, view)}")
        if isinstance(view[name], str):
            return view[name]  # a step's whole answer
        drawn = view[name] if isinstance(view[name], list) else [view[name]]
        for entry in drawn:
            if key not in entry:
                kind = "step" if name in {step.name for step in self.spec.steps} else "axis"
                raise TextbooksError(f"{place}: {kind} {name!r} has no field {key!r}.{suggestion(key, entry)}")
        return [entry[key] for entry in drawn] if isinstance(view[name], list) else drawn[0][key]


def references(value: Any) -> list[str]:
    """Return the references to drawn values, `$axis.field`, in the value of a rule."""
    return [one for one in (value if isinstance(value, list | tuple) else [value]) if _is_reference(one)]


def _named(reference: str) -> tuple[str, str]:
    """Return the axis or step that a reference names, and the field."""
    name, _, key = reference[1:].partition(".")
    return name, key


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


def names() -> list[str]:
    """Return the names of the shipped recipes."""
    return sorted(path.parent.name for path in (assets.PACKAGE / "recipes").glob("*/recipe.yaml"))


def find(reference: str) -> Path:
    """Return the recipe file that a name or a path means.

    Raises:
        TextbooksError: neither a shipped recipe nor a file, with the nearest name.

    """
    shipped = assets.PACKAGE / "recipes" / reference / "recipe.yaml"
    if shipped.is_file():
        return shipped
    path = Path(reference).expanduser()
    for candidate in (path, path / "recipe.yaml"):
        if candidate.is_file():
            return candidate
    if path.is_dir():
        raise TextbooksError(f"folder {reference!r} holds no recipe.yaml; name a recipe's own folder or file")
    raise TextbooksError(f"no recipe {reference!r}.{suggestion(reference, names())}")


def load(reference: str = DEFAULT, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe by name or path, with `KEY=VALUE` settings laid over it (dotted keys, YAML values).

    Raises:
        TextbooksError: naming file, line and key of what is wrong.

    """
    source = _extended(find(reference), ())
    if not isinstance(source.value, dict):
        raise TextbooksError(f"{source.path}:1: a recipe is a mapping of keys such as 'name', 'draw' and 'steps'")
    for setting in settings:
        _lay_over(source.value, setting)
    spec = validated(source, settings)
    taken = set(spec.draw)
    for position, step in enumerate(spec.steps):
        if step.name in taken:
            place = source.place(("steps", position, "name"))
            raise TextbooksError(f"{place}: {step.name!r} is the name of an axis or another step; rename it")
        taken.add(step.name)
        if step.candidates > 1 and position + 1 < len(spec.steps):
            place = source.place(("steps", position, "candidates"))
            raise TextbooksError(f"{place}: only the last step can have several candidates; remove 'candidates'")
    folders = tuple(one.path.parent for one in source.chain())
    digests: dict[str, str] = {}
    axes = tuple(axis(name, axis_spec, source, folders, digests) for name, axis_spec in spec.draw.items())
    words = _words(spec, source, folders, digests)
    problems = tuple(_problems(spec, source, folders, digests))
    digests = dict(sorted(digests.items()))
    return Recipe(spec=spec, folders=folders, source=source, axes=axes, digests=digests, words=words, problems=problems)


def _problems(spec: RecipeSpec, source: Located, folders: Sequence[Path], digests: dict[str, str]) -> Iterator[Path]:
    """Find the files of problems that the recipe names."""
    for number, name in enumerate(spec.curate.problems):
        candidates = [*(folder / name for folder in folders), Path(name).expanduser()]
        path = next((one for one in candidates if one.is_file()), None)
        if path is None:
            place = source.place(("curate", "problems", number))
            raise TextbooksError(f"{place}: no file {name!r}; name one in HumanEval's or MBPP's format")
        digests[name] = file_digest(path)
        yield path


def _words(
    spec: RecipeSpec, source: Located, folders: Sequence[Path], digests: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    """Read the lists that rules name as `{lists: […]}`."""
    found: dict[str, tuple[str, ...]] = {}
    for rule, value in spec.rules.items():
        for one in [value, *(value.values() if isinstance(value, dict) else ())]:
            if isinstance(one, dict) and one.keys() == {"lists"}:
                for reference in one["lists"]:
                    loaded = load_lists(str(reference), near=folders, place=source.place(("rules", rule)))
                    digests |= {f"{reference}:{entity.name}": entity.digest for entity in loaded}
                    found[reference] = tuple(entry.name for entity in loaded for entry in entity.entries)
    return found


def _extended(path: Path, before: tuple[Path, ...]) -> Located:
    """Read a recipe file, and lay it over the one that it extends."""
    source = located.load(path)
    base = source.value.get("extends") if isinstance(source.value, dict) else None
    if base is None:
        return source
    place = source.place(("extends",))
    if path.resolve() in before or len(before) >= DEEPEST:
        raise TextbooksError(f"{place}: the recipe extends itself; name another")
    try:
        beside = path.parent / str(base)
        found = find(str(beside if beside.exists() else base))
    except TextbooksError as error:
        raise TextbooksError(f"{place}: {error}") from error
    return located.over(source, _extended(found, (*before, path.resolve())))


def _lay_over(value: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise TextbooksError(f"--set {setting!r} is not KEY=VALUE; write for example --set seed=7")
    *parents, last = key.split(".")
    target = value
    for parent in parents:
        target = target.setdefault(parent, {})
        if not isinstance(target, dict):
            raise TextbooksError(f"--set {key!r}: {parent!r} holds a plain value and has no keys of its own")
    try:
        target[last] = located.parse(text)
    except yaml.YAMLError as error:
        raise TextbooksError(f"--set {setting!r}: the value is not valid YAML; quote it") from error
