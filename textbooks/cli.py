"""Words typed by a person → one call each. Holds no logic of its own beyond showing what came back.

Data goes to stdout, talk and progress to stderr. Everything heavy is imported by the command that needs it, so that
`--help` is instant.
"""

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from textbooks import interrupts, show
from textbooks.cli_batch import batches
from textbooks.cli_curate import compare, curate
from textbooks.cli_export import export
from textbooks.cli_lists import audiences, recipes, topics
from textbooks.cli_score import score
from textbooks.errors import TextbooksError
from textbooks.options import (
    LONGEST,
    BaseUrl,
    Budget,
    Isolation,
    Json,
    Model,
    Price,
    RecipeName,
    Samples,
    Settings,
    Workers,
)

app = typer.Typer(
    name="textbooks",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(batches, name="batch", help="A run through the provider's Batch API: about half the price, hours later.")

app.command(
    "export",
    epilog="Example: textbooks build --samples 9 --out runs/nine && textbooks export runs/nine --out nine.jsonl",
)(export)
app.command("curate", epilog="Example: textbooks curate README.md")(curate)
app.command(
    "compare",
    epilog="Example: textbooks build queries --out runs/one && textbooks build queries --samples 12 --out runs/two "
    "&& textbooks compare runs/one runs/two",
)(compare)
app.command("score", epilog="Example: textbooks score samples.jsonl --k 1,10")(score)
app.command("topics", epilog="Example: textbooks topics recursion")(topics)
app.command("audiences", epilog="Example: textbooks audiences high-school-student")(audiences)
app.command("recipes", epilog="Example: textbooks recipes phi1-textbook")(recipes)


@app.callback()
def about(
    version: Annotated[bool, typer.Option("--version", help="Show the version.", is_eager=True)] = False,
) -> None:
    """Textbook-like Python corpora whose every snippet was run."""
    if version:
        from importlib import metadata

        show.data(f"textbooks {metadata.version('textbooks')}")
        raise typer.Exit


@app.command(epilog="Example: textbooks build phi1-textbook --samples 20 --out runs/twenty")
def build(
    recipe: RecipeName = "phi1-textbook",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run's folder; runs/RECIPE by default.")
    ] = None,
    samples: Samples = None,
    accepted: Annotated[
        int | None, typer.Option("--accepted", metavar="N", help="Go on until so many samples are accepted.")
    ] = None,
    settings: Settings = None,
    model: Model = None,
    base_url: BaseUrl = None,
    recorded: Annotated[
        list[Path] | None,
        typer.Option("--recorded", metavar="FILE", help="Answers as batch output lines; repeatable."),
    ] = None,
    workers: Workers = None,
    isolation: Isolation = None,
    budget: Budget = None,
    price: Price = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be asked, and ask nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Build a corpus: draw, ask, format, run, check and package."""
    from textbooks import build as building
    from textbooks import display, estimate
    from textbooks import job as jobs

    job = jobs.prepare(
        recipe,
        samples=samples,
        accepted=accepted,
        price=price,
        budget_usd=budget,
        settings=settings or (),
        model=model,
        base_url=base_url,
        recorded=recorded or (),
        isolation=isolation,
        asks=not dry_run,
    )
    if dry_run:
        first = next(job.first_requests()).body["messages"]
        prompt = "\n---\n".join(message["content"] for message in first)
        show.estimate(estimate.estimate(job), prompt, as_json=as_json)
        return
    show.talk(show.source(job.source, job.base_url, [str(path) for path in job.recorded]))
    with display.live(quiet=as_json) as watch, interrupts.first() as interrupt:
        built = building.run_job(job, out=out, workers=workers, watch=watch, interrupt=interrupt.hand)
    is_live = job.source == "live"
    cure = "run the same command again to go on" if is_live else "ask a model for them with --base-url and --model"
    show.built(built.tally, built.corpus, unchanged=built.unchanged, cure=cure, as_json=as_json)
    if built.tally["to_do"] or built.tally["accepted"] < (job.accepted or 1):
        raise typer.Exit(1)


@app.command(epilog="Example: textbooks plan phi1-textbook --samples 1000 --model gpt-4o-mini --requests ask.jsonl")
def plan(
    recipe: RecipeName = "phi1-textbook",
    samples: Samples = None,
    requests: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="Write the prompts there as OpenAI Batch input lines."),
    ] = None,
    settings: Settings = None,
    model: Model = None,
    price: Price = None,
    as_json: Json = False,
) -> None:
    """Say what would be asked: assignments, tokens, cost; or write it as a batch file."""
    from textbooks import estimate as estimating

    estimate = estimating.plan(
        recipe, samples=samples, settings=settings or (), model=model, requests=requests, price=price
    )
    show.estimate(estimate, None, as_json=as_json)
    if requests:
        show.talk(f"{estimate['assignments']} requests written to {requests}")


@app.command(epilog="Example: textbooks verify README.md")
def verify(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Markdown, .rst, .ipynb, .py, .jsonl, .parquet, or folders of them."),
    ],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="The datasets' column of Markdown.")] = "text",
    package: Annotated[
        list[str] | None,
        typer.Option("--package", metavar="NAME", help="An installed package that snippets may import; repeatable."),
    ] = None,
    contract: Annotated[
        str | None,
        typer.Option("--contract", metavar="RECIPE", help="Measure Markdown by the rules of a recipe as well."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Correct wrong claims and format with black, in place (not in datasets).")
    ] = False,
    workers: Workers = None,
    isolation: Isolation = None,
    as_json: Json = False,
) -> None:
    """Run every Python snippet of documents or datasets, and compare what their texts claim."""
    from textbooks import verify as verifying

    count = findings = 0
    with show.counter("documents", quiet=as_json) as progress:
        checked = verifying.verify(
            paths,
            column=column,
            workers=workers,
            packages=package or (),
            isolation=isolation,
            fix=fix,
            contract=contract,
            progress=progress,
        )
        for one in checked:
            count += isinstance(one, verifying.Checked)
            findings += one.is_finding
            for line in [json.dumps(one.view(), ensure_ascii=False)] if as_json else one.words():
                show.clear()
                show.data(line if as_json else show.plain(line))
    show.talk(f"{count} snippets, {findings} with findings" if count else "no Python snippet was found")
    if findings:
        raise typer.Exit(1)


@app.command(epilog="Example: echo 'print(6 * 7)' | textbooks run -")
def run(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A Python file, or - for standard input.")],
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help='The input is JSON lines {"id", "code"}; one verdict line each, in order.'),
    ] = False,
    as_json: Json = False,
    workers: Workers = None,
    isolation: Isolation = None,
    cpu_seconds: Annotated[
        float | None, typer.Option("--cpu-seconds", metavar="S", min=0.1, max=LONGEST, help="5 by default.")
    ] = None,
    wall_seconds: Annotated[
        float | None, typer.Option("--wall-seconds", metavar="S", min=0.1, max=LONGEST, help="20 by default.")
    ] = None,
    memory_mb: Annotated[
        int | None,
        typer.Option("--memory-mb", metavar="M", min=1, max=1_000_000, help="Beyond the interpreter; 512 by default."),
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", metavar="N", min=1, help="Run N times, hash and random seeds changed: flaky?")
    ] = 1,
    package: Annotated[
        list[str] | None,
        typer.Option("--package", metavar="NAME", help="An installed package that the code may import; repeatable."),
    ] = None,
) -> None:
    """Run code straight in the box: one file, or JSON lines."""
    from textbooks import run as running

    policy = running.policy(
        cpu_seconds=cpu_seconds, wall_seconds=wall_seconds, memory_mb=memory_mb, packages=package or ()
    )
    if jsonl:
        for line in running.run_lines(file, policy=policy, workers=workers, isolation=isolation, repeat=repeat):
            show.data(json.dumps(line, ensure_ascii=False))
        return
    verdict, flaky = running.run_file(file, policy=policy, isolation=isolation, repeat=repeat)
    if as_json:
        show.data(json.dumps(running.line(None, verdict, flaky=flaky, repeat=repeat), ensure_ascii=False))
    else:
        show.verdict(verdict, flaky=flaky)
    if verdict.status != "ok" or flaky:
        raise typer.Exit(1)


@app.command(epilog="Example: textbooks doctor")
def doctor(as_json: Json = False) -> None:
    """Say what this machine offers: the tier of isolation, each attack tried, the endpoint."""
    from textbooks import doctor as doctors

    report = doctors.examine_machine()
    show.doctor(report, as_json=as_json)
    if not report["healthy"] or not all(probe["stopped"] for probe in report["probes"]):
        raise typer.Exit(1)


POLITE_SECONDS = 10.0
"""How long a run that is told to end may take to end its boxes and worker processes itself; they go with it anyway."""


def _end(*_: object) -> None:
    """End politely, so that boxes and worker processes go down with this one, and at once where that does not work."""
    last_resort = threading.Timer(POLITE_SECONDS, os._exit, [143])
    last_resort.daemon = True
    last_resort.start()
    sys.exit(143)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line: exit code 2 and a sentence for what a person can mend, 3 and a traceback for our fault."""
    signal.signal(signal.SIGTERM, _end)
    try:
        app(arguments)
    except TextbooksError as error:
        show.talk(f"textbooks: {show.plain(str(error))}")
        sys.exit(2)
    except KeyboardInterrupt:
        show.talk("textbooks: stopped; what a build was answered is kept, and the same command goes on")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception:  # noqa: BLE001  # the outermost border: our fault, shown whole
        traceback.print_exc()
        sys.exit(3)
