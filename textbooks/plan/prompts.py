"""Assignment → chat request, by Jinja2 with strict undefined in its sandboxed environment.

Knows how a template becomes a request body; knows nothing of endpoints or of what an answer should look like.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from textbooks import assets
from textbooks.calls import Request
from textbooks.errors import TextbooksError, suggestion
from textbooks.plan.recipe import Recipe, references
from textbooks.plan.spec import StepSpec
from textbooks.records import Assignment, Rejection
from textbooks.storage import digest

SHIPPED_REPAIR = "repair.md.jinja"
RESERVED = ("rules", "recipe", "self", "loop", "namespace", "range", "dict", "cycler", "joiner", "lipsum", "caller")
"""Names with a meaning of their own in a template, which no axis may bear."""


class Prompter:
    """Renders the requests of one recipe."""

    def __init__(self, recipe: Recipe, *, model: str | None = None) -> None:
        """Compile the templates.

        Raises:
            TextbooksError: a template is missing, malformed, or uses a variable that no axis gives.

        """
        self.recipe = recipe
        self.model = model or recipe.spec.teacher.model
        self._environment = ImmutableSandboxedEnvironment(
            loader=jinja2.FileSystemLoader([*recipe.folders, assets.PACKAGE / "recipes"]),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # prompts are Markdown, not HTML
        )
        known = {axis.name for axis in recipe.axes} | set(RESERVED)
        for axis in recipe.axes:
            if axis.name in RESERVED:
                place = recipe.source.place(("draw", axis.name))
                raise TextbooksError(f"{place}: axis {axis.name!r} bears a name that templates use; rename it")
        self._templates: dict[str, jinja2.Template] = {}
        used: set[str] = set()
        for step in recipe.spec.steps:
            for template in (step.system, step.template):
                if template is not None:
                    self._templates[template], names = self._compiled(template, known)
                    used |= names
            known.add(step.name)
        repair = recipe.spec.repair
        if repair.template:
            self._templates[repair.template], names = self._compiled(repair.template, {*known, "reason", "evidence"})
            used |= names
        elif repair.rounds:
            self._templates[SHIPPED_REPAIR] = self._environment.get_template(SHIPPED_REPAIR)
        self._refuse_unused(used)

    def request(self, assignment: Assignment, step: StepSpec, answers: Mapping[str, str]) -> Request:
        """Return the request of one step; `answers` holds the texts of the earlier steps by name."""
        context = {
            **assignment.view(),
            **answers,
            "rules": self.recipe.rules_for(assignment),
            "recipe": {"name": self.recipe.name, "language": self.recipe.spec.language},
        }
        messages = [{"role": "system", "content": self._rendered(step.system, context)}] if step.system else []
        messages.append({"role": "user", "content": self._rendered(step.template, context)})
        spec = self.recipe.spec
        body: dict[str, Any] = {"model": self.model, "messages": messages, **spec.teacher.sampling, **step.sampling}
        if step.candidates > 1:
            body["n"] = step.candidates
        if spec.teacher.seeded:
            body["seed"] = int(digest([spec.seed, messages])[:7], 16)
        return Request(custom_id=digest(body), body=body)

    def repair_request(
        self, assignment: Assignment, answers: Mapping[str, str], text: str, rejection: Rejection
    ) -> Request:
        """Return the request to mend an answer: the last step's conversation, the answer, and what was found in it."""
        step = self.recipe.spec.steps[-1]
        first = self.request(assignment, step, answers)
        found = {"reason": f"{rejection.step}: {rejection.reason}", "evidence": rejection.evidence}
        context = {**assignment.view(), **found, "rules": self.recipe.rules_for(assignment)}
        asked = self._rendered(self.recipe.spec.repair.template or SHIPPED_REPAIR, context)
        again = [{"role": "assistant", "content": text}, {"role": "user", "content": asked}]
        body = {**first.body, "messages": [*first.body["messages"], *again]}
        body.pop("n", None)
        return Request(custom_id=digest(body), body=body)

    def _rendered(self, template: str, context: Mapping[str, Any]) -> str:
        try:
            return self._templates[template].render(context).strip()
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TextbooksError(
                f"{self._path(template)}: {error or type(error).__name__}; mend the template, which may "
                f"use {', '.join(sorted(context))} and their fields"
            ) from error

    def _compiled(self, name: str, known: set[str]) -> tuple[jinja2.Template, set[str]]:
        path = self._path(name)
        try:
            parsed = self._environment.parse(path.read_text(encoding="utf-8"))
            used = meta.find_undeclared_variables(parsed)
            template = self._environment.get_template(name)
        except UnicodeDecodeError as error:
            raise TextbooksError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from error
        except (OSError, jinja2.TemplateNotFound) as error:
            place = self.recipe.source.place(("steps",))
            raise TextbooksError(f"{place}: no template {str(path)!r}; create it or correct the name") from error
        except jinja2.TemplateSyntaxError as error:
            raise TextbooksError(f"{path}:{error.lineno}: {error.message}; mend the template") from error
        for unknown in sorted(used - known):
            raise TextbooksError(
                f"{path}: variable {unknown!r} is given by no axis or earlier step.{suggestion(unknown, known)}"
            )
        self._refuse_unknown_fields(parsed, path)
        return template, used

    def _path(self, template: str) -> Path:
        """Return where a template lies, or should lie."""
        places = [folder / template for folder in self.recipe.folders]
        return next((place for place in places if place.is_file()), places[0])

    def _refuse_unknown_fields(self, parsed: jinja2.nodes.Template, path: Path) -> None:
        """Refuse `{{ topic.nmae }}` with the line where it stands."""
        fields = {
            axis.name: set.intersection(*(set(entry.view()) for entry in axis.entries))
            for axis in self.recipe.axes
            if axis.entries and not axis.pick
        }
        fields["rules"] = set(self.recipe.spec.rules)
        for node in parsed.find_all(jinja2.nodes.Getattr):
            known = fields.get(node.node.name) if isinstance(node.node, jinja2.nodes.Name) else None
            if known is not None and node.attr not in known:
                owner = node.node.name  # type: ignore[attr-defined]  # a Name, as just seen
                raise TextbooksError(
                    f"{path}:{node.lineno}: {owner!r} has no field {node.attr!r}.{suggestion(node.attr, known)}"
                )

    def _refuse_unused(self, used: set[str]) -> None:
        """Refuse an axis that no prompt shows: it would only multiply identical requests."""
        values = self.recipe.spec.rules.values()
        used = used | {one[1:].partition(".")[0] for value in values for one in references(value)}
        used |= {parent for axis in self.recipe.axes for parent in axis.given}
        for axis in self.recipe.axes:
            if axis.name not in used:
                place = self.recipe.source.place(("draw", axis.name))
                raise TextbooksError(
                    f"{place}: axis {axis.name!r} is drawn but no template or rule uses it; use it or remove it"
                )
