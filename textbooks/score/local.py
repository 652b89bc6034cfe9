"""Completions from a model on this machine, by transformers (an extra): on a GPU where there is one, offline.

Judges nothing. Heavy libraries are imported when they are used.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.problems import Problem, read_problems
from textbooks.score.cleaning import cleaned
from textbooks.score.sampling import Sampling
from textbooks.storage import write_json_lines

BATCH = 16
"""Sequences that are written at the same time."""


def sample(
    sampling: Sampling,
    *,
    out: Path,
    problems: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Path:
    """Have a model in a local folder, `sampling.model`, write samples of every problem; return the file of samples.

    Raises:
        TextbooksError: transformers is not installed, or the folder holds no model that it can load.

    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise TextbooksError(f"--hf needs torch and transformers ({error}); pip install 'textbooks[hf]'") from error
    folder = Path(sampling.model)
    if not folder.is_dir():
        raise TextbooksError(f"no folder {sampling.model!r}; --hf takes the folder of a model, nothing is downloaded")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise TextbooksError(f"{sampling.model!r} holds no model that transformers can load ({error})") from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model.to(device).eval()
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    wanted = [problem for problem in read_problems(problems).values() for _ in range(sampling.n)]

    def rows() -> Iterator[dict[str, Any]]:
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            torch.manual_seed(start)
            for problem, text in zip(batch, _written(model, tokenizer, batch, sampling, device), strict=True):
                yield _row(problem, text, sampling)
            progress(start + len(batch))

    path = out / "samples.jsonl"
    write_json_lines(path, rows())
    return path


def _written(model: Any, tokenizer: Any, batch: list[Problem], sampling: Sampling, device: str) -> list[str]:
    import torch

    asked = tokenizer([problem.prompt for problem in batch], return_tensors="pt", padding=True).to(device)
    asked.pop("token_type_ids", None)
    greedy = sampling.temperature == 0
    more = {} if greedy else {"temperature": sampling.temperature, "top_p": sampling.top_p}
    with torch.inference_mode():
        written = model.generate(
            **asked,
            **more,
            do_sample=not greedy,
            max_new_tokens=sampling.max_tokens,
            pad_token_id=tokenizer.pad_token_id,
        )
    new = written[:, asked["input_ids"].shape[1] :]
    return [
        str(text) for text in tokenizer.batch_decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    ]


def _row(problem: Problem, text: str, sampling: Sampling) -> dict[str, Any]:
    completion, steps = cleaned(text, problem) if sampling.clean else (text, ())
    return {"task_id": problem.task_id, "completion": completion, "cleaned": list(steps)}
