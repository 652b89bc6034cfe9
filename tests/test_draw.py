"""What the plan promises: no repeats before exhaustion, balanced prefixes, random access, stability under growth."""

import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textbooks.errors import TextbooksError
from textbooks.plan.draw import Axis, Plan, permuted
from textbooks.records import Entry


def axis(name: str, size: int, **more: object) -> Axis:
    return Axis(name=name, entries=tuple(Entry(name=f"{name}{i}", fields={}) for i in range(size)), **more)


def names(plan: Plan, index: int) -> tuple[str, ...]:
    return tuple("+".join(entry.name for entry in entries) for entries in plan[index].drawn.values())


sizes = st.lists(st.integers(1, 7), min_size=1, max_size=4)
seeds = st.integers(0, 10**6)


@given(sizes=sizes, seed=seeds)
def test_no_combination_repeats_and_all_are_drawn(sizes: list[int], seed: int) -> None:
    plan = Plan([axis(f"a{i}", size) for i, size in enumerate(sizes)], seed=seed)
    drawn = [names(plan, index) for index in range(len(plan))]
    assert len(plan) == math.prod(sizes) == len(set(drawn))


def spread(counts: Counter) -> int:
    return max(counts.values()) - min(counts.values())


@given(sizes=sizes, seed=seeds)
def test_every_prefix_is_balanced_within_the_stated_bounds(sizes: list[int], seed: int) -> None:
    plan = Plan([axis(f"a{i}", size) for i, size in enumerate(sizes)], seed=seed)
    counts = [Counter({f"a{i}{j}": 0 for j in range(size)}) for i, size in enumerate(sizes)]
    for index in range(len(plan)):
        for position, name in enumerate(names(plan, index)):
            counts[position][name] += 1
            is_tight = position == 0 or index < sizes[0]
            assert spread(counts[position]) <= (1 if is_tight else 1 + sizes[position] // 2)


def tied(lengths: list[int], *others: Axis) -> list[Axis]:
    """A first axis p with a list of so many c for each of its values, and other axes."""
    entries = tuple(
        Entry(name=f"c{parent}.{child}", fields={"list": f"p{parent}"})
        for parent, length in enumerate(lengths)
        for child in range(length)
    )
    return [axis("p", len(lengths)), Axis(name="c", entries=entries, given={"p": "list"}), *others]


lengths = st.lists(st.integers(1, 8), min_size=1, max_size=6)


@given(lengths=lengths, size=st.integers(1, 6), seed=seeds)
def test_tied_axes_are_balanced_within_the_stated_bounds(lengths: list[int], size: int, seed: int) -> None:
    plan = Plan(tied(lengths, axis("b", size)), seed=seed)
    parents = Counter({f"p{i}": 0 for i in range(len(lengths))})
    children = {f"p{i}": Counter({f"c{i}.{j}": 0 for j in range(n)}) for i, n in enumerate(lengths)}
    others = Counter({f"b{i}": 0 for i in range(size)})
    assert len(plan) == sum(lengths) * size
    for index in range(len(plan)):
        parent, child, other = names(plan, index)
        parents[parent] += 1
        children[parent][child] += 1
        others[other] += 1
        if index < min(lengths) * size * len(lengths):
            assert spread(parents) <= 1
        assert spread(children[parent]) <= 1
        if index < len(lengths):
            assert spread(others) <= 1
        elif index < min(lengths) * len(lengths):
            assert spread(others) <= 1 + size // 2
        else:
            assert spread(others) <= len(lengths) * (2 + size // 2)
    assert len({names(plan, index) for index in range(len(plan))}) == len(plan)


@given(lengths=lengths, size=st.integers(1, 6), seed=seeds, data=st.data())
def test_growing_tied_lists_keeps_every_assignment(
    lengths: list[int], size: int, seed: int, data: st.DataObject
) -> None:
    others = [axis("b", size), axis("d", 3)]
    grown = list(lengths)
    grown[data.draw(st.integers(0, len(grown) - 1))] += data.draw(st.integers(1, 3))
    if data.draw(st.booleans()):
        grown.append(data.draw(st.integers(1, 4)))
    before, after = Plan(tied(lengths, *others), seed=seed), Plan(tied(grown, *others), seed=seed)
    old = [names(before, index) for index in range(len(before))]
    new = [names(after, index) for index in range(len(after))]
    assert set(old) <= set(new)
    first_new = next(index for index, drawn in enumerate(new) if drawn not in set(old))
    assert new[:first_new] == old[:first_new]


@given(sizes=sizes, seed=seeds, data=st.data())
def test_random_access_equals_sequential(sizes: list[int], seed: int, data: st.DataObject) -> None:
    axes = [axis(f"a{i}", size) for i, size in enumerate(sizes)]
    sequential = list(Plan(axes, seed=seed))
    index = data.draw(st.integers(0, len(sequential) - 1))
    assert Plan(axes, seed=seed)[index] == sequential[index]


@given(sizes=sizes, seed=seeds, added=st.integers(1, 3))
def test_growing_the_first_list_keeps_every_assignment_and_moves_none_in_the_first_round(
    sizes: list[int], seed: int, added: int
) -> None:
    others = [axis(f"b{i}", size) for i, size in enumerate(sizes[1:])]
    before = Plan([axis("a", sizes[0]), *others], seed=seed)
    after = Plan([axis("a", sizes[0] + added), *others], seed=seed)
    for index in range(sizes[0]):
        assert names(before, index) == names(after, index)
    assert {names(before, i) for i in range(len(before))} <= {names(after, i) for i in range(len(after))}


@given(sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4), seed=seeds, added=st.integers(1, 3))
def test_growing_another_list_moves_only_that_axis_in_the_first_round(sizes: list[int], seed: int, added: int) -> None:
    before = Plan([axis(f"a{i}", size) for i, size in enumerate(sizes)], seed=seed)
    after = Plan([axis(f"a{i}", size + (added if i == 1 else 0)) for i, size in enumerate(sizes)], seed=seed)
    for index in range(sizes[0]):
        old, new = names(before, index), names(after, index)
        assert old[:1] + old[2:] == new[:1] + new[2:]


@given(size=st.integers(1, 5000), seed=seeds)
@settings(max_examples=30)
def test_the_keyed_permutation_is_one(size: int, seed: int) -> None:
    key = str(seed).encode()
    assert sorted(permuted(key, size, place) for place in range(size)) == list(range(size))


def test_seeds_give_different_pairings() -> None:
    axes = [axis("a", 40), axis("b", 7), axis("c", 5)]
    plans = {tuple(names(Plan(axes, seed=seed), i) for i in range(40)) for seed in range(20)}
    assert len(plans) == 20


def test_other_axes_are_not_tied_to_each_other() -> None:
    plan = Plan([axis("a", 400), axis("b", 4), axis("c", 4)], seed=5)
    pairs = Counter(names(plan, index)[1:] for index in range(400))
    assert len(pairs) == 16
    assert max(pairs.values()) < 60


def test_a_huge_space_costs_nothing() -> None:
    plan = Plan([axis(f"a{i}", 1000) for i in range(4)], seed=1)
    assert len(plan) == 10**12
    assert plan[10**12 - 1].index == 10**12 - 1
    with pytest.raises(IndexError):
        plan[10**12]


def interpreters() -> list[str]:
    versions = Path.home() / ".pyenv" / "versions"
    others = [str(path) for path in sorted(versions.glob("3.1[1-9]*/bin/python"))]
    return [sys.executable, *others]


def test_the_plan_is_the_same_in_every_process_and_python_version() -> None:
    plan = Plan([axis("a", 50), axis("b", 7), axis("c", 5, pick=(1, 3))], seed=11)
    here = [names(plan, index) for index in range(0, 5000, 37)]
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from textbooks.plan.draw import Axis, Plan
from textbooks.records import Entry
def axis(name, size, **more):
    return Axis(name=name, entries=tuple(Entry(name=f"{{name}}{{i}}", fields={{}}) for i in range(size)), **more)
plan = Plan([axis("a", 50), axis("b", 7), axis("c", 5, pick=(1, 3))], seed=11)
print([tuple("+".join(e.name for e in es) for es in plan[i].drawn.values()) for i in range(0, 5000, 37)])
"""
    for interpreter in interpreters():
        done = subprocess.run(
            [interpreter, "-S", "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": "random", "PATH": os.environ["PATH"]},
        )
        assert done.stdout.strip() == str(here)


def test_given_keeps_the_entries_of_the_drawn_parent_and_parents_take_turns() -> None:
    plan = Plan(tied([3, 1], axis("b", 2)), seed=1)
    assert [names(plan, i)[:2] for i in range(6)] == [
        ("p0", "c0.0"),
        ("p1", "c1.0"),
        ("p0", "c0.1"),
        ("p1", "c1.0"),
        ("p0", "c0.2"),
        ("p0", "c0.0"),
    ]


def test_pick_draws_distinct_entries_of_every_size() -> None:
    plan = Plan([axis("a", 30), axis("f", 4, pick=(0, 2))], seed=2)
    drawn = [plan[i].columns()["f"] for i in range(len(plan))]
    assert {len(names) for names in drawn} == {0, 1, 2}
    assert all(len(set(names)) == len(names) for names in drawn)
    assert len({tuple(names) for names in drawn}) == 1 + 4 + 6


def test_weights_draw_an_entry_more_often_but_never_the_same_combination() -> None:
    heavy = Axis(name="a", entries=(Entry(name="h", fields={}, weight=3), Entry(name="l", fields={})))
    plan = Plan([heavy, axis("b", 9)], seed=1)
    drawn = [names(plan, i) for i in range(len(plan))]
    assert Counter(first for first, _ in drawn[:12]) == {"h": 9, "l": 3}
    assert len(set(drawn)) == len(drawn) == 18


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ([axis("a", 3), axis("b", 2, given={"c": "list"})], "no earlier axis"),
        ([axis("a", 2, pick=(1, 3))], "picks 1 to 3 of 2"),
        ([axis("a", 2), Axis(name="b", entries=(Entry(name="x", fields={}, weight=2),))], "first axis only"),
        ([axis("a", 2), axis("b", 2, given={"a": "list"})], "no values left for 'a0'"),
    ],
)
def test_an_axis_that_cannot_be_drawn_is_one_sentence(axes: list[Axis], said: str) -> None:
    with pytest.raises(TextbooksError, match=said):
        Plan(axes, seed=1)
