"""A build is curated as one corpus: what is contaminated, or a twin, is rejected with its evidence."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml

from tests.conftest import Endpoint, completion
from tests.curating.planted_rewrites import rewrites
from tests.curating.test_duplicates import changed, prose
from tests.test_corpus import load, rows
from textbooks import build as building
from textbooks import job as jobs
from textbooks.compare import compare
from textbooks.errors import TextbooksError

REWRITE = next(one for one in rewrites() if one.task_id == "HumanEval/115" and one.kind == "renamed")


def answer(text: str, code: str, claim: str = "") -> str:
    return f"{text}.\n\n```python\n{code}\nprint(40 + 2){claim}\n```\n"


def says(endpoint: Endpoint, answers: dict[str, str]) -> None:
    """Have the server answer by the thing and reader that a prompt names."""

    def reply(body: dict[str, Any]) -> tuple[int, str, str]:
        prompt = body["messages"][-1]["content"]
        key = next((key for key in answers if all(word in prompt for word in key.split())), "")
        number = sum(map(ord, prompt))
        plain = answer(prose(number), f"def own_{number}(a):\n    return a.strip({number!r})\n")
        return completion(answers.get(key, plain), model=body["model"])

    endpoint.reply = reply


@pytest.fixture
def curated(recipe: Path, endpoint: Endpoint, tmp_path: Path) -> Iterator[tuple[Path, Endpoint, Path]]:
    spec = yaml.safe_load(recipe.read_text())
    spec["samples"] = 12
    spec["curate"] = {}
    recipe.write_text(yaml.safe_dump(spec, sort_keys=False))
    twin = prose(1)
    says(
        endpoint,
        {
            "lists child dry": answer(prose(7), REWRITE.code),
            "lists child warm": answer(twin, "x = 1"),
            "lists adult dry": answer(changed(twin, 3, 2), "x = 1", "  # 42"),
            "lists adult warm": answer(changed(twin, 4, 2), "x = 1"),
        },
    )
    yield recipe, endpoint, tmp_path / "run"


def built(recipe: Path, endpoint: Endpoint, out: Path, **more: Any) -> building.Built:
    return building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url, **more), out=out, workers=1)


def test_contaminated_samples_and_twins_are_rejected_with_their_evidence(
    curated: tuple[Path, Endpoint, Path], tmp_path: Path
) -> None:
    recipe, endpoint, out = curated
    done = built(recipe, endpoint, out)
    tally = done.tally
    assert tally["rejected"] == {"contamination": {"behaviour": 1}, "duplicates": {"prose": 2}}
    assert (tally["accepted"], tally["to_do"]) == (9, 0)
    rejected = {(row["step"], row["reason"]): row for row in rows(done.corpus / "rejected")}
    leak = rejected["contamination", "behaviour"]
    assert leak["evidence"].startswith(f"HumanEval/115 (1): {REWRITE.name} passes the problem's tests")
    assert REWRITE.name in leak["text"]
    accepted = [row for path in [done.corpus / "data"] for row in rows(path)]
    (kept,) = [row for row in accepted if row["duplicate_cluster"]]
    assert kept["claims_checked"] == 1  # the best of the three, not the first
    assert kept["duplicate_cluster"] == kept["id"]
    assert f"like {kept['id']}: 0." in rejected["duplicates", "prose"]["evidence"]
    assert all(row["contamination"] == [] for row in accepted)
    states = {row["id"]: row["accepted"] for row in rows(done.corpus / "snippets")}
    assert {row["id"] for row in accepted} == {row_id for row_id, state in states.items() if state}
    assert len(load(done.corpus, tmp_path, "rejected")["train"]) == 3
    card = (done.corpus / "README.md").read_text()
    assert "| behaviour: function that passes the problem's tests | 1 | HumanEval/115 |" in card
    assert "| 0.95 | 0 | 0 |" in card
    assert "2 samples were dropped beside a twin, 2 by their prose and 0 by their code, in 1 cluster." in card
    assert "| contamination: behaviour | 1 | 11 |" in card


def test_another_policy_asks_nobody_and_examines_nothing_anew(curated: tuple[Path, Endpoint, Path]) -> None:
    recipe, endpoint, out = curated
    built(recipe, endpoint, out)
    asked, parts = len(endpoint.bodies), sorted(path.name for path in (out / "parts").iterdir())
    times = [path.stat().st_mtime_ns for path in sorted((out / "parts").rglob("*.parquet"))]
    done = built(recipe, endpoint, out, settings=["curate.behaviour=flag", "curate.prose_likeness=null"])
    assert done.tally["accepted"] == 12
    assert (len(endpoint.bodies), sorted(path.name for path in (out / "parts").iterdir())) == (asked, parts)
    assert [path.stat().st_mtime_ns for path in sorted((out / "parts").rglob("*.parquet"))] == times
    flagged = [row["contamination"] for row in rows(done.corpus / "data") if row["contamination"]]
    assert [(one["lens"], one["task_id"], one["trivial"]) for found in flagged for one in found] == [
        ("behaviour", "HumanEval/115", False)
    ]


def test_as_many_as_are_wanted_are_accepted_after_curating(curated: tuple[Path, Endpoint, Path]) -> None:
    recipe, endpoint, out = curated
    tally = built(recipe, endpoint, out, accepted=8).tally
    assert (tally["accepted"], tally["target"], tally["ended"]) == (8, 8, "the target is met")
    assert tally["assignments"] == 8 + sum(sum(reasons.values()) for reasons in tally["rejected"].values()) <= 12


def test_a_passage_of_the_template_is_left_out_and_listed(recipe: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    from textbooks.problems import read_problems

    spec = yaml.safe_load(recipe.read_text())
    spec |= {"samples": 12, "curate": {"prose_likeness": None, "code_likeness": None}}
    recipe.write_text(yaml.safe_dump(spec, sort_keys=False))
    passage = " ".join(read_problems()["HumanEval/1"].prompt.split('"""')[1].split()[:24])
    endpoint.reply = lambda body: completion(answer(passage, "x = 1"), model=body["model"])
    done = built(recipe, endpoint, tmp_path / "run")
    assert done.tally["accepted"] == 12
    (left_out,) = done.tally["curation"]["contamination"]["template"]
    assert (left_out["task_id"], left_out["rows"]) == ("HumanEval/1", 12)
    assert "HumanEval/1: “input to this function" in (done.corpus / "README.md").read_text()


def test_problems_of_one_s_own_are_looked_for(recipe: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    own = {
        "task_id": "own/1",
        "prompt": "def f(x):\n",
        "canonical_solution": "    return x * 17 + 3\n",
        "entry_point": "f",
        "test": "def check(candidate):\n    assert candidate(0) == 3\n    assert candidate(1) == 20\n",
    }
    import json

    (recipe.parent / "own.jsonl").write_text(json.dumps(own) + "\n")
    spec = yaml.safe_load(recipe.read_text())
    spec["curate"] |= {"problems": ["own.jsonl"], "trivial": "reject"}
    recipe.write_text(yaml.safe_dump(spec, sort_keys=False))
    code = indent("k = 3\nfor _ in range(n):\n    k = k + 17\nreturn k", "    ")
    endpoint.reply = lambda body: completion(answer("Words", f"def other(n):\n{code}\n"), model=body["model"])
    tally = built(recipe, endpoint, tmp_path / "run").tally
    assert tally["rejected"] == {"contamination": {"behaviour": 6}}
    assert tally["curation"]["contamination"]["trivial"] == {"own/1": 6}
    (recipe.parent / "own.jsonl").unlink()
    with pytest.raises(TextbooksError, match=r"recipe.yaml:\d+: no file 'own.jsonl'"):
        jobs.prepare(str(recipe))


def test_two_runs_stand_side_by_side(curated: tuple[Path, Endpoint, Path], tmp_path: Path) -> None:
    recipe, endpoint, out = curated
    built(recipe, endpoint, out)
    endpoint.reply = lambda body: completion(answer(prose(1), "x = 1"), model=body["model"])
    other = tmp_path / "other"
    built(recipe, endpoint, other, settings=["seed=9", "curate.prose_likeness=null", "curate.code_likeness=null"])
    found = compare(out, other)
    assert found.figures["accepted"] == (9, 12)
    assert found.figures["near-duplicates"] == (2, 0)
    assert found.words is None  # nine texts are too few to measure diversity on
    with pytest.raises(TextbooksError, match="holds no finished run"):
        compare(out, tmp_path / "nothing")
