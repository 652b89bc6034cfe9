"""What the documents say is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

from textbooks import assets
from textbooks.plan.lists import load_lists

ROOT = Path(__file__).parent.parent


def test_the_readme_shows_what_a_build_really_prints(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "textbooks", "build", "--out", "runs/phi1-textbook"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    shown = re.search(r"\$ make corpus\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown
    said = done.stderr.splitlines()[:1] + done.stdout.splitlines()
    assert [line.rstrip() for line in said] == shown.group(1).splitlines()
    assert (tmp_path / "runs/phi1-textbook/corpus/README.md").is_file()


def test_the_readmes_numbers_of_lists_are_true() -> None:
    text = (ROOT / "README.md").read_text()
    topics, audiences = load_lists("topics"), load_lists("audiences")
    assert f"{len(topics)} subjects with {sum(len(one.entries) for one in topics):,} topics" in text
    assert f"{sum(len(one.entries) for one in audiences)} readers" in text


def test_the_readme_shows_what_a_score_really_prints(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    name = "examples/humaneval_samples.jsonl"
    (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "textbooks", "score", name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    shown = re.search(rf"\$ textbooks score {name}[^\n]*\n(.*?)\n\$ ", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown
    assert done.stdout.splitlines() == shown.group(1).splitlines()


def test_the_python_example_of_the_box_runs() -> None:
    code = re.search(r"```python\n(from textbooks\.sandbox.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert code
    code_text = code.group(1).replace("while True: pass", "raise SystemExit")
    done = subprocess.run([sys.executable, "-c", code_text], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok", "exited_early", "raised"]


def test_every_rule_is_described() -> None:
    from textbooks.excerpt.checks import RULES

    text = (ROOT / "docs" / "recipes.md").read_text()
    assert [rule for rule in RULES if f"| `{rule}` |" not in text] == []


def test_every_file_of_the_tree_in_the_readme_exists() -> None:
    tree = (ROOT / "README.md").read_text().split("## What is where")[1].split("```text\n")[1].split("```")[0]
    for name in re.findall(r"^(?:  )?((?:[\w/.]+ ?)+?)(?:  |$)", tree, re.MULTILINE):
        for part in name.split():
            assert (ROOT / part).exists() or (ROOT / "textbooks" / part).exists(), part


def test_the_project_speaks_of_itself_alone() -> None:
    """No machine paths and no unfinished marks in what is shipped."""
    folders = [assets.PACKAGE, ROOT / "sandbox", ROOT / "topics", ROOT / "audiences", ROOT / "docs"]
    marks = re.compile("/" + "root/|/home/[a-z]+/|" + "TO" + "DO|FIX" + "ME")
    files = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".md", ".yaml", ".toml")
    ]
    assert len(files) > 60
    assert [path for path in files if marks.search(path.read_text())] == []
