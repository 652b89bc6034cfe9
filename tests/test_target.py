"""`--accepted N` goes on until N samples are accepted, pays for none beyond, and says why where it falls short."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ANSWER, completion
from tests.teacher.faulty_endpoint import Script, serving
from tests.teacher.test_faults import big, unmeasured
from textbooks import build as building
from textbooks import job as jobs
from textbooks.errors import TextbooksError

NO_REPAIR = ["repair.rounds=0"]
BROKEN = ANSWER.replace("2 * x", "2 * y")


class Half(Script):
    """Every other prompt gets an answer whose code fails."""

    def final(self, prompt: str, body: dict[str, Any]) -> Any:
        self.delivered[prompt] += 1
        text = BROKEN if len(prompt) % 2 or not self.good else ANSWER
        return self.said(200, completion(text)[2])

    good = True


@pytest.fixture
def half() -> Iterator[Half]:
    with serving(Half()) as script:
        yield script


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")


def test_exactly_as_many_as_wanted_are_accepted_and_the_same_ones_again(
    recipe: Path, tmp_path: Path, half: Half
) -> None:
    job = jobs.prepare(str(big(recipe, 300)), base_url=half.url, settings=NO_REPAIR, accepted=40)
    tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
    assert (tally["accepted"], tally["target"], tally["ended"]) == (40, 40, "the target is met")
    assert tally["rejected"]["run"]["raised"] > 0
    assert tally["assignments"] == 40 + tally["rejected"]["run"]["raised"] == sum(half.asked.values())
    other: Any = building.run_job(job, out=tmp_path / "other", workers=1)
    assert unmeasured(other.corpus) == unmeasured(tmp_path / "run/corpus")
    assert building.run_job(job, out=tmp_path / "run", workers=1).unchanged


def test_more_can_be_wanted_later(recipe: Path, tmp_path: Path, half: Half) -> None:
    for wanted in (10, 25):
        job = jobs.prepare(str(big(recipe, 300)), base_url=half.url, settings=NO_REPAIR, accepted=wanted)
        tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
        assert tally["accepted"] == wanted
    assert max(half.asked.values()) == 1


def test_a_plan_that_ends_first_is_a_finding_with_the_count(recipe: Path, tmp_path: Path, half: Half) -> None:
    command = [
        sys.executable,
        "-m",
        "textbooks",
        "build",
        str(recipe),
        "--base-url",
        half.url,
        "--accepted",
        "12",
        "--set",
        *NO_REPAIR,
    ]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "run"), "--workers", "1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "of the 12 accepted samples that were wanted: the recipe has only 12 combinations" in done.stderr


def test_a_hopeless_recipe_is_not_paid_for_to_its_end(
    recipe: Path, tmp_path: Path, half: Half, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textbooks.build.HOPELESS", 30)
    half.good = False
    job = jobs.prepare(str(big(recipe, 300)), base_url=half.url, settings=NO_REPAIR, accepted=10)
    tally: Any = building.run_job(job, out=tmp_path / "run", workers=1).tally
    assert (tally["accepted"], sum(half.asked.values())) == (0, 30)
    assert tally["ended"] == "not one of 30 was accepted; look at the reasons before you pay for more"


@pytest.mark.parametrize(
    ("options", "said"),
    [({"accepted": 0}, "--accepted is 0"), ({"accepted": 5, "samples": 5}, "cannot both be given")],
)
def test_a_target_that_means_nothing_is_refused(recipe: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(TextbooksError, match=said):
        jobs.prepare(str(recipe), **options)
