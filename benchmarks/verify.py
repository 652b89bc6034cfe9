"""How many excerpts a second one core reads, formats, runs and compares, beside others: `make bench-verify`.

All on one processor, on the shipped recordings of phi1-textbook. This project's whole path is `examine_answer`: every
step of a build between the answer and the row, in the box. Beside it, a pytest process for each snippet, as a harness
that wants isolation does it (nothing formatted, nothing compared), and, with --pytest-examples PYTHON, one process of
pytest-examples, which runs snippets in its own process, without a box, and compares what is printed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from textbooks import job as jobs
from textbooks.examine import examine_answer
from textbooks.excerpt import markdown
from textbooks.excerpt.checks import Contract
from textbooks.sandbox import Sandbox
from textbooks.teacher.teacher import shipped_recordings

RECIPE = "phi1-textbook"
PROCESSES = 30
"""Snippets that are given a pytest process each; all would take minutes."""
PEER = """
import pathlib, sys
import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

@pytest.mark.parametrize("example", find_examples(*sorted(pathlib.Path(sys.argv[-1]).glob("*.md"))), ids=str)
def test_example(example: CodeExample, eval_example: EvalExample):
    eval_example.run_print_check(example)
"""


def answers() -> list[str]:
    (path,) = shipped_recordings(RECIPE)
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [row["response"]["body"]["choices"][0]["message"]["content"] for row in rows]


def ours(texts: list[str]) -> float:
    """Return the seconds that all excerpts take, one after another."""
    job = jobs.prepare(RECIPE, asks=False)
    contracts = [Contract(rules=job.recipe.rules_for(job.plan[index])) for index in range(len(texts))]
    with Sandbox(policy=job.policy) as box:
        for text, contract in zip(
            texts[:20], contracts, strict=False
        ):  # until the modules are loaded and the box is warm
            examine_answer(text, box, contract=contract, claims_policy="reject")
        started = time.perf_counter()
        for text, contract in zip(texts, contracts, strict=True):
            examine_answer(text, box, contract=contract, claims_policy="reject")
        return time.perf_counter() - started


def a_pytest_for_each(snippets: list[str], folder: Path) -> float:
    """Return the seconds that a snippet takes in a pytest process of its own."""
    started = time.perf_counter()
    for number, code in enumerate(snippets[:PROCESSES]):
        path = folder / f"test_{number}.py"
        path.write_text("def test_snippet():\n    exec(" + repr(code) + ", {'__name__': '__main__'})\n")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(path)]
        subprocess.run(command, capture_output=True, check=False)  # one that builds on another fails; no matter
    return (time.perf_counter() - started) / PROCESSES


def pytest_examples(texts: list[str], folder: Path, python: Path) -> float:
    """Return the seconds that pytest-examples takes for all excerpts, start and all."""
    documents = folder / "documents"
    documents.mkdir()
    for number, text in enumerate(texts):
        (documents / f"{number:03}.md").write_text(text)
    test = folder / "test_documents.py"
    test.write_text(PEER.replace("sys.argv[-1]", repr(str(documents))))
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--tb=no", str(test)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"  (pytest-examples: {done.stdout.strip().splitlines()[-1]})")
    return time.perf_counter() - started


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pytest-examples", type=Path, metavar="PYTHON", help="where pytest-examples is installed")
    chosen = options.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = answers()
    snippets = [snippet.code for text in texts for snippet in markdown.read(text).snippets]
    print(f"{len(texts)} excerpts, {len(snippets)} snippets, one processor")
    seconds = ours(texts)
    print(f"textbooks, in the box      {len(texts) / seconds:7.1f} excerpts/s   1.0×")
    with tempfile.TemporaryDirectory() as name:
        each = a_pytest_for_each(snippets, Path(name)) * len(snippets)
        print(f"a pytest for each snippet  {len(texts) / each:7.1f} excerpts/s   {seconds / each:.2f}×")
        if chosen.pytest_examples:
            peer = pytest_examples(texts, Path(name), chosen.pytest_examples)
            print(f"pytest-examples, no box    {len(texts) / peer:7.1f} excerpts/s   {seconds / peer:.2f}×")


if __name__ == "__main__":
    main()
