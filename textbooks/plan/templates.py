"""The templates of a recipe, compiled and checked before anything is asked: Jinja2, undefined strict, sandboxed.

Knows which variables a template may use; nothing of what its text is for.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from textbooks import assets
from textbooks.errors import TextbooksError, suggestion
from textbooks.plan.located import Location
from textbooks.plan.recipe import Recipe

RESERVED = ("rules", "recipe", "self", "loop", "namespace", "range", "dict", "cycler", "joiner", "lipsum", "caller")
"""Names with a meaning of their own in a template, which no axis may bear."""


class Templates:
    """The compiled templates of one recipe, by file name or by their place in the recipe file."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._environment = ImmutableSandboxedEnvironment(
            loader=jinja2.FileSystemLoader([*recipe.folders, assets.PACKAGE / "recipes"]),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # prompts are Markdown, not HTML
        )
        self._compiled: dict[str | Location, tuple[jinja2.Template, str]] = {}
        self._fields: dict[str, set[str]] = {
            axis.name: set.intersection(*(set(entry.view()) for entry in axis.entries))
            for axis in recipe.axes
            if axis.entries and not axis.pick
        }
        self._fields["rules"] = set(recipe.spec.rules)
        self._environment.filters["python"] = repr
        self._lists = {(step.name, name) for step in recipe.spec.steps for name, one in step.parts.items() if one.many}
        self._picked = {axis.name for axis in recipe.axes if axis.pick}
        for step in recipe.spec.steps:
            if step.parts:
                self._fields[step.name] = {"text", *step.parts}

    def shipped(self, name: str) -> None:
        """Take a template that comes with the package and needs no check."""
        self._compiled[name] = self._environment.get_template(name), name

    def file(self, name: str, location: Location, known: set[str]) -> set[str]:
        """Compile the template of a file; return the variables that it uses.

        Raises:
            TextbooksError: it is missing, malformed, or uses a variable or a field that nothing gives.

        """
        path = self._path(name)
        try:
            parsed = self._environment.parse(path.read_text(encoding="utf-8"))
            self._compiled[name] = self._environment.get_template(name), str(path)
        except UnicodeDecodeError as error:
            raise TextbooksError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from error
        except (OSError, jinja2.TemplateNotFound) as error:
            place = self._recipe.source.place(location)
            near = suggestion(name, {one.name for folder in self._recipe.folders for one in folder.glob("*.jinja")})
            raise TextbooksError(
                f"{place}: no template {str(path)!r}; create it, or correct the name.{near}"
            ) from error
        except jinja2.TemplateSyntaxError as error:
            raise TextbooksError(f"{path}:{error.lineno}: {error.message}; mend the template") from error
        return self._checked(parsed, known, lambda line: f"{path}:{line}", str(path))

    def inline(self, text: str, location: Location, known: set[str]) -> set[str]:
        """Compile a template that stands in the recipe file itself; return the variables that it uses.

        Raises:
            TextbooksError: it is malformed, or uses a variable or a field that nothing gives.

        """
        place = self._recipe.source.place(location)
        try:
            parsed = self._environment.parse(text)
            self._compiled[location] = self._environment.from_string(text), place
        except jinja2.TemplateSyntaxError as error:
            raise TextbooksError(f"{place}: {error.message}; mend the template") from error
        return self._checked(parsed, known, lambda _: place, place)

    def rendered(self, key: str | Location, context: Mapping[str, Any]) -> str:
        """Return the text of a template, without space at its ends.

        Raises:
            TextbooksError: something in it cannot be computed from what was drawn and answered.

        """
        template, place = self._compiled[key]
        try:
            return template.render(context).strip()
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TextbooksError(
                f"{place}: {error or type(error).__name__}; mend the template, which may "
                f"use {', '.join(sorted(context))} and their fields"
            ) from error

    def _path(self, template: str) -> Path:
        """Return where a template lies, or should lie."""
        places = [folder / template for folder in self._recipe.folders]
        return next((place for place in places if place.is_file()), places[0])

    def _checked(
        self, parsed: jinja2.nodes.Template, known: set[str], where: Callable[[int], str], whole: str
    ) -> set[str]:
        """Refuse a variable or a field that nothing gives, such as `{{ topic.nmae }}`, and say where it stands."""
        used = meta.find_undeclared_variables(parsed)
        for unknown in sorted(used - known):
            raise TextbooksError(
                f"{whole}: variable {unknown!r} is given by no axis or earlier step."
                f"{suggestion(unknown, known - set(RESERVED[2:]))}"
            )
        for node in parsed.find_all(jinja2.nodes.Getattr):
            fields = self._fields.get(node.node.name) if isinstance(node.node, jinja2.nodes.Name) else None
            if fields is not None and node.attr not in fields:
                owner = node.node.name  # type: ignore[attr-defined]  # a Name, as just seen
                near = suggestion(node.attr, fields)
                raise TextbooksError(f"{where(node.lineno)}: {owner!r} has no field {node.attr!r}.{near}")
        for output in parsed.find_all(jinja2.nodes.Output):
            for printed in output.nodes:
                self._refuse_whole(printed, where)
        return used

    def _refuse_whole(self, node: jinja2.nodes.Expr, where: Callable[[int], str]) -> None:
        """Refuse to print what is no text: all fields of an axis, all parts of an answer, or a part of several."""
        if isinstance(node, jinja2.nodes.Name) and (node.name in self._fields or node.name in self._picked):
            cure = f"write for example {{{{ {node.name}.{min(self._fields.get(node.name) or ['name'])} }}}}"
            if node.name in self._picked:
                cure = f"it is a list: {{% for one in {node.name} %}}{{{{ one.name }}}}{{% endfor %}}"
            raise TextbooksError(f"{where(node.lineno)}: {node.name!r} is no text; {cure}")
        if isinstance(node, jinja2.nodes.Getattr) and isinstance(node.node, jinja2.nodes.Name):
            owner = node.node.name
            if (owner, node.attr) in self._lists:
                cure = (
                    f"join them, {{{{ {owner}.{node.attr} | join(', ') }}}}, or publish {{part: {owner}.{node.attr}}}"
                )
                raise TextbooksError(f"{where(node.lineno)}: '{owner}.{node.attr}' is a list of texts; {cure}")
            if owner in self._picked:
                cure = f"{{% for one in {owner} %}}{{{{ one.{node.attr} }}}}{{% endfor %}}"
                raise TextbooksError(f"{where(node.lineno)}: axis {owner!r} picks several, so it is a list; {cure}")
