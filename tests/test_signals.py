"""Signals of quality: what ran, which ways were taken, what is not used, what a linter says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from textbooks import linting
from textbooks.build import build
from textbooks.examine import examine_answer, signals_of
from textbooks.excerpt import signals
from textbooks.excerpt.checks import Contract
from textbooks.records import Assignment, Outcome, Written
from textbooks.sandbox import Sandbox

PRINTS = Contract(rules={"prints": True})


def test_signals_tell_what_ran_and_what_is_not_used(sandbox: Sandbox) -> None:
    text = """Three words here.

```python
import math
import os


def half(x):
    \"\"\"Halve.\"\"\"
    if x < 0:
        raise ValueError(x)
    return x / 2


unused = 3
print(math.floor(half(5)))  # 2
```

```python
print(half(4))  # 2.0
```
"""
    examined = examine_answer(text, sandbox, contract=PRINTS, claims_policy="reject")
    assert examined.rejection is None
    found = signals_of(examined, sandbox)
    assert found.unused_names == ("os", "unused")
    assert (found.lines_not_reached, found.has_docstrings) == (1, True), "the raise"
    assert found.coverage == pytest.approx(8 / 9, abs=1e-3)
    assert found.branches_not_reached == 1, "the test that is always false"
    assert (found.prose_words, found.code_lines) == (3, 10)


BRANCHES = {
    "both ways": ("for x in (1, 2):\n    if x > 1:\n        print(x)\n", 0),
    "never true": ("if len('a') > 1:\n    print(1)\nprint(2)\n", 1),
    "always true": ("if len('ab') > 1:\n    print(1)\nprint(2)\n", 1),
    "an else that is reached": ("for x in (1, 2):\n    if x > 1:\n        print(x)\n    else:\n        print(0)\n", 0),
    "an else that is not": ("if len('ab') > 1:\n    print(1)\nelse:\n    print(2)\n", 1),
    "a loop that is not entered": ("for x in ():\n    print(x)\n", 1),
    "a loop that is always left early": ("for x in (1, 2):\n    break\n", 1),
    "a loop to its end": ("for x in (1, 2):\n    pass\n", 0),
    "a constant": ("while True:\n    break\n", 0),
    "a main guard": ("if __name__ == '__main__':\n    print(1)\n", 0),
    "at the end of a function": ("def f(x):\n    if x:\n        print(x)\n\n\nf(0)\nf(1)\n", 0),
    "never called": ("def f(x):\n    if x:\n        print(x)\n", 0),
    "a test of several lines": ("x = 1\nif (\n    x\n    and not x - 1\n):\n    print(x)\n", 1),
    "a case that never fits": ("match 1:\n    case 2:\n        print(2)\n    case _:\n        print(3)\n", 1),
    "an exception in the test": ("try:\n    if 1 / 0:\n        print(1)\nexcept ZeroDivisionError:\n    pass\n", 0),
}


@pytest.mark.parametrize("case", BRANCHES)
def test_ways_that_were_never_taken_are_counted(case: str, sandbox: Sandbox) -> None:
    code, expected = BRANCHES[case]
    steps = signals.steps_taken([code], sandbox.run(signals.covered([code])).stdout)
    assert steps is not None
    assert signals.branches_not_reached(code, steps[0]) == expected


def outcome(code: str, sandbox: Sandbox) -> Outcome:
    text = f"Some words.\n\n```python\n{code}```\n"
    examined = examine_answer(text, sandbox, contract=Contract(rules={}), claims_policy="reject")
    examined = replace(examined, signals=signals_of(examined, sandbox))
    written = Written(assignment=Assignment(index=0, drawn={}), custom_ids=("0" * 64,), model="m", text=text)
    return Outcome(written=written, examination=examined)


def test_a_linter_reads_many_documents_at_once_and_mixes_none_up(sandbox: Sandbox) -> None:
    codes = [
        "import os\n",
        "x = 1\nprint(x)\n",
        "def f(a=[]):  # noqa: B006\n    return a\n\n\nif f() == None:\n    print(1)\n",
    ]
    found = linting.linted([outcome(code, sandbox) for code in codes])
    lint = [one.examination.signals.lint for one in found if one.examination and one.examination.signals]
    assert lint == [("F401",), (), ("B006", "E711")]


def test_where_there_is_no_linter_its_findings_are_unknown(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linting, "_ruff", lambda: None)
    (found,) = linting.linted([outcome("import os\n", sandbox)])
    assert found.examination is not None
    assert found.examination.signals is not None
    assert found.examination.signals.lint is None
    assert linting.version() is None


def test_rows_carry_what_the_linter_found(recipe: Path, tmp_path: Path, endpoint: Any) -> None:
    import pyarrow.parquet as pq

    built = build(str(recipe), out=tmp_path / "run", base_url=endpoint.url, settings=["signals=true"])
    rows = pq.read_table(next((built.corpus / "data").glob("train-*"))).to_pylist()
    assert {tuple(row["signals"]["lint"]) for row in rows} == {()}
    assert {row["signals"]["branches_not_reached"] for row in rows} == {0}
    assert "ruff: " in (built.out / "recipe.yaml").read_text()
