"""Options that several commands share, each with its help. Holds words only."""

from typing import Annotated, Literal

import typer

LONGEST = 86_400.0
"""Seconds in a day, the longest limit that can be asked for."""

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A shipped recipe, or a path to recipe.yaml.")]
Samples = Annotated[int | None, typer.Option("--samples", metavar="N", help="Assignments to plan.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe, e.g. seed=7; repeatable."),
]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="The model to ask.")]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="An OpenAI-compatible endpoint, ending in /v1."),
]
Price = Annotated[
    str | None,
    typer.Option(
        "--price", metavar="in=…,out=…", help="US dollars per million tokens, or a YAML file like prices.yaml."
    ),
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", metavar="USD", help="Never spend more than this, requests under way included."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else there.")]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", help="Processes; all cores by default.")]
Isolation = Annotated[
    Literal["A", "B", "C", "none"] | None,
    typer.Option(
        "--isolation",
        help="The tier to use (sandbox/README.md); by default the best that holds, A or B. none: for code you trust.",
    ),
]
Name = Annotated[str | None, typer.Argument(metavar="NAME", help="Which one to show; all without it.")]
