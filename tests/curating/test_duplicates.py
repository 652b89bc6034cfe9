"""Near-duplicates: found whatever the order, dropped only beside a named twin that is really alike."""

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textbooks.curating.shingles import shingles, sketches, token_hashes, word_hashes
from textbooks.curation import Item, Policy, curate

WORDS = [
    f"{first}{last}" for first in "bdfgklmnprst" for last in ("ald", "end", "ill", "om", "urn", "ask", "ost", "ime")
]
POLICY = Policy(prose_likeness=0.7, code_likeness=0.85)


def prose(seed: int, words: int = 120) -> str:
    generator = random.Random(seed)
    return " ".join(generator.choice(WORDS) for _ in range(words))


def changed(text: str, seed: int, count: int) -> str:
    """Return a text with so many words changed."""
    generator, found = random.Random(seed), text.split()
    for _ in range(count):
        found[generator.randrange(len(found))] = generator.choice(WORDS)
    return " ".join(found)


def item(number: int, text: str, **more: object) -> Item:
    return Item(id=f"id{number:03d}", text=text, **more)


def dropped(items: Sequence[Item]) -> dict[str, str]:
    """Return id → id of the twin, of those that are dropped."""
    found = curate(lambda: items, POLICY)
    return {items[place].id: decision.twin for place, decision in found.decisions.items()}


def jaccard(one: str, other: str) -> float:
    sets = []
    for text in (one, other):
        hashed = word_hashes(text)
        sets.append({tuple(hashed[n : n + 5]) for n in range(len(hashed) - 4)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_a_text_with_a_few_words_changed_is_a_twin_and_another_is_not() -> None:
    first = prose(1)
    items = [item(1, first), item(2, changed(first, 7, 2)), item(3, prose(2))]
    assert dropped(items) == {"id002": "id001"}


def test_layout_case_and_punctuation_do_not_matter() -> None:
    first = prose(1)
    other = first.upper().replace(" ", ",\n", 30)
    assert dropped([item(1, first), item(2, other)]) == {"id002": "id001"}


def test_scripts_without_spaces_are_compared_by_their_letters() -> None:
    text = (
        "再帰とは、関数が自分自身を呼び出すことです。終わりの条件がなければ、いつまでも続きます。だから最初に条件を書きましょう。"
        * 2
    )
    assert len(word_hashes(text)) > 80
    assert dropped([item(1, text), item(2, text.replace("最初", "はじめ", 1))]) == {"id002": "id001"}


def test_the_better_twin_is_kept_whatever_the_order() -> None:
    first = prose(1)
    worse, better = item(1, first, quality=(1, 0.5, 0)), item(2, changed(first, 7, 2), quality=(2, 0.1, 0))
    assert dropped([worse, better]) == dropped([better, worse]) == {"id001": "id002"}


RENAMED = """
def running_total(numbers):
    total = 0
    totals = []
    for number in numbers:
        total += number
        totals.append(total)
    return totals


print(running_total([1, 2, 3]))
"""


def test_renamed_code_is_a_twin_and_code_that_does_otherwise_is_not() -> None:
    renamed = RENAMED
    for old, new in (
        ("running_total", "sums"),
        ("numbers", "xs"),
        ("number", "x"),
        ("total", "acc"),
        ("[1, 2, 3]", "[9, 8]"),
    ):
        renamed = renamed.replace(old, new)
    other = (
        RENAMED.replace("total += number", "total = max(total, number)")
        .replace("append", "insert")
        .replace("for", "while")
    )
    items = [item(1, prose(1), code=RENAMED), item(2, prose(2), code=renamed), item(3, prose(3), code=other)]
    assert token_hashes(RENAMED) != token_hashes(other)
    found = curate(lambda: items, Policy(code_likeness=0.7))
    assert {items[place].id: decision.twin for place, decision in found.decisions.items()} == {"id002": "id001"}
    assert found.decisions[1].rejection.reason == "code"


def test_comments_docstrings_and_layout_of_code_do_not_matter() -> None:
    told = RENAMED.replace("    total = 0", '    """Sum up."""\n\n    total = 0  # nothing yet')
    assert token_hashes(told) == token_hashes(RENAMED)


def test_short_texts_are_twins_only_of_the_same_words() -> None:
    items = [item(1, "Sort a list."), item(2, "sort a LIST"), item(3, "Sort a set."), item(4, ""), item(5, "")]
    assert dropped(items) == {"id002": "id001"}


def test_boilerplate_that_all_share_drops_nobody() -> None:
    common = prose(0, 60)
    items = [item(number, f"{common} {prose(number + 1, 200)}") for number in range(400)]
    assert dropped(items) == {}


def test_twins_behind_much_boilerplate_are_found_all_the_same() -> None:
    common = prose(0, 60)
    items = [item(number, f"{common} {prose(number + 1, 200)}") for number in range(400)]
    items.append(item(900, changed(items[17].text, 3, 4)))
    assert dropped(items) == {"id900": "id017"}


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), min_size=1, max_size=24),
    st.randoms(use_true_random=False),
)
def test_what_is_dropped_depends_on_no_order_and_every_twin_is_kept_and_alike(
    drawn: list[tuple[int, int]], generator: random.Random
) -> None:
    items = [
        item(number, changed(prose(base, 60), number, changes), quality=(changes % 3,))
        for number, (base, changes) in enumerate(drawn)
    ]
    found = dropped(items)
    shuffled = list(items)
    generator.shuffle(shuffled)
    assert dropped(shuffled) == found
    texts = {one.id: one.text for one in items}
    for lost, twin in found.items():
        assert twin not in found
        assert jaccard(texts[lost], texts[twin]) >= POLICY.prose_likeness
    kept = [one for one in items if one.id not in found]
    for place, one in enumerate(kept):
        for other in kept[place + 1 :]:
            assert jaccard(one.text, other.text) < 0.85  # the sketches may miss what is only just alike


@given(st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=12), max_size=8))
def test_texts_are_sketched_alike_whatever_stands_beside_them(hashed: list[list[int]]) -> None:
    flat, ends = shingles(hashed, 3)
    together = sketches(flat, ends)
    for place, ((first, last), words) in enumerate(zip(pairwise(ends), hashed, strict=True)):
        alone, edge = shingles([words], 3)
        assert list(flat[first:last]) == list(alone)
        assert len(alone) == max(len(words) - 2, 0)
        assert np.array_equal(sketches(alone, edge)[0], together[place])


def test_sketches_estimate_how_alike_texts_are() -> None:
    base = prose(5, 400)
    errors = []
    for seed in range(40):
        other = changed(base, seed, seed * 2)
        flat, ends = shingles([word_hashes(base), word_hashes(other)], 5)
        values = sketches(flat, ends)
        errors.append(float((values[0] == values[1]).mean()) - jaccard(base, other))
    assert abs(float(np.mean(errors))) < 0.03
    assert max(abs(error) for error in errors) < 0.2


@pytest.mark.parametrize("text", ["def f(:\n", "'''open", "\x00", "é" * 3, "if x:\n  a\n b\n", "x = (1,"])
def test_what_is_no_code_is_read_as_far_as_it_goes(text: str) -> None:
    assert isinstance(token_hashes(text), list)
