"""What a recipe file may hold: its keys, their kinds, and the sentence for each that is wrong.

Knows nothing of what the keys do.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from textbooks.errors import TextbooksError, suggestion
from textbooks.plan import located
from textbooks.plan.located import Located

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """A part of a recipe: unknown keys are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LookUpSpec(Strict):
    """A list, and the field of its entries that takes the place of their names."""

    list: str
    field: str


class DocumentsSpec(Strict):
    """Documents of the user: a .jsonl or .parquet file, or a folder of texts."""

    path: str
    """Looked for beside the recipe, then from the working folder."""
    id: str = "_id"
    text: str = "text"
    title: str | None = None


class AxisSpec(Strict):
    """One axis as written: entries of `list`, the lists of `lists` themselves, inline `values`, or `documents`."""

    list: str | tuple[str, ...] | None = None
    lists: str | tuple[str, ...] | None = None
    values: tuple[str, ...] | None = None
    documents: DocumentsSpec | None = None
    pick: int | tuple[int, int] | None = None
    where: Mapping[str, str | tuple[str, ...]] = {}
    given: Mapping[str, str] = {}
    join: str | None = None
    """A list whose entries of the same names add their fields; entries that it lacks are left out."""
    look_up: Mapping[str, LookUpSpec] = {}
    """Field → where the names that it holds are replaced by what another list says of them."""


class PartSpec(Strict):
    """Where a part of an answer stands: in exactly one of these."""

    tag: str | None = None
    heading: str | None = None
    fence: str | None = None
    json_key: str | None = Field(default=None, alias="json")
    many: tuple[int, int] | None = None
    """How many there may be, where the part is a list."""
    optional: bool = False

    @property
    def place(self) -> tuple[Literal["tag", "heading", "fence", "json"], str]:
        """Where it stands, and the tag, words, label or key."""
        found = {"tag": self.tag, "heading": self.heading, "fence": self.fence, "json": self.json_key}
        by = next(name for name, key in found.items() if key is not None)
        return by, found[by] or ""  # type: ignore[return-value]  # one of the four

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> "PartSpec":
        if sum(one is not None for one in (self.tag, self.heading, self.fence, self.json_key)) != 1:
            raise ValueError("a part stands in exactly one of 'tag', 'heading', 'fence' and 'json'")
        if self.many and not 0 <= self.many[0] <= self.many[1]:
            raise ValueError("'many' is two numbers, least and most, such as [2, 4]")
        return self


class MessageSpec(Strict):
    """One message of a conversation, its text a template."""

    role: Literal["system", "user", "assistant"]
    text: str


class ShuffledSpec(Strict):
    """A text of some named fields in random order, and one at the end."""

    shuffled: Annotated[Mapping[str, str], Field(min_length=1)]
    """Name → the template of its value."""
    keep: tuple[int, int]
    """How many of them a row keeps, least and most."""
    then: Annotated[Mapping[str, str], Field(min_length=1, max_length=1)]
    """The last field, which a model is to write; the column `NAME_span` says where its value stands."""


class PartColumnSpec(Strict):
    """A column that is a list: the texts of a part of several, or, of queries, their `ranks`."""

    part: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]


class ConversationSpec(Strict):
    """A column of messages."""

    messages: Annotated[tuple[MessageSpec, ...], Field(min_length=1)]


class StepSpec(Strict):
    """One chat call: its name, and its messages.

    They are the template of the last message and perhaps of a system message, beside the recipe, or written here.
    """

    name: Name
    template: str | None = None
    system: str | None = None
    messages: tuple[MessageSpec, ...] = ()
    parts: Mapping[Name, PartSpec] = {}
    """The named parts of the answer; a later template sees `{{ step.part }}`, and `{{ step.text }}`."""
    sampling: Mapping[str, Any] = {}
    """Laid over the teacher's."""
    candidates: int = Field(default=1, ge=1, le=128)
    """How many answers to ask for; the first that passes all checks is taken. Last step only."""

    @model_validator(mode="after")
    def _asks_in_one_way(self) -> "StepSpec":
        if (self.template is None) == (not self.messages):
            raise ValueError("a step needs exactly one of 'template' and 'messages'")
        if self.messages and (self.system or self.messages[-1].role != "user"):
            raise ValueError("'messages' end with a user's, and hold a system message themselves")
        return self

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


class RetrieveSpec(Strict):
    """Queries have to find the document for which they were written, by BM25 over all documents of the axis."""

    axis: str
    field: str = "text"
    queries: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]
    """The part that holds them, `step.part`; a part of several."""
    top: int = Field(default=3, ge=1)
    """A query is kept that ranks its document among so many."""
    least: int = Field(default=1, ge=1)
    """So many must be kept, or the sample is rejected."""


Ruling = Literal["reject", "flag"]


class CurateSpec(Strict):
    """What becomes of samples that are like problems of benchmarks, or like one another."""

    problems: tuple[str, ...] = ()
    """Files in HumanEval's or MBPP's format beside HumanEval itself; looked for beside the recipe, then from the
    working folder."""
    text: Ruling = "reject"
    structure: Ruling = "reject"
    behaviour: Ruling = "reject"
    trivial: Ruling = "flag"
    """Of what an ordinary textbook function has in common with a problem, too."""
    structure_likeness: float = Field(default=0.9, ge=0.8, le=1)
    """From which on functions of the same form count."""
    prose_likeness: float | None = Field(default=0.7, ge=0.5, le=1)
    """From which on texts are near-duplicates, by the share of five words in a row that they share; null for never."""
    code_likeness: float | None = Field(default=0.85, ge=0.5, le=1)
    """Likewise of their code, by eight tokens in a row, whatever the names."""


class RepairSpec(Strict):
    """How an answer that does not hold goes back to the teacher."""

    rounds: int = Field(default=2, ge=0, le=5)
    template: str | None = None
    """The message, beside the recipe, which may use `reason`, `evidence` and the drawn values; else a general one."""


COLUMN_FORMS = "a template's text, {part: step.part}, {messages: […]} and {shuffled: …, keep: …, then: …}"


class PublishSpec(Strict):
    """How the corpus is packaged."""

    license: str = "cc-by-4.0"
    test_percent: int = Field(default=5, ge=0, le=50)
    columns: Mapping[Name, str | ShuffledSpec | ConversationSpec | PartColumnSpec] = {}
    """Column → the template of its text, or how it is made; `text` takes the place of the examined text."""

    @field_validator("columns", mode="before")
    @classmethod
    def _are_of_known_forms(cls, value: Any) -> Any:
        for name, one in value.items() if isinstance(value, dict) else ():
            keys = set(one) if isinstance(one, dict) else None
            if isinstance(one, str) and "{{" not in one and "{%" not in one:
                raise ValueError(f"column {name!r} holds no {{{{ … }}}} and would be the same in every row")
            if not isinstance(one, str) and keys not in ({"part"}, {"messages"}, {"shuffled", "keep", "then"}):
                raise ValueError(f"column {name!r} is none of {COLUMN_FORMS}")
        return value


class RecipeSpec(Strict):
    """A recipe file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    about: str
    extends: str | None = None
    """Another recipe, by name or path, whose keys hold where this one gives no others."""
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
    document: str | tuple[str, ...] | None = None
    """What is examined, where it is not the last answer: parts, `step` or `step.part`, or a template's name."""
    teacher: TeacherSpec
    signals: bool = False
    """Whether accepted samples are measured once more: coverage, unused names, docstrings."""
    retrieve: RetrieveSpec | None = None
    repair: RepairSpec = RepairSpec()
    curate: CurateSpec = CurateSpec()
    box: BoxSpec = BoxSpec()
    publish: PublishSpec = PublishSpec()


def curating(settings: Sequence[str]) -> CurateSpec:
    """Return the `curate` section of a recipe that has nothing in it but `KEY=VALUE` settings.

    Raises:
        TextbooksError: naming the setting that is wrong.

    """
    found: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.removeprefix("curate.").partition("=")
        if not equals:
            raise TextbooksError(f"--set {setting!r} is not KEY=VALUE; write for example --set text=flag")
        if key not in CurateSpec.model_fields or key == "problems":
            known = [name for name in CurateSpec.model_fields if name != "problems"]
            raise TextbooksError(f"--set {setting!r} sets none of {', '.join(known)}.{suggestion(key, known)}")
        try:
            found[key] = CurateSpec.model_validate({key: located.parse(text)}).model_dump()[key]
        except (ValidationError, yaml.YAMLError) as error:
            said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "no YAML"
            raise TextbooksError(f"--set {setting!r}: {said}; mend the value") from error
    return CurateSpec(**found)


LONGEST_SHOWN = 60
"""Letters of a wrong value."""


def validated(source: Located, settings: Sequence[str]) -> RecipeSpec:
    """Return the recipe that a YAML document holds.

    Raises:
        TextbooksError: naming file, line and key of the first thing that is wrong.

    """
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
        said, value = first["msg"].removeprefix("Value error, "), repr(first["input"])
        value = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
        raise TextbooksError(f"{place}: {dotted!r} is {value}: {said}; mend the value") from error


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    if "parts" in location:
        return ["tag", "heading", "fence", "json", "many", "optional"]
    models: dict[str, type[BaseModel]] = {
        "draw": AxisSpec,
        "steps": StepSpec,
        "teacher": TeacherSpec,
        "box": BoxSpec,
        "repair": RepairSpec,
        "retrieve": RetrieveSpec,
        "curate": CurateSpec,
        "publish": PublishSpec,
    }
    model = models.get(str(location[0]), RecipeSpec) if location else RecipeSpec
    return list(model.model_fields)
