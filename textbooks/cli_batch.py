"""The commands of `textbooks batch`: words typed by a person → one call each."""

from pathlib import Path
from typing import Annotated

import typer

from textbooks import show
from textbooks.options import BaseUrl, Budget, Json, Model, Price, Samples, Settings, Workers

batches = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")]


@batches.command("submit", epilog="Example: textbooks batch submit runs/mine phi1-textbook --model gpt-4o-mini")
def batch_submit(
    run: Run,
    recipe: Annotated[
        str | None, typer.Argument(metavar="[RECIPE]", help="As for build; only the first time.", show_default=False)
    ] = None,
    samples: Samples = None,
    settings: Settings = None,
    model: Model = None,
    base_url: BaseUrl = None,
    price: Price = None,
    budget: Budget = None,
    as_json: Json = False,
) -> None:
    """Submit every request that has no answer and is not on its way; later calls send what failed or expired."""
    from textbooks import batch

    submitted = batch.submit(
        run,
        recipe,
        samples=samples,
        settings=settings or (),
        model=model,
        base_url=base_url,
        price=price,
        budget_usd=budget,
    )
    show.submitted(submitted.view(), run, as_json=as_json)
    if submitted.left_out:
        raise typer.Exit(1)


@batches.command("status", epilog="Example: textbooks batch status runs/mine")
def batch_status(run: Run, base_url: BaseUrl = None, as_json: Json = False) -> None:
    """Ask the provider how the batches of a run stand."""
    from textbooks import batch

    show.batches(batch.status(run, base_url=base_url), as_json=as_json)


@batches.command("collect", epilog="Example: textbooks batch collect runs/mine")
def batch_collect(run: Run, base_url: BaseUrl = None, workers: Workers = None, as_json: Json = False) -> None:
    """Fetch the answers of the batches that are over, and package what is there; any number of times."""
    from textbooks import batch

    states, built = batch.collect(run, base_url=base_url, workers=workers)
    show.collected(states, built.tally if built else None, built.corpus if built else None, run, as_json=as_json)
    if not built or built.tally["to_do"] or not built.tally["accepted"]:
        raise typer.Exit(1)
