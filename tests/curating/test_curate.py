"""`textbooks curate`: evidence for every row of any dataset, and a copy that is clean."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.curating.planted_rewrites import rewrites
from tests.curating.test_duplicates import prose
from textbooks.curate import curate
from textbooks.errors import TextbooksError

REWRITE = next(one for one in rewrites() if one.task_id == "HumanEval/115" and one.kind == "renamed")
CLEAN = "def shout(words):\n    return [word.upper() + '!' for word in words if word.startswith('q')]\n"
CLASSIC = "def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a\n"


def textbooks(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "textbooks", *arguments], capture_output=True, text=True, timeout=120)


def dataset(path: Path) -> Path:
    texts = {"clean": CLEAN, "leak": REWRITE.code, "classic": CLASSIC, "one": prose(1), "two": f"{prose(1)}!"}
    rows = [{"id": name, "code": text, "n": number} for number, (name, text) in enumerate(texts.items())]
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    return path


def ids(path: Path) -> list[str]:
    if path.suffix == ".jsonl":
        return [json.loads(line)["id"] for line in path.read_text().splitlines()]
    return pq.read_table(path).column("id").to_pylist()


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_every_row_has_its_evidence_and_the_copy_has_the_rest(tmp_path: Path, name: str) -> None:
    path = dataset(tmp_path / name)
    done = textbooks("curate", str(path), "--column", "code", "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 1, done.stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    by_id = {line["id"]: line for line in lines[:-1]}
    assert [line["row"] for line in lines[:-1]] == [0, 1, 2, 3, 4]
    assert by_id["leak"]["reason"] == "contamination: behaviour"
    assert {(one["lens"], one["task_id"]) for one in by_id["leak"]["contamination"]} == {("behaviour", "HumanEval/115")}
    assert by_id["classic"]["kept"]
    assert all(one["trivial"] for one in by_id["classic"]["contamination"])
    assert (by_id["two"]["duplicate_of"], by_id["two"]["reason"]) == ("one", "duplicates: prose")
    assert by_id["clean"] == {
        **{"path": str(path), "row": 0, "id": "clean", "contamination": []},
        **{"duplicate_of": None, "kept": True, "reason": None},
    }
    assert ids(tmp_path / "out" / "clean" / name) == ["clean", "classic", "one"]
    written = [json.loads(line) for line in (tmp_path / "out" / "evidence.jsonl").read_text().splitlines()]
    assert written == lines[:-1]
    summary = lines[-1]["summary"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary
    assert (summary["rows"], summary["kept"]) == (5, 3)
    assert summary["contamination"]["behaviour"] == {"HumanEval/115": 1}
    assert summary["duplicates"]["prose"] == 1


def test_the_policy_can_be_set_and_nothing_need_be_run(tmp_path: Path) -> None:
    path = dataset(tmp_path / "rows.jsonl")
    wanted = ["behaviour=flag", "trivial=reject", "prose_likeness=null"]
    *rows, _ = list(curate(path, column="code", settings=wanted))
    assert [one.id for one in rows if not one.kept] == ["classic"]
    *rows, _ = list(curate(path, column="code", runs=False, settings=["prose_likeness=null"]))
    assert all(one.kept for one in rows)
    assert {match.lens for one in rows for match in one.matches} == {"structure"}


def test_documents_are_rows_and_their_snippets_the_code(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "leak.md").write_text(f"# A page\n\n```python\n{REWRITE.code}```\n")
    (folder / "clean.md").write_text(f"# A page\n\n```python\n{CLEAN}```\n")
    done = textbooks("curate", str(folder), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert f"leak.md: behaviour HumanEval/115 1: {REWRITE.name} passes the problem's tests, given its" in done.stdout
    assert "benchmark problems by behaviour: 1 row: HumanEval/115" in done.stdout
    assert [path.name for path in (tmp_path / "out" / "clean").iterdir()] == ["clean.md"]


def test_what_is_clean_is_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": CLEAN}) + "\n" + json.dumps({"text": CLASSIC}) + "\n")
    done = textbooks("curate", str(path))
    assert (done.returncode, done.stderr) == (0, "2 rows, 2 kept\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--column", "text"], "has no column 'text'"),
        (["--column", "code", "--set", "proze_likeness=1"], "Did you mean 'prose_likeness'?"),
        (["--column", "code", "--set", "text=drop"], "'reject' or 'flag'"),
        (["--column", "code", "--problems", "missing.jsonl"], "cannot read 'missing.jsonl'"),
        (["--column", "code", "--out", "."], "holds other things"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    dataset(tmp_path / "rows.jsonl")
    monkeypatch.chdir(tmp_path)
    done = textbooks("curate", "rows.jsonl", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_rows_without_an_id_are_named_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(2 * (json.dumps({"text": prose(1)}) + "\n"))
    first, second, _ = list(curate(path))
    assert (first.kept, second.kept, second.duplicate_of) == (True, False, f"{path}:0")


def test_what_does_not_parse_hides_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    texts = [
        f"```python\n{broken}\n```\n\n```python\n{REWRITE.code}```\n" for broken in ("broken(", "print 'hi'", "x = 1")
    ]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    *rows, _ = list(curate(path, settings=["code_likeness=null", "prose_likeness=null"]))
    assert [one.reason for one in rows] == ["behaviour"] * 3


def test_the_copy_has_the_lines_byte_for_byte_and_a_used_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    lines = [
        b'{"text":  "caf\xc3\xa9 \\u00e9"}\r\n',
        b"\n",
        json.dumps({"text": REWRITE.code}).encode() + b"\n",
        b'{"text": "last"}',
    ]
    path.write_bytes(b"".join(lines))
    list(curate(path, out=tmp_path / "out"))
    assert (tmp_path / "out/clean/rows.jsonl").read_bytes() == lines[0] + lines[3]
    with pytest.raises(TextbooksError, match="name a new folder"):
        list(curate(path, out=tmp_path / "out"))


def test_the_summary_says_what_was_looked_for_and_how(tmp_path: Path) -> None:
    done = textbooks("curate", str(dataset(tmp_path / "rows.jsonl")), "--column", "code", "--no-run")
    assert "benchmark problems by behaviour: not looked for" in done.stdout
    *_, summary = list(curate(tmp_path / "rows.jsonl", column="code", runs=False, settings=["curate.text=flag"]))
    assert (summary["made_with"]["ran"], summary["made_with"]["isolation"]) == (False, None)
    assert summary["made_with"]["policy"]["text"] == "flag"
    assert summary["made_with"]["problems"] == ["HumanEval"]
