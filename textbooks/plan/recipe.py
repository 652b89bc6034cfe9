"""Recipes: a YAML file that says what varies, what is asked, what is checked and how the corpus is published.

Reads, overrides and validates one recipe and resolves its axes into entries. Knows nothing of answers; the meaning of
the rules belongs to the excerpt room, which is handed their values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from textbooks import assets
from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import located
from textbooks.plan.draw import Axis, Plan
from textbooks.plan.lists import EntityList, load_lists, refuse_duplicates
from textbooks.plan.located import Located
from textbooks.records import Assignment, Entry

DEFAULT = "phi1-textbook"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """A part of a recipe: unknown keys are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AxisSpec(Strict):
    """One axis as written: entries of `list`, the lists of `lists` themselves, or inline `values`."""

    list: str | tuple[str, ...] | None = None
    lists: str | tuple[str, ...] | None = None
    values: tuple[str, ...] | None = None
    pick: int | tuple[int, int] | None = None
    where: Mapping[str, str | tuple[str, ...]] = {}
    given: Mapping[str, str] = {}


class StepSpec(Strict):
    """One chat call: its name, the template of its message and perhaps of a system message, beside the recipe."""

    name: Name
    template: str
    system: str | None = None
    sampling: Mapping[str, Any] = {}
    """Laid over the teacher's."""
    candidates: int = Field(default=1, ge=1, le=128)
    """How many answers to ask for; the first that passes all checks is taken. Last step only."""

    @field_validator("sampling")
    @classmethod
    def _leaves_the_message_alone(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        return _refuse_reserved(value)


class TeacherSpec(Strict):
    """Which model writes, and the parameters that go into the body of each request as they stand."""

    model: str
    sampling: Mapping[str, Any] = {}
    seeded: bool = False
    """Whether each request bears a seed of its own, made from its messages and the recipe's seed."""
    timeout_seconds: float = Field(default=300.0, gt=0)
    """How long one try may take; changes no request."""

    @field_validator("sampling")
    @classmethod
    def _leaves_the_message_alone(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        return _refuse_reserved(value)


RESERVED = ("model", "messages", "stream", "n")
"""Keys of a request's body that the recipe says elsewhere, or that would change what comes back."""


def _refuse_reserved(sampling: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in RESERVED:
        if name in sampling:
            cure = "use 'candidates' of the last step" if name == "n" else "leave it out"
            raise ValueError(f"{name!r} cannot be set here; {cure}")
    return sampling


class BoxSpec(Strict):
    """What a snippet may use; what is absent comes from sandbox/policy.toml."""

    cpu_seconds: float | None = Field(default=None, gt=0)
    wall_seconds: float | None = Field(default=None, gt=0)
    memory_mb: int | None = Field(default=None, gt=0)
    packages: tuple[str, ...] = ()
    isolation: Literal["A", "B", "C"] | None = None


class RepairSpec(Strict):
    """How an answer that does not hold goes back to the teacher."""

    rounds: int = Field(default=2, ge=0, le=5)
    template: str | None = None
    """The message, beside the recipe, which may use `reason`, `evidence` and the drawn values; else a general one."""


class PublishSpec(Strict):
    """How the corpus is packaged."""

    license: str = "cc-by-4.0"
    test_percent: int = Field(default=5, ge=0, le=50)


class RecipeSpec(Strict):
    """A recipe file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    about: str
    language: str = "en"
    seed: int = 0
    samples: int = Field(default=100, ge=1)
    draw: Annotated[Mapping[Name, AxisSpec], Field(min_length=1)]
    rules: Mapping[Name, Any] = {}
    on_violation: Mapping[Name, Literal["reject", "repair", "warn"]] = {}
    """Rule → what becomes of an answer that breaks it: rejected at once, sent back to the teacher (where nothing is
    said), or only told in the column `contract`."""
    claims: Literal["reject", "correct", "ignore"] = "reject"
    steps: Annotated[tuple[StepSpec, ...], Field(min_length=1)]
    teacher: TeacherSpec
    signals: bool = False
    """Whether accepted samples are measured once more: coverage, unused names, docstrings."""
    repair: RepairSpec = RepairSpec()
    box: BoxSpec = BoxSpec()
    publish: PublishSpec = PublishSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A validated recipe with its lists read."""

    spec: RecipeSpec
    folder: Path
    """Where its templates lie."""
    source: Located
    axes: tuple[Axis, ...]
    digests: Mapping[str, str]
    """List name → SHA-256 of its content."""

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.spec.name

    def plan(self) -> Plan:
        """Return the plan of all assignments."""
        return Plan(self.axes, seed=self.spec.seed)

    def rules_for(self, assignment: Assignment) -> dict[str, Any]:
        """Return the rules with `$axis.field` replaced by what was drawn; template and check both read these."""
        view = assignment.view()
        return {name: self._resolved(name, value, view) for name, value in self.spec.rules.items()}

    def all_rules(self) -> Iterator[dict[str, Any]]:
        """Yield the rules in every form that a drawn entry can give them, without drawing all combinations."""
        fixed = {name: value for name, value in self.spec.rules.items() if not references(value)}
        yield fixed
        for name, value in self.spec.rules.items():
            # A list of references is of one kind whatever is drawn, so its parts are tried one by one.
            for reference in references(value):
                for view in self._views(name, reference):
                    yield {name: self._resolved(name, [reference] if isinstance(value, list) else reference, view)}

    def _views(self, rule: str, reference: str) -> Iterator[dict[str, Any]]:
        """Yield what a template may see of the axis that a reference names."""
        name = reference[1:].partition(".")[0]
        axis = next((one for one in self.axes if one.name == name), None)
        if axis is None:
            place = self.source.place(("rules", rule))
            said = f"{place}: rule {rule!r} names axis {name!r}, which is not drawn."
            raise TextbooksError(said + suggestion(name, [one.name for one in self.axes]))
        for entry in axis.entries:
            yield {name: [entry.view()] if axis.pick else entry.view()}

    def _resolved(self, rule: str, value: Any, view: Mapping[str, Any]) -> Any:
        if isinstance(value, list | tuple):
            parts = [self._resolved(rule, one, view) if _is_reference(one) else one for one in value]
            nested = (part if isinstance(part, list) else [part] for part in parts)
            return [one for part in nested for one in part] if references(value) else value
        if not _is_reference(value):
            return value
        axis, _, key = value[1:].partition(".")
        place = self.source.place(("rules", rule))
        if axis not in view:
            raise TextbooksError(f"{place}: rule {rule!r} names axis {axis!r}.{suggestion(axis, view)}")
        drawn = view[axis] if isinstance(view[axis], list) else [view[axis]]
        for entry in drawn:
            if key not in entry:
                raise TextbooksError(f"{place}: axis {axis!r} has no field {key!r}.{suggestion(key, entry)}")
        return [entry[key] for entry in drawn] if isinstance(view[axis], list) else drawn[0][key]


def references(value: Any) -> list[str]:
    """Return the references to drawn values, `$axis.field`, in the value of a rule."""
    return [one for one in (value if isinstance(value, list | tuple) else [value]) if _is_reference(one)]


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
    path = find(reference)
    source = located.load(path)
    if not isinstance(source.value, dict):
        raise TextbooksError(f"{path}:1: a recipe is a mapping of keys such as 'name', 'draw' and 'steps'")
    for setting in settings:
        _lay_over(source.value, setting)
    spec = _validated(source, settings)
    lists: dict[str, EntityList] = {}
    taken = set(spec.draw)
    for position, step in enumerate(spec.steps):
        if step.name in taken:
            place = source.place(("steps", position, "name"))
            raise TextbooksError(f"{place}: {step.name!r} is the name of an axis or another step; rename it")
        taken.add(step.name)
        if step.candidates > 1 and position + 1 < len(spec.steps):
            place = source.place(("steps", position, "candidates"))
            raise TextbooksError(f"{place}: only the last step can have several candidates; remove 'candidates'")
    axes = tuple(_axis(name, axis, source, lists) for name, axis in spec.draw.items())
    digests = {name: entity.digest for name, entity in sorted(lists.items())}
    return Recipe(spec=spec, folder=path.parent, source=source, axes=axes, digests=digests)


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


def _validated(source: Located, settings: Sequence[str]) -> RecipeSpec:
    try:
        return RecipeSpec.model_validate(source.value)
    except ValidationError as error:
        # A misspelt key makes two errors, an unknown one and a missing one; the unknown one is the cause.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        location = tuple(part for part in first["loc"] if part != "[key]")
        key = str(location[-1]) if location else ""
        dotted = ".".join(str(part) for part in location)
        typed = next((one for one in settings if dotted.startswith(one.partition("=")[0])), None)
        place = f"--set {typed}" if typed else source.place(location)
        if first["type"] == "extra_forbidden":
            known = _known_keys(location[:-1])
            raise TextbooksError(f"{place}: unknown key {dotted!r}.{suggestion(key, known)}") from error
        if first["type"] == "missing":
            raise TextbooksError(f"{place}: key {dotted!r} is missing; add it") from error
        raise TextbooksError(f"{place}: {dotted!r} is {first['input']!r}: {first['msg']}; mend the value") from error


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "draw": AxisSpec,
        "steps": StepSpec,
        "teacher": TeacherSpec,
        "box": BoxSpec,
        "repair": RepairSpec,
        "publish": PublishSpec,
    }
    model = models.get(str(location[0]), RecipeSpec) if location else RecipeSpec
    return list(model.model_fields)


def _axis(name: str, spec: AxisSpec, source: Located, lists: dict[str, EntityList]) -> Axis:
    place = source.place(("draw", name))
    if sum(value is not None for value in (spec.list, spec.lists, spec.values)) != 1:
        raise TextbooksError(f"{place}: axis {name!r} needs exactly one of 'list', 'lists' and 'values'")
    near = source.path.parent
    if spec.values is not None:
        if not spec.values:
            raise TextbooksError(f"{place}: axis {name!r} has an empty list of values; write at least one")
        entries = [Entry(name=value, fields={}, origin=place) for value in spec.values]
    else:
        wanted = spec.lists if spec.lists is not None else spec.list or ()
        references = (wanted,) if isinstance(wanted, str) else wanted
        loaded = [entity for reference in references for entity in load_lists(reference, near=near, place=place)]
        lists |= {entity.name: entity for entity in loaded}
        if spec.lists is not None:
            entries = [entity.as_entry() for entity in loaded]
        else:
            entries = [entry for entity in loaded for entry in entity.entries]
    refuse_duplicates(entries)
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
