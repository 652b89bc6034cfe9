"""What a run would ask and cost, told before anything is asked. Asks nothing and guesses no price."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textbooks import job as jobs
from textbooks.calls import Usage
from textbooks.errors import TextbooksError
from textbooks.job import Job
from textbooks.plan.recipe import DEFAULT
from textbooks.storage import writable_folder, write_json_lines
from textbooks.teacher import tokens
from textbooks.teacher.answers import Answers
from textbooks.teacher.budget import most_completion_tokens
from textbooks.teacher.teacher import shipped_recordings

SAMPLE = 200
"""Prompts, and answers at hand, from which the tokens of a run are estimated."""
REPAIR_TOKENS = 2200
"""What asking for a repair adds to prompt and answer, at most: evidence of 2,000 characters, and some words."""


def plan(
    recipe: str = DEFAULT,
    *,
    samples: int | None = None,
    settings: Sequence[str] = (),
    model: str | None = None,
    requests: Path | None = None,
    price: str | None = None,
) -> dict[str, Any]:
    """Return what would be asked; with `requests`, also write the prompts there as Batch API input lines.

    Raises:
        TextbooksError: the recipe cannot be used, or `requests` is something else's file.

    """
    job = jobs.prepare(recipe, samples=samples, settings=settings, model=model, price=price, asks=False)
    if requests:
        _refuse_other_file(requests)
        writable_folder(requests.parent)
        write_json_lines(requests, (request.line() for request in job.first_requests()))
    return estimate(job)


def estimate(job: Job) -> dict[str, Any]:
    """Return what would be asked, with tokens and cost as far as they can be known before.

    Prompts are counted from a sample of real ones, spread over the whole plan. Completions are as long as the recorded
    answers at hand (the recipe's own where none are named), and at most as long as the requests allow. How many answers
    will not hold, and go back, nobody knows before: repairs are counted in what it takes at most, and nowhere else.
    """
    how, count = tokens.counter()
    steps, assignments = job.recipe.spec.steps, job.accepted or job.samples
    number = min(assignments, SAMPLE)
    sample = [
        job.prompter.request(job.plan[place * assignments // number], steps[0], {}).body["messages"]
        for place in range(number)
    ]
    per_prompt = sum(count(message["content"]) for messages in sample for message in messages) / number
    answers = [
        answer.text
        for answer in Answers(job.recorded or shipped_recordings(job.recipe.name)).some(SAMPLE)
        if answer.text
    ]
    expected = at_most = None
    if answers:
        per_answer = sum(map(count, answers)) / len(answers)
        expected = round(per_answer * assignments * sum(step.candidates for step in steps))
    limits = [
        most_completion_tokens({**job.recipe.spec.teacher.sampling, **step.sampling, "n": step.candidates})
        for step in steps
    ]
    rounds = job.recipe.spec.repair.rounds
    prompt_tokens = round(per_prompt * assignments * len(steps))
    prompts_at_most = None
    if None not in limits:
        known = [limit or 0 for limit in limits]
        at_most = assignments * (sum(known) + rounds * known[-1])
        # Later steps may show the answers of earlier ones; a repair shows the answer, and what was found in it.
        shown = sum(sum(known[:position]) for position in range(len(known)))
        repair = per_prompt + sum(known) + REPAIR_TOKENS
        prompts_at_most = round(assignments * (per_prompt * len(steps) + shown + rounds * repair))
    return {
        "recipe": job.recipe.name,
        "model": job.prompter.model,
        "space": len(job.plan),
        "assignments": assignments,
        "requests": assignments * len(steps),
        "repairs_at_most": assignments * rounds,
        "prompt_tokens": prompt_tokens,
        "completion_tokens": expected,
        "completion_tokens_at_most": at_most,
        "tokens": how,
        "completions": f"as long as {len(answers)} recorded answers" if answers else None,
        "price": job.price.words() if job.price else None,
        "cost_usd": _cost(job, prompt_tokens, expected),
        "cost_usd_in_batches": _cost(job, prompt_tokens, expected, is_batched=True),
        "cost_usd_at_most": _cost(job, prompts_at_most or prompt_tokens, at_most),
    }


def _cost(job: Job, prompt_tokens: int, completion_tokens: int | None, *, is_batched: bool = False) -> float | None:
    if job.price is None or completion_tokens is None:
        return None
    usage = Usage(prompt_tokens=prompt_tokens, cached_tokens=0, completion_tokens=completion_tokens)
    return round(job.price.cost_usd(usage, is_batched=is_batched), 4)


def _refuse_other_file(path: Path) -> None:
    """Refuse to write requests over anything but requests."""
    if path.is_dir():
        raise TextbooksError(f"--requests {str(path)!r} is a folder; name a file in it")
    if path.exists():
        with path.open("rb") as file:
            first = file.readline(1_000_000)
        if first and b'"custom_id"' not in first:
            raise TextbooksError(f"--requests {str(path)!r} holds something else; name a new file")
