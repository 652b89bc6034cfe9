"""Assignment → chat request, by Jinja2 with strict undefined in its sandboxed environment.

Knows how a template becomes a request body; knows nothing of endpoints or of what an answer should look like.
"""

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from textbooks.errors import TextbooksError, suggestion
from textbooks.plan.recipe import Recipe, StepSpec
from textbooks.records import Assignment, Request
from textbooks.storage import digest


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
            loader=jinja2.FileSystemLoader(recipe.folder),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # prompts are Markdown, not HTML
        )
        known = {axis.name for axis in recipe.axes} | {"rules", "recipe"}
        self._templates = {}
        used: set[str] = set()
        for step in recipe.spec.steps:
            self._templates[step.name], names = self._compiled(step, known)
            used |= names
            known.add(step.name)
        self._refuse_unused(used)

    def request(self, assignment: Assignment, step: StepSpec, answers: Mapping[str, str]) -> Request:
        """Return the request of one step; `answers` holds the texts of the earlier steps by name."""
        context = {
            **assignment.view(),
            **answers,
            "rules": self.recipe.rules_for(assignment),
            "recipe": {"name": self.recipe.name, "language": self.recipe.spec.language},
        }
        try:
            content = self._templates[step.name].render(context).strip()
        except jinja2.UndefinedError as error:
            raise TextbooksError(
                f"{self.recipe.folder / step.template}: {error.message}; "
                f"the template may use {', '.join(sorted(context))} and their fields"
            ) from error
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            **self.recipe.spec.teacher.sampling,
        }
        return Request(custom_id=digest(body), body=body)

    def _compiled(self, step: StepSpec, known: set[str]) -> tuple[jinja2.Template, set[str]]:
        path = self.recipe.folder / step.template
        try:
            source = path.read_text(encoding="utf-8")
            used = meta.find_undeclared_variables(self._environment.parse(source))
            template = self._environment.get_template(step.template)
        except (OSError, jinja2.TemplateNotFound) as error:
            place = self.recipe.source.place(("steps",))
            raise TextbooksError(f"{place}: no template {str(path)!r}; create it or correct the name") from error
        except jinja2.TemplateSyntaxError as error:
            raise TextbooksError(f"{path}:{error.lineno}: {error.message}; mend the template") from error
        for name in sorted(used - known):
            raise TextbooksError(
                f"{path}: variable {name!r} is given by no axis or earlier step.{suggestion(name, known)}"
            )
        return template, used

    def _refuse_unused(self, used: set[str]) -> None:
        """Refuse an axis that no prompt shows: it would only multiply identical requests."""
        values = [str(value) for value in self.recipe.spec.rules.values()]
        used = used | {value[1:].partition(".")[0] for value in values if value.startswith("$")}
        used |= {parent for axis in self.recipe.axes for parent in axis.given}
        for axis in self.recipe.axes:
            if axis.name not in used:
                place = self.recipe.source.place(("draw", axis.name))
                raise TextbooksError(
                    f"{place}: axis {axis.name!r} is drawn but no template or rule uses it; use it or remove it"
                )
