"""The commands `topics`, `audiences` and `recipes`: words typed by a person → one call each."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from textbooks import show
from textbooks.errors import TextbooksError
from textbooks.options import BaseUrl, Budget, Json, Model, Name, Price

Subject = Annotated[
    str | None,
    typer.Argument(metavar="[SUBJECT]", help="With NAME 'grow': what the new list is about.", show_default=False),
]
Size = Annotated[int, typer.Option("--size", metavar="N", help="grow: entries that are wanted.")]
Depth = Annotated[int, typer.Option("--depth", metavar="D", help="grow: levels, 2 being subtopics and their concepts.")]
Language = Annotated[str, typer.Option("--language", metavar="CODE", help="grow: the language of the entries.")]
Like = Annotated[
    str | None, typer.Option("--like", metavar="LIST", help="grow: a list whose fields the new entries fill, too.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE.yaml", help="grow: SUBJECT.yaml by default.")]


def topics(
    name: Name = None,
    subject: Subject = None,
    size: Size = 100,
    depth: Depth = 2,
    language: Language = "en",
    like: Like = None,
    out: Out = None,
    model: Model = None,
    base_url: BaseUrl = None,
    price: Price = None,
    budget: Budget = None,
    as_json: Json = False,
) -> None:
    """List the topic lists, or the topics of one; or have a new one written: topics grow "linear algebra"."""
    if name == "grow":
        _grow("topics", subject, size, depth, language, like, out, model, base_url, price, budget, as_json=as_json)
    else:
        _listed("topics", name, as_json=as_json)


def audiences(
    name: Name = None,
    subject: Subject = None,
    size: Size = 20,
    depth: Depth = 1,
    language: Language = "en",
    like: Like = None,
    out: Out = None,
    model: Model = None,
    base_url: BaseUrl = None,
    price: Price = None,
    budget: Budget = None,
    as_json: Json = False,
) -> None:
    """List the audiences, or show what the writer is told about one; or: audiences grow "people in a hospital"."""
    if name == "grow":
        _grow("audiences", subject, size, depth, language, like, out, model, base_url, price, budget, as_json=as_json)
    else:
        _listed("audiences", name, as_json=as_json)


def recipes(
    name: Name = None,
    new: Annotated[
        str | None,
        typer.Argument(metavar="[NEW]", help="With NAME 'new': what your recipe is called.", show_default=False),
    ] = None,
    base: Annotated[
        str | None, typer.Option("--from", metavar="RECIPE", help="new: the one to start from; else the nearest.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the recipes, or say what one draws, asks, checks and publishes; or begin one: recipes new NAME."""
    from textbooks.plan import catalogue, starting

    if base and name != "new":
        raise TextbooksError(f"--from begins a new recipe; write: textbooks recipes new {name or 'NAME'} --from {base}")
    if name == "new":
        if not new:
            raise TextbooksError("what is the new recipe called? Write for example: textbooks recipes new my-recipe")
        folder = starting.start(new, base)
        show.talk(f"Next: read {folder / 'recipe.yaml'}, then: textbooks build {folder} --dry-run")
        show.data(str(folder))
        return
    show.catalogue(catalogue.recipes(name), as_json=as_json)


def _grow(  # each is an option that a person types
    kind: Literal["topics", "audiences"],
    subject: str | None,
    size: int,
    depth: int,
    language: str,
    like: str | None,
    out: Path | None,
    model: str | None,
    base_url: str | None,
    price: str | None,
    budget: float | None,
    *,
    as_json: bool,
) -> None:
    from textbooks import growing

    if not subject:
        raise TextbooksError(f'what is the list about? Write for example: textbooks {kind} grow "linear algebra"')
    grown = growing.grow(
        subject,
        out or Path("-".join(subject.lower().split()) + ".yaml"),
        kind=kind,
        size=size,
        depth=depth,
        language=language,
        like=like,
        model=model,
        base_url=base_url,
        price=price,
        budget_usd=budget,
    )
    if as_json:
        show.data(json.dumps(grown.view(), ensure_ascii=False))
        return
    dropped = ", ".join(f"{count} {reason}" for reason, count in grown.dropped.items()) or "none"
    cost = "" if grown.cost_usd is None else f"; cost in US dollars: {grown.cost_usd:.4f}"
    show.data(f"{grown.path}: {grown.entries} entries from {grown.requests} requests; dropped: {dropped}{cost}")
    if grown.unanswered:
        show.talk(f"{grown.unanswered} requests had no answer; the same command asks them again")
    show.talk(f"Next: read {grown.path}, mend it by hand, and draw from it: --set draw.topic.list={grown.path}")


def _listed(folder: Literal["topics", "audiences"], name: str | None, *, as_json: bool) -> None:
    from textbooks.plan import catalogue

    show.catalogue(catalogue.lists(folder, name), as_json=as_json)
