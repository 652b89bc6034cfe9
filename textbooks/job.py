"""What a run is, settled and checked before anything is asked or written: recipe, plan, teacher, folder.

Knows how the settings of a person become one frozen description; knows nothing of the steps that follow.
"""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from textbooks import assets, linting
from textbooks.calls import Request
from textbooks.corpus import rows
from textbooks.corpus.rows import Kind, Labels
from textbooks.errors import TextbooksError, suggestion
from textbooks.excerpt import checks, languages
from textbooks.excerpt.parts import Part, Shape
from textbooks.plan import recipe as recipes
from textbooks.plan.draw import Plan
from textbooks.plan.prompts import Prompter
from textbooks.plan.recipe import Recipe
from textbooks.plan.spec import ConversationSpec, PartColumnSpec, ShuffledSpec
from textbooks.records import Assignment
from textbooks.sandbox import Policy
from textbooks.sandbox.policy import package_paths, shipped
from textbooks.sandbox.tiers import TIERS, Isolation, held, refuse_less
from textbooks.storage import digest
from textbooks.teacher.budget import most_completion_tokens, worst_case_usd
from textbooks.teacher.faults import shown
from textbooks.teacher.prices import Price, price_of
from textbooks.teacher.teacher import shipped_recordings


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run, fully decided."""

    recipe: Recipe
    plan: Plan
    prompter: Prompter
    shape: Shape
    samples: int
    """Assignments that may be begun at most."""
    accepted: int | None
    """How many accepted samples end the run; None where all assignments are to be gone through."""
    source: Literal["live", "recorded", "shipped"]
    """Who answers what the journal does not hold: an endpoint, files that were named, or the shipped recordings."""
    base_url: str | None
    recorded: tuple[Path, ...]
    price: Price | None
    """What the model's tokens cost; None where that is unknown."""
    budget_usd: float | None
    policy: Policy
    isolation: Isolation
    labels: Labels
    frozen: Mapping[str, Any]
    """What `recipe.yaml` of the run holds, as it was when the job was prepared."""

    def frozen_text(self) -> str:
        """Return the text of the run's `recipe.yaml`."""
        return yaml.safe_dump(self.frozen, sort_keys=False, allow_unicode=True)

    def makes_rows(self) -> dict[str, Any]:
        """Return what of the frozen description decides how an answer becomes rows; not how many, nor the packaging."""
        decides = {key: value for key, value in self.frozen.items() if key not in ("samples", "accepted")}
        apart = ("samples", "publish", "curate")
        recipe = {key: value for key, value in self.frozen["recipe"].items() if key not in apart}
        teacher = {key: value for key, value in recipe["teacher"].items() if key != "timeout_seconds"}
        return {**decides, "recipe": {**recipe, "teacher": teacher}}

    def first_requests(self) -> Iterator[Request]:
        """Yield the request of each assignment's first step, which needs no answer of another."""
        step = self.recipe.spec.steps[0]
        return (self.prompter.request(self.plan[index], step, {}) for index in range(self.samples))


def prepare(
    recipe: str = recipes.DEFAULT,
    *,
    samples: int | None = None,
    settings: Sequence[str] = (),
    model: str | None = None,
    base_url: str | None = None,
    recorded: Sequence[Path] = (),
    isolation: Isolation | None = None,
    accepted: int | None = None,
    price: str | None = None,
    budget_usd: float | None = None,
    asks: bool = True,
) -> Job:
    """Decide and check everything about a run; with `asks` false, one that will ask nobody and so needs no model.

    `accepted` in place of `samples` goes on until so many are accepted. `price` is typed or names a table.

    Raises:
        TextbooksError: whatever a person can mend: recipe, lists, templates, rules, counts, model, packages.

    """
    loaded = recipes.load(recipe, settings)
    plan = loaded.plan()
    count = _count(loaded, plan, samples, accepted)
    base_url = base_url or os.environ.get("OPENAI_BASE_URL")
    _refuse_bad_address(base_url)
    is_live = bool(base_url or (os.environ.get("OPENAI_API_KEY") and not recorded))
    if asks and is_live and model is None and not any(setting.startswith("teacher.model=") for setting in settings):
        _refuse_shipped_model(loaded, base_url)
    first = plan[0]
    _refuse_bad_rules_and_axes(loaded, first)
    prompter = Prompter(loaded, model=model)
    request = prompter.request(first, loaded.spec.steps[0], {})
    cost = price_of(prompter.model, price)
    if budget_usd is not None:
        _refuse_bad_budget(budget_usd, cost, request, loaded)
    package_paths(loaded.spec.box.packages)
    policy = shipped().with_changes(**loaded.spec.box.model_dump())
    refuse_less(isolation, loaded.spec.box.isolation, f"recipe {loaded.name!r}")
    tier = held(policy, isolation) if asks else isolation or TIERS[0]
    source: Literal["live", "recorded", "shipped"] = "live" if is_live else "recorded" if recorded else "shipped"
    return Job(
        recipe=loaded,
        plan=plan,
        prompter=prompter,
        shape=_shape(loaded),
        samples=count,
        accepted=accepted,
        source=source,
        base_url=base_url,
        recorded=tuple(shipped_recordings(loaded.name)) if source == "shipped" else tuple(recorded),
        price=cost,
        budget_usd=budget_usd,
        policy=policy,
        isolation=tier,
        labels=Labels(
            recipe=loaded.name,
            language=loaded.spec.language,
            axes=tuple(first.drawn),
            many=first.many,
            own=_own_columns(loaded),
        ),
        frozen=_frozen(
            loaded,
            {"samples": count} if accepted is None else {"accepted": accepted},
            prompter.model,
            cost,
            tier,
            policy,
        ),
    )


def _shape(recipe: Recipe) -> Shape:
    """Return how the recipe's answers are made up, having refused references to what is no part of one."""
    steps: dict[str, tuple[Part, ...]] = {}
    for step in recipe.spec.steps:
        steps[step.name] = tuple(
            Part(name=name, by=one.place[0], key=one.place[1], many=one.many, is_optional=one.optional)
            for name, one in step.parts.items()
        )
    wanted = recipe.spec.document if isinstance(recipe.spec.document, tuple) else ()
    for number, reference in enumerate(wanted):
        name, _, part = reference.partition(".")
        place = recipe.source.place(("document", number))
        if name not in steps:
            raise TextbooksError(f"{place}: {reference!r} names no step.{suggestion(name, steps)}")
        known = [one.name for one in steps[name]]
        if part and part not in known:
            raise TextbooksError(f"{place}: step {name!r} has no part {part!r}.{suggestion(part, known)}")
    return Shape(steps=steps, document=wanted)


def _count(recipe: Recipe, plan: Plan, samples: int | None, accepted: int | None) -> int:
    if accepted is not None:
        if samples is not None:
            raise TextbooksError("--samples and --accepted cannot both be given; leave one out")
        if accepted < 1:
            raise TextbooksError(f"--accepted is {accepted}; give at least 1")
        return len(plan)
    count = samples if samples is not None else recipe.spec.samples
    if count < 1:
        raise TextbooksError(f"samples is {count}; give at least 1")
    if count > len(plan):
        raise TextbooksError(
            f"samples is {count}, and recipe {recipe.name!r} has only {len(plan)} combinations; "
            "lower it or add values to its lists"
        )
    return count


def _refuse_bad_budget(budget_usd: float, price: Price | None, request: Request, recipe: Recipe) -> None:
    if not budget_usd > 0:
        raise TextbooksError(f"--budget is {budget_usd:g}; give dollars above 0")
    if price is None:
        raise TextbooksError(
            f"the price of model {request.body['model']!r} is unknown, so --budget cannot be kept; "
            "add --price in=…,out=… (US dollars per million tokens)"
        )
    for step in recipe.spec.steps:
        if most_completion_tokens({**recipe.spec.teacher.sampling, **step.sampling}) is None:
            raise TextbooksError(
                f"step {step.name!r} sets no limit of completion tokens, so --budget cannot be kept; "
                "add for example --set teacher.sampling.max_completion_tokens=2000"
            )
    worst = worst_case_usd(request.body, price)
    if worst > budget_usd:
        raise TextbooksError(
            f"--budget is {budget_usd:g}, and one request can cost {worst:.4g} US dollars; give more, or lower its "
            "limit of completion tokens with --set teacher.sampling.max_completion_tokens=N"
        )


def _refuse_bad_rules_and_axes(recipe: Recipe, first: Assignment) -> None:
    if not languages.is_known(recipe.spec.language):
        where = recipe.source.place(("language",))
        near = suggestion(recipe.spec.language, languages.KNOWN)
        raise TextbooksError(f"{where}: {recipe.spec.language!r} is no language; write a code such as en or ko.{near}")

    def place(rule: str) -> str:
        return recipe.source.place(("rules", rule))

    checks.refuse_unknown(recipe.spec.rules, place)
    for rule in recipe.spec.on_violation:
        if rule not in recipe.spec.rules:
            where = recipe.source.place(("on_violation", rule))
            near = suggestion(rule, recipe.spec.rules)
            raise TextbooksError(f"{where}: {rule!r} is no rule of this recipe.{near}")
    for rules in recipe.all_rules():
        checks.refuse_unusable(rules, place)
    for column in recipe.spec.publish.columns:
        if column != "text" and column in {*rows.fixed_columns(), *first.drawn}:
            where = recipe.source.place(("publish", "columns", column))
            raise TextbooksError(f"{where}: column {column!r} is there already; give it another name")
    for axis in rows.clashing(first):
        where = recipe.source.place(("draw", axis))
        raise TextbooksError(f"{where}: axis {axis!r} bears the name of a fixed column; rename it")


def _own_columns(recipe: Recipe) -> dict[str, Kind]:
    """Return the columns that the recipe adds, with their kinds."""
    own: dict[str, Kind] = {}
    for name, column in recipe.spec.publish.columns.items():
        own[name] = "messages" if isinstance(column, ConversationSpec) else "text"
        if isinstance(column, PartColumnSpec):
            own[name] = "numbers" if column.part.endswith(".ranks") else "texts"
        if isinstance(column, ShuffledSpec):
            own[f"{name}_span"] = "numbers"
    return own


def _frozen(
    recipe: Recipe,
    target: Mapping[str, int],
    model: str,
    price: Price | None,
    isolation: Isolation,
    policy: Policy,
) -> dict[str, Any]:
    found = [path for folder in reversed(recipe.folders) for path in folder.glob("*.jinja")]
    templates = {path.name: digest(path.read_text("utf-8")) for path in sorted(found, key=lambda path: path.name)}
    packages = ("textbooks", "black", *policy.packages)
    ruff = linting.version() if recipe.spec.signals else None
    return {
        "recipe": recipe.spec.model_dump(mode="json", exclude_none=True, by_alias=True),
        **target,
        "model": model,
        "price": price.words() if price else None,
        "lists": dict(recipe.digests),
        "templates": templates,
        "isolation": isolation,
        "policy": digest(asdict(policy)),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in packages},
            **({"ruff": ruff} if ruff else {}),
        },
    }


def _refuse_shipped_model(recipe: Recipe, base_url: str | None) -> None:
    if assets.PACKAGE in recipe.folders[0].resolve().parents:
        where, cure = f"endpoint {base_url!r}", ""
        if not base_url:
            where = "OPENAI_API_KEY is set, so the OpenAI endpoint"
            cure = " (or unset the variable to use the recorded answers)"
        raise TextbooksError(f"{where} would be asked, but no model is named; add --model NAME{cure}")


def _refuse_bad_address(base_url: str | None) -> None:
    """Refuse an address or a key that no HTTP client could send."""
    if base_url:
        try:
            parts = urlsplit(base_url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_address = False
        if is_address and parts.username is not None:
            raise TextbooksError(
                f"endpoint {shown(base_url)!r} is named with a user or password; leave them out, and put the key in "
                "OPENAI_API_KEY"
            )
        if not is_address:
            raise TextbooksError(f"endpoint {base_url!r} is no URL; write it as http://HOST:PORT/v1 or https://…")
    if not os.environ.get("OPENAI_API_KEY", "").isascii():
        raise TextbooksError("OPENAI_API_KEY holds letters that no key has; copy it again")
