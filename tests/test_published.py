"""What is published is what was measured and what ran, whatever the answer looks like."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from textbooks.examine import examine_answer
from textbooks.excerpt import markdown
from textbooks.excerpt.checks import Contract
from textbooks.sandbox import Sandbox

PRINTS = Contract(rules={"prints": True})
PIECES = [
    "```python\n",
    "```\n",
    "~~~py\n",
    "x=1\n",
    "  y  =  2\n",
    "> ",
    "- ",
    "  ",
    "\t",
    "text\n",
    "\n",
    "\r\n",
    "\x0c",
    "\u2028",
    '"""a  \n',
    '"""\n',
    "    z=3\n",
    "1. ",
    "<!--\n",
    "-->\n",
    "print( 'é' )\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_reading_never_fails_and_positions_lie_in_the_document(parts: list[str]) -> None:
    text = "".join(parts)
    lines = markdown.LINE.findall(text)
    for snippet in markdown.read(text).snippets:
        assert 1 <= snippet.line < snippet.end_line <= len(lines) + 1


@given(st.lists(st.sampled_from(PIECES), max_size=25))
@example(["- ", "```python\n", "\t", "```python\n"])
def test_code_put_back_unchanged_is_read_again_unchanged(parts: list[str]) -> None:
    text = "".join(parts)
    own = {s: s.code for s in markdown.read(text).snippets if s.kind == "script"}
    again = markdown.read(markdown.put_back(text, own)).snippets
    assert [s.code.rstrip("\n") for s in again if s.kind == "script"] == [code.rstrip("\n") for code in own.values()]


PUBLISHED = {
    "unclosed without a last newline": "A.\n\n```python\nx=1\nprint( x )  # 1",
    "a form feed in the prose": "A\x0cB.\n\n```python\nx=1\nprint(x)  # 1\n```\n",
    "a separator in a text": "A.\n\n```python\ns='a\u2028b'\nprint(len(s))  # 3\n```\n",
    "blanks at the end of a text": 'A.\n\n```python\ns = """a  \nb"""\nprint(len(s))  # 5\n```\n',
    "in a list": "- A.\n\n  ```python\n  def f():\n      return 1\n  print(f())  # 1\n  ```\n",
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_what_is_published_is_what_ran(case: str, sandbox: Sandbox) -> None:
    examined = examine_answer(PUBLISHED[case], sandbox, contract=PRINTS, claims_policy="reject")
    assert examined.rejection is None, examined.rejection
    again = markdown.read(examined.text).snippets
    assert [s.code for s in again] == [item.code for item in examined.checked]
    assert [s.line for s in again] == [item.snippet.line for item in examined.checked]


def test_the_contract_is_measured_on_what_is_published(sandbox: Sandbox) -> None:
    long_call = "print(" + ", ".join(f"number_{i}" for i in range(12)) + ")"
    text = "A.\n\n```python\n" + "".join(f"number_{i} = {i}\n" for i in range(12)) + long_call + "\n```\n"
    examined = examine_answer(text, sandbox, contract=Contract(rules={"snippet_lines": 13}), claims_policy="ignore")
    assert examined.rejection is not None
    assert examined.rejection.reason == "snippet_lines"


def test_a_future_import_in_a_continuation_stands_first(sandbox: Sandbox) -> None:
    text = "```python\nx = 5\n```\n\n```python\nfrom __future__ import annotations\n\nprint(x)  # 5\n1 / 0\n```\n"
    second = examine_answer(text, sandbox, contract=Contract(rules={}), claims_policy="reject").checked[1]
    assert (second.verdict.status, second.verdict.error_line, second.claims[0].agrees) == ("raised", 4, True)


NOT_PYTHON_FOR_CPYTHON = {
    "a parameter twice": "def f(x, x): pass",
    "assignment to a call": "f() = 1",
    "positional after keyword": "print(a=1, 2)",
    "nonlocal at the top": "nonlocal x",
    "global after use": "def f():\n    x = 1\n    global x",
    "a lone surrogate": "x = '\ud83d'",
    "too deep": "x = " + "(" * 3000 + "1" + ")" * 3000,
}


@pytest.mark.parametrize("case", NOT_PYTHON_FOR_CPYTHON)
def test_code_that_only_black_would_take_is_a_rejection(case: str, sandbox: Sandbox) -> None:
    text = f"A.\n\n```python\n{NOT_PYTHON_FOR_CPYTHON[case]}\n```\n"
    examined = examine_answer(text, sandbox, contract=Contract(rules={"python": "3.11"}), claims_policy="reject")
    assert examined.rejection is not None
    assert examined.rejection.reason == "syntax_error"


def test_code_behind_a_tab_that_a_list_takes_a_part_of_is_replaced_at_its_column() -> None:
    text = "- ```python\n\tx=1\n\ty  =2\n  ```\n"
    (snippet,) = markdown.read(text).snippets
    again = markdown.read(markdown.put_back(text, {snippet: "if True:\n    x = 1\n"})).snippets
    assert [one.code for one in again] == ["if True:\n    x = 1\n"]
