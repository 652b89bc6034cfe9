"""Completions from a model behind an OpenAI-compatible endpoint, through the teacher's journal: each is paid for once.

A folder holds the journal and `samples.jsonl`; the same command goes on where it stopped. Judges nothing.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from textbooks.calls import Request, Response
from textbooks.errors import TextbooksError
from textbooks.problems import Problem, read_problems
from textbooks.score.cleaning import STOPS, cleaned
from textbooks.storage import digest, write_json_lines
from textbooks.teacher.answers import Answers
from textbooks.teacher.budget import Budget
from textbooks.teacher.journal import Journal
from textbooks.teacher.live import LiveTeacher
from textbooks.teacher.prices import price_of
from textbooks.teacher.teacher import Teacher

Endpoint = Literal["chat", "completions"]
MOST_STOPS = 4
"""Stop sequences that OpenAI's API takes; the others are cut at afterwards."""
ASK = (
    "Complete the Python function below. Answer with the whole function in one Python code block, without any "
    "explanation, tests or examples.\n\n```python\n{prompt}\n```"
)
ASK_FOR_TEXT = (
    "{prompt}\n\nWrite it as a Python function with the name `{name}`. Answer with one Python code block only."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a model is asked."""

    model: str
    n: int = 1
    """Samples of each problem."""
    temperature: float = 0.2
    top_p: float = 0.95
    max_tokens: int = 1024
    endpoint: Endpoint = "chat"
    clean: bool = True
    """Whether answers are cleaned up (cleaning.py); else they are judged as they came."""


def sample(
    sampling: Sampling,
    *,
    out: Path,
    problems: Path | None = None,
    base_url: str | None = None,
    price: str | None = None,
    budget_usd: float | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Path:
    """Have a model write samples of every problem; return the file of samples.

    Raises:
        TextbooksError: no endpoint is named, it cannot be used, or it did not answer everything; what it answered is
            kept, and the same call goes on.

    """
    if not (base_url or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_KEY")):
        raise TextbooksError("no endpoint is named and OPENAI_API_KEY is not set; add --base-url URL, or set the key")
    known = read_problems(problems)
    wanted = [
        (problem, request(problem, sampling, number)) for problem in known.values() for number in range(sampling.n)
    ]
    cost = price_of(sampling.model, price)
    if budget_usd is not None and cost is None:
        raise TextbooksError(
            f"the price of {sampling.model!r} is unknown, so --budget cannot be kept; add --price in=…,out=…"
        )
    budget = Budget(price=cost, limit_usd=budget_usd)
    with Journal(out / "journal") as journal:
        live = LiveTeacher(base_url=base_url, proved=len(journal) > 0, budget=budget)
        teacher = Teacher(journal, Answers(()), live)
        answers = asyncio.run(_asked(teacher, journal, [asked for _, asked in wanted], progress))
    missing = sum(answer is None for answer in answers)
    if missing:
        said = "the budget is spent" if budget.is_spent else f"the endpoint gave no answer ({live.last_failure})"
        raise TextbooksError(
            f"{missing} of {len(wanted)} samples are missing: {said}; the others are kept in {str(out)!r}, and the "
            "same command goes on"
        )
    path = out / "samples.jsonl"
    rows = (_row(problem, answer, sampling) for (problem, _), answer in zip(wanted, answers, strict=True) if answer)
    write_json_lines(path, rows)
    return path


def request(problem: Problem, sampling: Sampling, number: int) -> Request:
    """Return the request of one sample; its seed is its number, so that the same sample is the same request."""
    body: dict[str, Any] = {
        "model": sampling.model,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": number,
    }
    if sampling.endpoint == "completions":
        body |= {"prompt": problem.prompt, "max_tokens": sampling.max_tokens, "stop": list(STOPS[:MOST_STOPS])}
    else:
        ask = ASK if problem.continues_prompt else ASK_FOR_TEXT
        content = ask.format(prompt=problem.prompt.strip("\n"), name=problem.entry_point)
        body |= {"messages": [{"role": "user", "content": content}], "max_completion_tokens": sampling.max_tokens}
    return Request(custom_id=digest(body), body=body)


async def _asked(
    teacher: Teacher, journal: Journal, requests: list[Request], progress: Callable[[int], None]
) -> list[Response | None]:
    done = 0

    async def one(asked: Request) -> Response | None:
        nonlocal done
        response = await teacher.ask(0, asked)
        done += 1
        progress(done)
        return response

    try:
        answers = await asyncio.gather(*(one(asked) for asked in requests))
        teacher.settle()
    finally:
        await teacher.close()
        journal.finish(0)
    return answers


def _row(problem: Problem, answer: Response, sampling: Sampling) -> Mapping[str, Any]:
    """Return the sample of an answer; one that is empty, or was refused, is an empty completion."""
    text = answer.text or ""
    completion, steps = cleaned(text, problem) if sampling.clean else (text, ())
    row = {"task_id": problem.task_id, "completion": completion, "cleaned": list(steps)}
    return row | {"finish_reason": answer.finish_reason, "custom_id": answer.custom_id}
