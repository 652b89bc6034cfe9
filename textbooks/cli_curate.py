"""The commands `textbooks curate` and `textbooks compare`: words typed by a person → one call each."""

import json
from pathlib import Path
from typing import Annotated

import typer

from textbooks import show
from textbooks.options import BaseUrl, Isolation, Json, Workers


def curate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A dataset (.jsonl, .parquet), a run, or documents.")],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="The column of text or code.")] = "text",
    problems: Annotated[
        list[Path] | None,
        typer.Option(
            "--problems", metavar="FILE", help="Problems beside HumanEval, in its format or MBPP's; repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write evidence.jsonl and a cleaned copy here.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A key of a recipe's 'curate', e.g. text=flag; repeatable."),
    ] = None,
    package: Annotated[
        list[str] | None,
        typer.Option("--package", metavar="NAME", help="An installed package that functions may import; repeatable."),
    ] = None,
    no_run: Annotated[bool, typer.Option("--no-run", help="Compare only; run no function.")] = False,
    workers: Workers = None,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Find what is like a benchmark's problem, or like another row, and write a cleaned copy."""
    from textbooks import curate as curating

    findings = 0
    with show.counter("rows", quiet=as_json) as progress:
        rows = curating.curate(
            path,
            column=column,
            problems=problems or (),
            out=out,
            settings=settings or (),
            packages=package or (),
            runs=not no_run,
            workers=workers,
            isolation=isolation,
            progress=progress,
        )
        for one in rows:
            show.clear()
            if not isinstance(one, curating.Curated):
                summary = one
                continue
            findings += one.is_finding
            if as_json:
                show.data(json.dumps(one.view(), ensure_ascii=False))
            elif one.is_finding:
                show.curated(one)
    if as_json:
        show.data(json.dumps({"summary": summary}, ensure_ascii=False))
    else:
        show.curation(summary, ran=not no_run)
        show.diversity(summary["diversity"])
        show.talk(
            f"{summary['rows']} rows, {summary['kept']} kept" + (f"; cleaned copy: {out / 'clean'}" if out else "")
        )
    if findings:
        raise typer.Exit(1)


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run's folder.")],
    second: Annotated[Path, typer.Argument(metavar="RUN", help="Another one.")],
    embedding_model: Annotated[
        str | None,
        typer.Option("--embedding-model", metavar="NAME", help="Measure the Vendi score by its vectors, too."),
    ] = None,
    base_url: BaseUrl = None,
    as_json: Json = False,
) -> None:
    """Put two runs side by side: what came of them, and how varied they are at equal length."""
    from textbooks import compare as comparing

    found = comparing.compare(first, second, embedding_model=embedding_model, base_url=base_url)
    if as_json:
        show.data(json.dumps(found.view(), ensure_ascii=False))
        return
    names = [str(first), str(second)] if str(first) != str(second) else ["first", "second"]
    rows = [
        {"figure": name} | dict(zip(names, ("unavailable" if one is None else one for one in values), strict=True))
        for name, values in found.figures.items()
    ]
    show.table("two runs, side by side", rows)
    if not found.words:
        show.talk("measures of diversity need 20 texts of at least 20 words in each run")
    else:
        show.data(f"measures of diversity: over {found.texts} texts of each run, cut to {found.words} words")
