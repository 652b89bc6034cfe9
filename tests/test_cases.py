"""The case library: one situation a file in tests/cases/, the document and what has to be found in it together.

A line of `expect` is a snippet: its line, its kind, what became of it (`raised-as-said` where the text announces the
error) and its claims in order, `T` for true, `F` for false, `?` for not comparable, `-` for none.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from textbooks.excerpt import markdown
from textbooks.sandbox import Sandbox
from textbooks.verify import Checked, Document, check_document

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
