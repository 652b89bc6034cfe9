"""Verifying documents: every snippet with its place, findings as a linter prints them, datasets by column."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.test_cli import LINE_KEYS, textbooks
from textbooks.errors import TextbooksError
from textbooks.verify import verify

DOCUMENT = """# Title

```python
x = 3
print(x)  # 3
```

Text.

```python
print(x + 1)  # 5
```

```python
print(y)
```
"""


def test_findings_name_the_line_of_the_document(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(DOCUMENT)
    done = textbooks("verify", str(path))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{path}:11: claims '5', really '4\\n'",
        f"{path}:15: raised NameError: name 'y' is not defined",
    ]
    assert "3 snippets, 2 with findings" in done.stderr


def test_json_has_a_verdict_line_per_snippet(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(DOCUMENT)
    lines = [json.loads(line) for line in textbooks("verify", str(path), "--json").stdout.splitlines()]
    assert all(list(line) == LINE_KEYS for line in lines)
    assert [line["line"] for line in lines] == [4, 11, 15]
    assert [line["kind"] for line in lines] == ["script", "continuation", "script"]
    assert lines[0]["claims"] == [{"line": 2, "claimed": "3", "actual": "3\n", "agrees": True}]


def test_a_clean_document_is_exit_0(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("```python\nprint(1)  # 1\n```\n")
    done = textbooks("verify", str(path))
    assert (done.returncode, done.stdout) == (0, "")


def test_python_files_jsonl_and_parquet_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import sys\nprint(sys.argv)\n")
    rows = [{"id": "r0", "text": "```python\n1 / 0\n```"}, {"id": "r1", "text": "no code"}]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    found = [one.view() for one in verify([tmp_path], workers=1)]
    assert [(Path(one["path"]).name, one["row"], one["id"], one["status"]) for one in found] == [
        ("a.py", None, None, "ok"),
        ("b.jsonl", 0, "r0", "raised"),
        ("c.parquet", 0, "r0", "raised"),
    ]


def test_a_built_corpus_verifies(tmp_path: Path) -> None:
    done = textbooks("build", "--samples", "8", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0
    data = tmp_path / "runs/phi1-textbook/corpus/data"
    done = textbooks("verify", str(data), "--package", "numpy", "--package", "pandas")
    assert done.returncode == 0, done.stdout


REFUSED = {
    "a missing column": ("a.jsonl", '{"txt": "x"}\n', "row 0 has no column 'text'"),
    "a broken line": ("a.jsonl", "{\n", r"a\.jsonl:1: not JSON"),
    "no Parquet": ("a.parquet", "x", "is not a Parquet file"),
    "another kind": ("a.docx", "x", "is none of"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_one_sentence(case: str, tmp_path: Path) -> None:
    name, text, said = REFUSED[case]
    (tmp_path / name).write_text(text)
    with pytest.raises(TextbooksError, match=said):
        list(verify([tmp_path / name], workers=1))


def test_code_too_deep_to_parse_is_a_verdict(tmp_path: Path) -> None:
    (tmp_path / "deep.md").write_text(f"```python\nx = 1\ny = {'(' * 5000}1{')' * 5000}\n```\n")
    (found,) = verify([tmp_path / "deep.md"], workers=1)
    assert (found.item.verdict.status, found.line) == ("syntax_error", 3)


def test_what_a_snippet_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("```python\nraise ValueError('\\x1b[31mred\\nnext')\n```\n")
    done = textbooks("verify", str(tmp_path / "a.md"))
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_tables_of_a_folder_without_the_column_are_passed_over(tmp_path: Path) -> None:
    pq.write_table(pa.table({"code": ["x"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": ["```python\n1 / 0\n```"]}), tmp_path / "b.parquet")
    assert [one.item.verdict.status for one in verify([str(tmp_path)], workers=1)] == ["raised"]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfprint(1)  # 1\n")
    (tmp_path / "b.md").write_bytes(b"\xef\xbb\xbf```python\nprint(1)  # 1\n```\n")
    assert [one.item.verdict.status for one in verify([tmp_path], workers=1)] == ["ok", "ok"]


def test_an_empty_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TextbooksError, match="holds no"):
        list(verify([tmp_path]))


RST = """Title
=====

.. code-block:: python
   :linenos:

   x = 3
   print(x)  # 4

A session:

>>> 1 + 1
3

In a literal block::

    print(2)  # 2

.. code-block:: bash

   ls

.. testcode::

   print(5)

.. testoutput::

   6

.. note::

   >>> 2 * 2
   4

..
   print(1 / 0)
"""


def test_restructured_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.rst"
    path.write_text(RST)
    found = [one.view() for one in verify([path], workers=1)]
    assert [(one["line"], one["kind"], [claim["agrees"] for claim in one["claims"]]) for one in found] == [
        (7, "script", [False]),
        (12, "session", [False]),
        (17, "script", [True]),
        (25, "script", [False]),
        (33, "session", [True]),
    ]


def cell(source: str, kind: str = "code") -> dict[str, object]:
    return {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {}, "outputs": []}


def test_notebooks_are_read_cell_by_cell(tmp_path: Path) -> None:
    cells = [
        cell("# Title", "markdown"),
        cell("%matplotlib inline\n!pip install x\nx = 7"),
        cell("%%bash\nls"),
        cell("print(x)  # 8"),
        cell('text = """\nwhat?\n"""\nprint(x %\n2)'),
        cell("y"),
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    found = list(verify([path], workers=1))
    assert [(one.row, one.item.verdict.status) for one in found] == [(1, "ok"), (3, "ok"), (4, "ok"), (5, "raised")]
    assert found[1].words() == [f"{path}[3]:1: claims '8', really '7\\n'"]


def test_an_error_that_a_notebook_stores_is_announced_and_shell_commands_are_no_snippet(tmp_path: Path) -> None:
    def cell(source: str, *outputs: dict[str, object]) -> dict[str, object]:
        return {"cell_type": "code", "source": source, "outputs": list(outputs)}

    error = {"output_type": "error", "ename": "ValueError", "evalue": "substring not found", "traceback": []}
    cells = [cell("!ls\n%matplotlib inline"), cell("'abc'.index('x')", error), cell("'abc'.index('y') + 1 / 0", error)]
    cells.append(cell("{}['k']", error))
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    found = list(verify([tmp_path / "a.ipynb"]))
    assert [(one.row, one.is_finding) for one in found] == [(1, False), (2, False), (3, True)]


def test_what_is_no_notebook_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{}")
    with pytest.raises(TextbooksError, match="is not a notebook"):
        list(verify([tmp_path / "a.ipynb"], workers=1))


UNTIDY = """# Title

```python
x=1
print( x )  # 2
```

```python
def broken(:
```

>>> 2 * 3
7

<!-- textbooks: skip -->
```python
import nowhere
```

```python notest
import nowhere
```
"""


def test_fix_formats_and_corrects_in_place_and_reports_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(UNTIDY)
    done = textbooks("verify", str(path), "--fix")
    assert done.returncode == 1
    assert (
        done.stdout.splitlines()
        == [f"{path}:9: syntax_error SyntaxError: Cannot parse for target version Python 3.11: 1:11: def broken(:"]
        or "syntax_error" in done.stdout
    )
    text = path.read_text()
    assert text == UNTIDY.replace("x=1\nprint( x )  # 2", "x = 1\nprint(x)  # 1").replace("7\n", "6\n")
    path.write_text(text.replace("def broken(:", "y = 2"))
    again = textbooks("verify", str(path), "--fix")
    assert (again.returncode, again.stdout) == (0, "")


def test_the_readme_of_this_project_verifies() -> None:
    root = Path(__file__).parent.parent
    done = textbooks("verify", str(root / "README.md"))
    assert done.returncode == 0, done.stdout
    assert int(done.stderr.split()[0]) >= 1


def test_an_error_in_a_session_is_told_with_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("```python\nx = 1\n```\n\n```python\n>>> x\n1\n>>> x / 0\n```\n")
    assert [words for one in verify([path], workers=1) for words in one.words()] == [
        f"{path}:8: raised ZeroDivisionError: division by zero"
    ]


def test_a_contract_measures_each_document(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# Title\n\nFew words.\n\n```python\nprint(1)  # 1\n```\n")
    done = textbooks("verify", str(path), "--contract", "phi1-textbook", "--json")
    snippet, document = (json.loads(line) for line in done.stdout.splitlines())
    assert snippet["status"] == "ok"
    assert set(document) == {"path", "row", "contract"}
    assert document["contract"]["plain_prose"] == {"ok": False, "value": "1 headings", "limit": True}
    assert document["contract"]["prints"]["ok"] is True
    assert done.returncode == 1
    said = textbooks("verify", str(path), "--contract", "phi1-textbook").stdout
    assert f"{path}:1: contract: words: measured 2, the rule says [" in said
