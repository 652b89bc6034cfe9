"""Assignment → chat request, and examined sample → published columns, by the recipe's templates.

Knows how templates become a request's body and a row's texts; knows nothing of endpoints or of what an answer should
look like.
"""

import random
from collections.abc import Mapping
from typing import Any

from textbooks.calls import Request
from textbooks.errors import TextbooksError, suggestion
from textbooks.plan.recipe import Recipe, references
from textbooks.plan.spec import ConversationSpec, PartColumnSpec, ShuffledSpec, StepSpec
from textbooks.plan.templates import RESERVED, Templates
from textbooks.records import Assignment, Rejection
from textbooks.storage import digest

SHIPPED_REPAIR = "repair.md.jinja"
PUBLISHED = ("id", "text", "split")
"""What the template of a column may use beside what was drawn and answered."""
Views = Mapping[str, Any]
"""Step → its answer: a text, or a mapping of its parts."""


class Prompter:
    """Renders the requests and the published texts of one recipe."""

    def __init__(self, recipe: Recipe, *, model: str | None = None) -> None:
        """Compile the templates.

        Raises:
            TextbooksError: a template is missing, malformed, or uses a variable that no axis gives.

        """
        self.recipe = recipe
        self.model = model or recipe.spec.teacher.model
        self._templates = Templates(recipe)
        for axis in recipe.axes:
            if axis.name in RESERVED:
                place = recipe.source.place(("draw", axis.name))
                raise TextbooksError(f"{place}: axis {axis.name!r} bears a name that templates use; rename it")
        known = {axis.name for axis in recipe.axes} | set(RESERVED)
        used = self._compile_steps(known)
        known |= {step.name for step in recipe.spec.steps}
        repair = recipe.spec.repair
        if repair.template:
            used |= self._templates.file(repair.template, ("repair", "template"), {*known, "reason", "evidence"})
        elif repair.rounds:
            self._templates.shipped(SHIPPED_REPAIR)
        if isinstance(recipe.spec.document, str):
            used |= self._templates.file(recipe.spec.document, ("document",), known)
        used |= self._compile_columns({*known, *PUBLISHED})
        if recipe.spec.retrieve:
            self._refuse_no_list(recipe.spec.retrieve.queries, ("retrieve", "queries"))
            self._refuse_no_axis(recipe.spec.retrieve.axis, recipe.spec.retrieve.field)
        self._refuse_unused(used)

    def request(self, assignment: Assignment, step: StepSpec, answers: Views) -> Request:
        """Return the request of one step; `answers` holds the earlier steps' answers by name."""
        context = self._context(assignment, answers)
        spec, position = self.recipe.spec, self.recipe.spec.steps.index(step)
        messages = (
            [{"role": "system", "content": self._templates.rendered(step.system, context)}] if step.system else []
        )
        if step.template:
            messages.append({"role": "user", "content": self._templates.rendered(step.template, context)})
        for number, message in enumerate(step.messages):
            content = self._templates.rendered(("steps", position, "messages", number, "text"), context)
            messages.append({"role": message.role, "content": content})
        body: dict[str, Any] = {"model": self.model, "messages": messages, **spec.teacher.sampling, **step.sampling}
        if step.candidates > 1:
            body["n"] = step.candidates
        if spec.teacher.seeded:
            body["seed"] = int(digest([spec.seed, messages])[:7], 16)
        return Request(custom_id=digest(body), body=body)

    def repair_request(self, assignment: Assignment, answers: Views, text: str, rejection: Rejection) -> Request:
        """Return the request to mend an answer: the last step's conversation, the answer, and what was found in it."""
        step = self.recipe.spec.steps[-1]
        first = self.request(assignment, step, answers)
        found = {"reason": f"{rejection.step}: {rejection.reason}", "evidence": rejection.evidence}
        context = {**self._context(assignment, answers), **found}
        asked = self._templates.rendered(self.recipe.spec.repair.template or SHIPPED_REPAIR, context)
        again = [{"role": "assistant", "content": text}, {"role": "user", "content": asked}]
        body = {**first.body, "messages": [*first.body["messages"], *again]}
        body.pop("n", None)
        return Request(custom_id=digest(body), body=body)

    def document(self, assignment: Assignment, answers: Views) -> str | None:
        """Return the document that a template makes of all answers; None where the recipe has no such template."""
        template = self.recipe.spec.document
        if not isinstance(template, str):
            return None
        return self._templates.rendered(template, self._context(assignment, answers)) + "\n"

    def columns(self, assignment: Assignment, answers: Views, published: Mapping[str, str]) -> dict[str, Any]:
        """Return the recipe's own columns of a row; `published` gives the names in PUBLISHED."""
        context = {**self._context(assignment, answers), **published}
        found: dict[str, Any] = {}
        for name, column in self.recipe.spec.publish.columns.items():
            place = ("publish", "columns", name)
            if isinstance(column, str):
                found[name] = self._templates.rendered(place, context)
            elif isinstance(column, PartColumnSpec):
                step, _, part = column.part.partition(".")
                found[name] = list(answers[step][part])
            elif isinstance(column, ConversationSpec):
                found[name] = [
                    {"role": one.role, "content": self._templates.rendered((*place, "messages", n, "text"), context)}
                    for n, one in enumerate(column.messages)
                ]
            else:
                found |= self._shuffled(name, column, context, published["id"])
        return found

    def _shuffled(self, name: str, column: ShuffledSpec, context: Mapping[str, Any], row_id: str) -> dict[str, Any]:
        """Return a text of some fields in an order of its own, and where the value of its last field stands in it.

        Which fields and in which order depends on the row's id alone.
        """
        chance = random.Random(f"{row_id}/{name}")  # noqa: S311  # no secret hangs on it
        least, most = column.keep
        kept = chance.sample(sorted(column.shuffled), chance.randint(least, min(most, len(column.shuffled))))
        place = ("publish", "columns", name)
        text = "".join(f"{k}: {self._templates.rendered((*place, 'shuffled', k), context)}\n" for k in kept)
        last = next(iter(column.then))
        value = self._templates.rendered((*place, "then", last), context)
        start = len(text) + len(last) + 2
        return {name: f"{text}{last}: {value}", f"{name}_span": [start, start + len(value)]}

    def _context(self, assignment: Assignment, answers: Views) -> dict[str, Any]:
        return {
            **assignment.view(),
            **answers,
            "rules": self.recipe.rules_for(assignment),
            "recipe": {"name": self.recipe.name, "language": self.recipe.spec.language},
        }

    def _compile_steps(self, known: set[str]) -> set[str]:
        """Compile the templates of the steps, each of which may use the answers before it; return what they use."""
        used: set[str] = set()
        known = set(known)
        for position, step in enumerate(self.recipe.spec.steps):
            for key, template in (("system", step.system), ("template", step.template)):
                if template is not None:
                    used |= self._templates.file(template, ("steps", position, key), known)
            for number, message in enumerate(step.messages):
                used |= self._templates.inline(message.text, ("steps", position, "messages", number, "text"), known)
            known.add(step.name)
        return used

    def _compile_columns(self, known: set[str]) -> set[str]:
        used: set[str] = set()
        for name, column in self.recipe.spec.publish.columns.items():
            place = ("publish", "columns", name)
            if isinstance(column, str):
                used |= self._templates.inline(column, place, known)
            elif isinstance(column, ConversationSpec):
                for number, message in enumerate(column.messages):
                    used |= self._templates.inline(message.text, (*place, "messages", number, "text"), known)
            elif isinstance(column, PartColumnSpec):
                self._refuse_no_list(column.part, (*place, "part"))
            else:
                for part, fields in (("shuffled", column.shuffled), ("then", column.then)):
                    for key, text in fields.items():
                        used |= self._templates.inline(text, (*place, part, key), known)
        return used

    def _refuse_no_axis(self, name: str, field: str) -> None:
        """Refuse an axis that is not drawn singly, or whose entries lack a field."""
        axis = next((one for one in self.recipe.axes if one.name == name and not one.pick), None)
        if axis is None:
            place = self.recipe.source.place(("retrieve", "axis"))
            raise TextbooksError(
                f"{place}: no axis {name!r}.{suggestion(name, [one.name for one in self.recipe.axes])}"
            )
        for entry in axis.entries:
            if field not in entry.fields:
                place = self.recipe.source.place(("retrieve", "field"))
                raise TextbooksError(f"{place}: axis {name!r} has no field {field!r}.{suggestion(field, entry.fields)}")

    def _refuse_no_list(self, reference: str, location: tuple[str, ...]) -> None:
        """Refuse a reference to what is no part of several, or no ranks of queries."""
        lists = [
            f"{step.name}.{name}" for step in self.recipe.spec.steps for name, one in step.parts.items() if one.many
        ]
        retrieve = self.recipe.spec.retrieve
        lists += [f"{retrieve.queries.partition('.')[0]}.ranks"] if retrieve else []
        if reference not in lists:
            place = self.recipe.source.place(location)
            raise TextbooksError(f"{place}: {reference!r} is no part of several texts.{suggestion(reference, lists)}")

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
