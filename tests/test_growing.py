"""A list that the teacher writes: level by level, nothing twice, valid, resumed, and paid for once."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Endpoint, completion
from textbooks.errors import TextbooksError
from textbooks.growing import entries_of, grow
from textbooks.plan.lists import load_list
from textbooks.plan.starting import start

PARTS = ["vectors", "matrices", "eigenvalues"]


def prompt_of(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


def answering(endpoint: Endpoint, *, silent: str = "") -> None:
    def reply(body: dict[str, Any]) -> tuple[int, str, str]:
        prompt = prompt_of(body)
        part = next((one for one in PARTS if f'of "{one}"' in prompt), None)
        if part is None:
            return completion("\n".join(f"- {one}" for one in PARTS))
        if part == silent:
            return 400, "application/json", json.dumps({"error": {"message": "no"}})
        names = [f"{part} number {n}" for n in ("one", "two", "three", "four")]
        return completion("\n".join(f"- **{name}**." for name in [*names, names[0].title(), "a grid's flood fill"]))

    endpoint.reply = reply


def grown(tmp_path: Path, endpoint: Endpoint, **options: Any) -> Any:
    out = tmp_path / "linear-algebra.yaml"
    return grow("linear algebra", out, model="m", base_url=endpoint.url, **{"size": 9, "depth": 2, **options})


def test_a_list_is_written_level_by_level_and_mixed(tmp_path: Path, endpoint: Endpoint) -> None:
    answering(endpoint)
    result = grown(tmp_path, endpoint)
    entries = [entry.name for entry in load_list(result.path).entries]
    assert result.entries == len(entries) == 9
    assert entries[:3] == [f"{part} number one" for part in PARTS], "early ones are already varied"
    assert result.requests == len(endpoint.bodies) == 4
    first, *later = [prompt_of(body) for body in endpoint.bodies]
    assert 'of "linear algebra"' in first
    assert all('which is a part of "linear algebra"' in prompt for prompt in later)


def test_what_says_the_same_is_dropped_with_its_reason(tmp_path: Path, endpoint: Endpoint) -> None:
    answering(endpoint)
    result = grown(tmp_path, endpoint, size=50)
    assert result.dropped == {"said already": 3, "in an existing list": 3}
    assert result.entries + sum(result.dropped.values()) == 18


def test_what_was_answered_is_not_asked_again(tmp_path: Path, endpoint: Endpoint) -> None:
    answering(endpoint)
    price = {"price": "in=1000,out=2000"}
    first = grown(tmp_path, endpoint, **price)
    assert first.cost_usd == pytest.approx(4 * (100 * 1000 + 50 * 2000) / 1e6)
    asked = len(endpoint.bodies)
    again = grown(tmp_path, endpoint, **price)
    assert (len(endpoint.bodies), again.entries, again.cost_usd) == (asked, first.entries, first.cost_usd)


def test_a_branch_without_an_answer_costs_only_itself(tmp_path: Path, endpoint: Endpoint) -> None:
    answering(endpoint, silent="matrices")
    result = grown(tmp_path, endpoint)
    assert result.entries == 8
    assert "matrices number one" not in result.path.read_text()


def test_readers_are_grown_with_all_their_fields(tmp_path: Path, endpoint: Endpoint) -> None:
    fields = ("title", "assume", "vocabulary", "tone", "example", "avoid")
    whole = {"name": "nurse", **dict.fromkeys(fields, "Something.")}
    items = [whole, {"name": "half", "title": "x"}]
    endpoint.reply = lambda body: completion(f"```json\n{json.dumps(items)}\n```")
    out = tmp_path / "hospital.yaml"
    result = grow("people in a hospital", out, kind="audiences", size=5, depth=1, model="m", base_url=endpoint.url)
    assert result.entries == 1
    (entry,) = load_list(out).entries
    assert (entry.name, entry.fields["tone"]) == ("nurse", "Something.")
    assert '"assume"' in prompt_of(endpoint.bodies[0])


def test_korean_lists_are_told_apart_without_spaces(tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: completion("- 행렬의 곱셈\n- 행렬 곱셈\n- 벡터의 내적")
    out = tmp_path / "a.yaml"
    result = grow("선형 대수", out, size=5, depth=1, language="ko", model="m", base_url=endpoint.url)
    assert result.entries >= 2
    assert "벡터의 내적" in out.read_text()


LINES = {
    "bullets": ("- one\n* two\n• three", ["one", "two", "three"]),
    "numbers": ("1. one\n2) two", ["one", "two"]),
    "remarks": ("Here you are:\n\n- one\n\nEnjoy!", ["one"]),
    "marks": ("- **one**\n- `two`.", ["one", "two"]),
    "nothing": ("I cannot.", []),
}


@pytest.mark.parametrize("case", LINES)
def test_entries_are_read_from_lines(case: str) -> None:
    text, expected = LINES[case]
    assert list(entries_of(text, fields=())) == expected


WRONG = {
    "no model": ({"model": None}, "no model is named; add --model NAME"),
    "an unknown language": ({"language": "xx"}, "--language 'xx' is no language"),
    "a depth of nothing": ({"depth": 0}, "--size is 9 and --depth 0"),
    "a budget without a price": ({"budget_usd": 1.0, "model": "a-model-of-mine"}, "is unknown, so --budget cannot"),
    "an unknown list": ({"like": "styels"}, "no list 'styels'. Did you mean 'styles'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_not_be_grown_is_one_sentence_and_asks_nothing(case: str, tmp_path: Path, endpoint: Endpoint) -> None:
    options, said = WRONG[case]
    options = {"model": "m", **options}
    with pytest.raises(TextbooksError, match=said):
        grow("x", tmp_path / "x.yaml", base_url=endpoint.url, size=9, **{"depth": 2, **options})
    assert not endpoint.bodies
    assert not list(tmp_path.iterdir())


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path, endpoint: Endpoint) -> None:
    (tmp_path / "x.yaml").write_text("mine")
    with pytest.raises(TextbooksError, match="is there already, and was not grown"):
        grow("x", tmp_path / "x.yaml", model="m", base_url=endpoint.url)
    with pytest.raises(TextbooksError, match=r"let it end in \.yaml"):
        grow("x", tmp_path / "x.txt", model="m", base_url=endpoint.url)


def test_a_list_that_was_edited_is_not_overwritten(tmp_path: Path, endpoint: Endpoint) -> None:
    answering(endpoint)
    result = grown(tmp_path, endpoint)
    grown(tmp_path, endpoint)
    result.path.write_text(result.path.read_text() + "- mine\n")
    with pytest.raises(TextbooksError, match="was edited since it was grown; name another --out"):
        grown(tmp_path, endpoint)


def test_useless_answers_say_how_to_ask_again(tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: completion("I cannot.")
    with pytest.raises(TextbooksError, match=r"no answer held an entry; .*\.journal', and remove it to ask"):
        grown(tmp_path, endpoint)


def test_a_recipe_of_ones_own_begins_as_the_nearest(tmp_path: Path) -> None:
    from textbooks import job as jobs

    made = start("sql-tasks", folder=tmp_path / "sql-tasks")
    job = jobs.prepare(str(made), asks=False)
    assert job.recipe.name == "sql-tasks"
    assert {step.name for step in job.recipe.spec.steps} == {"exercise"}
    based = start("mine", "labelled-stories", folder=tmp_path / "mine")
    assert jobs.prepare(str(based), asks=False).recipe.axes[0].name == "label"
    with pytest.raises(TextbooksError, match="is there already; choose another name"):
        start("mine", folder=tmp_path / "mine")
    with pytest.raises(TextbooksError, match="is no name of a recipe"):
        start("My Recipe", folder=tmp_path / "other")
    with pytest.raises(TextbooksError, match="no recipe 'tinystory'"):
        start("other", "tinystory", folder=tmp_path / "other")
