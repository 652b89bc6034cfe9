"""The case library: one situation a file in tests/cases/, the document and what has to be found in it together.

A line of `expect` is a snippet: its line, its kind, what became of it (`raised-as-said` where the text announces the
error) and its claims in order, `T` for true, `F` for false, `?` for not comparable, `-` for none.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from textbooks.documents import Document
from textbooks.excerpt import correcting, markdown
from textbooks.excerpt.markdown import LINE
from textbooks.sandbox import Sandbox
from textbooks.verify import Checked, check_document

CASES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in Path(__file__).parent.glob("cases/*.yaml")}
MARKS = {True: "T", False: "F", None: "?"}


def line(found: Checked) -> str:
    item = found.item
    status = "raised-as-said" if item.is_announced_error else item.verdict.status
    claims = "".join(MARKS[claim.agrees] for claim in item.claims) or "-"
    return f"{item.snippet.line} {item.snippet.kind} {status} {claims}"


def test_the_library_is_there() -> None:
    assert len(CASES) >= 120


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_document_is_read_as_its_case_says(name: str, sandbox: Sandbox) -> None:
    case: dict[str, Any] = CASES[name]
    found = check_document(Document(path=name, text=case["document"]), sandbox)
    assert [line(one) for one in found] == case["expect"], case["about"]


@pytest.mark.parametrize("name", sorted(CASES))
def test_putting_every_snippet_back_unchanged_changes_no_byte(name: str) -> None:
    text = CASES[name]["document"]
    snippets = [snippet for snippet in markdown.read(text).snippets if snippet.kind == "script"]
    assert markdown.put_back(text, {snippet: snippet.code for snippet in snippets}) == text


WRONG = sorted(name for name, case in CASES.items() if any("F" in one.split()[-1] for one in case["expect"]))


def test_there_are_wrong_claims_to_correct() -> None:
    assert len(WRONG) > 30


@pytest.mark.parametrize("name", WRONG)
def test_corrected_claims_hold_and_nothing_else_has_changed(name: str, sandbox: Sandbox) -> None:
    text = CASES[name]["document"]
    before = check_document(Document(path=name, text=text), sandbox)
    wrong = sum(claim.agrees is False for one in before for claim in one.item.claims)
    new, count, left = correcting.corrected(text, [one.item for one in before])
    assert count + left == wrong
    after = check_document(Document(path=name, text=new), sandbox)
    assert sum(claim.agrees is False for one in after for claim in one.item.claims) == left
    assert [one.item.verdict.status for one in after] == [one.item.verdict.status for one in before]
    changed = sum(a != b for a, b in zip(LINE.findall(text), LINE.findall(new), strict=False))
    if text.count("\n") == new.count("\n"):
        assert changed <= sum(claim.lines for one in before for claim in one.item.claims if claim.agrees is False)


CORRECTED = {
    "comment": ("```python\nprint(2 * 3)  # 7\n```\n", "```python\nprint(2 * 3)  # 6\n```\n"),
    "label": ("```python\nprint(2 * 3)  # Output: 7\n```\n", "```python\nprint(2 * 3)  # Output: 6\n```\n"),
    "arrow": ("```python\n2 * 3  # => 7\n```\n", "```python\n2 * 3  # => 6\n```\n"),
    "below": ("```python\nprint(6)\n# Output: 7\n```\n", "```python\nprint(6)\n# Output: 6\n```\n"),
    "session": (
        "- a\n\n  ```pycon\n  >>> 2 * 3\n  7\n  >>> 1\n  1\n  ```\n",
        "- a\n\n  ```pycon\n  >>> 2 * 3\n  6\n  >>> 1\n  1\n  ```\n",
    ),
    "session in prose": ("Try:\n\n>>> 2 * 3\n7\n", "Try:\n\n>>> 2 * 3\n6\n"),
    "block": (
        "```python\nprint(1)\nprint(2)\n```\n\n```output\n1\n3\n```\n",
        "```python\nprint(1)\nprint(2)\n```\n\n```output\n1\n2\n```\n",
    ),
    "CRLF": ("```python\r\nprint(6)  # 7\r\n```\r\n", "```python\r\nprint(6)  # 6\r\n```\r\n"),
    "no last newline": ("```python\nprint(6)  # 7", "```python\nprint(6)  # 6"),
}


@pytest.mark.parametrize("name", CORRECTED)
def test_a_claim_is_corrected_at_its_place(name: str, sandbox: Sandbox) -> None:
    text, expected = CORRECTED[name]
    found = check_document(Document(path=name, text=text), sandbox)
    assert correcting.corrected(text, [one.item for one in found]) == (expected, 1, 0)
