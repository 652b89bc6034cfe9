"""How far a score can be trusted is said in numbers and in a plain sentence."""

import json
import random
from pathlib import Path

import pytest

from textbooks.errors import TextbooksError
from textbooks.problems import read_problems
from textbooks.score import score
from textbooks.score.passk import pass_at_k
from textbooks.score.statistics import difference, interval, resolution

PROBLEMS = read_problems()


def passes(rate: float, problems: int = 164, samples: int = 1, seed: int = 1) -> dict[str, list[bool]]:
    generator = random.Random(seed)
    return {f"t/{number}": [generator.random() < rate for _ in range(samples)] for number in range(problems)}


def test_an_interval_holds_the_score_and_shrinks_with_more_problems() -> None:
    few, many = passes(0.5, 50), passes(0.5, 2000)
    for found in (few, many):
        low, high = interval(found, 1)
        assert low < pass_at_k(found, (1,))["pass@1"] < high
    assert interval(many, 1)[1] - interval(many, 1)[0] < 0.05 < interval(few, 1)[1] - interval(few, 1)[0]


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(60):
        low, high = interval(passes(0.4, 100, seed=seed), 1)
        hits += low <= 0.4 <= high
    assert 51 <= hits <= 60


def test_equal_scores_are_not_told_apart_and_unlike_ones_are() -> None:
    one = passes(0.5, seed=3)
    assert difference(one, one).p == 1.0
    better = {task_id: [True] if number % 4 == 0 else found for number, (task_id, found) in enumerate(one.items())}
    found = difference(one, better)
    assert found.p < 0.05
    assert "is larger than chance" in found.words()


def test_a_small_difference_is_said_to_be_within_chance_and_below_the_resolution() -> None:
    one = passes(0.5, seed=3)
    flipped = next(task_id for task_id, found in one.items() if not found[0])
    found = difference(one, {**one, flipped: [True]})
    assert (found.problems, round(found.p, 4)) == (164, 1.0)
    assert found.words().endswith(
        "is not larger than chance (p = 1.0000); on 164 problems less than 6.7 points can hardly be told"
    )
    assert resolution(164) == 0.067


def test_p_is_exact_where_few_problems_differ() -> None:
    one = {f"t/{number}": [False] for number in range(6)}
    other = {task_id: [True] for task_id in one}
    assert difference(one, other).p == 2 / 2**6


def test_chance_alone_seldom_looks_like_a_difference() -> None:
    found = [difference(passes(0.5, seed=seed), passes(0.5, seed=seed + 500)).p < 0.05 for seed in range(80)]
    assert sum(found) <= 10


def rows(rate: float, seed: int) -> list[dict[str, str]]:
    generator = random.Random(seed)
    return [
        {
            "task_id": task_id,
            "completion": (problem.solution or "").removeprefix(problem.prompt)
            if generator.random() < rate
            else "    pass\n",
        }
        for task_id, problem in PROBLEMS.items()
    ]


def test_a_score_is_compared_with_another_and_split_by_a_corpus(tmp_path: Path) -> None:
    for name, rate in (("one", 0.3), ("two", 0.8)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(rate, 1)))
    first = score(tmp_path / "one.jsonl", mode="in-process")
    summary = {"contamination": {"text": {"HumanEval/1": 2}, "structure": {}, "behaviour": {"HumanEval/5": 1}}}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    found = score(
        tmp_path / "two.jsonl", mode="in-process", against=first.path, contamination=tmp_path / "summary.json"
    )
    assert found.against is not None
    assert found.against.p < 0.001
    assert found.against.first == first.pass_at_k["pass@1"]
    split = found.split()
    assert split is not None
    assert (split["matched"]["problems"], split["unmatched"]["problems"]) == (2, 162)
    passed = found.by_problem
    assert split["matched"]["pass@1"] == (passed["HumanEval/1"][0] + passed["HumanEval/5"][0]) / 2
    assert found.intervals["pass@1"][0] < found.pass_at_k["pass@1"] < found.intervals["pass@1"][1]


@pytest.mark.parametrize("option", ["against", "contamination"])
def test_a_file_that_tells_nothing_is_one_sentence(tmp_path: Path, option: str) -> None:
    (tmp_path / "s.jsonl").write_text(json.dumps(rows(1, 1)[0]) + "\n")
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(TextbooksError, match=r"other\.jsonl"):
        score(tmp_path / "s.jsonl", ignore_incomplete=True, **{option: tmp_path / "other.jsonl"})
