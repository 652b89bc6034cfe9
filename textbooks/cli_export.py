"""The command `textbooks export`: words typed by a person → one call."""

import json
from pathlib import Path
from typing import Annotated

import typer

from textbooks import show
from textbooks.options import Json

FORMATS = "text, rows, prompt-completion, alpaca, sharegpt, messages, tinystories or beir"


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".jsonl, .parquet; .bin, .txt or a folder.")],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help=f"{FORMATS}.")] = "text",
    split: Annotated[str | None, typer.Option("--split", metavar="NAME", help="train or test; else both.")] = None,
    pack: Annotated[
        Path | None,
        typer.Option("--pack", metavar="TOKENIZER", help="Pack tokens of this tokenizer.json into sequences, as .bin."),
    ] = None,
    length: Annotated[int, typer.Option("--length", metavar="N", min=8, help="Tokens of a packed sequence.")] = 2048,
    end_token: Annotated[
        str | None, typer.Option("--end-token", metavar="TOKEN", help="What ends a document; the tokenizer's own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the accepted rows of a run in the form that another tool reads."""
    from textbooks import export as exporting

    facts = exporting.export(run, out, form=form, split=split, pack=pack, length=length, end_token=end_token)
    if as_json:
        show.data(json.dumps(facts))
    else:
        show.data(f"{out}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
