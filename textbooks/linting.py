"""What ruff finds in the scripts of many documents at once: a signal of quality, never a gate.

Works where ruff is installed, in the environment or on the path, and says so where it is not. Ruff reads and runs
nothing of what it reads.
"""

import functools
import json
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from textbooks.records import Outcome

SELECT = "E,F,W,B,C4,PIE,RET,SIM,UP,PLE,PLW"
"""Errors, likely bugs and detours; neither taste nor layout, which is black's."""
IGNORE = "E402,E501,B018"
"""Snippets import where they need it, and show values by naming them."""
PYTHON = "py311"
TIMEOUT_SECONDS = 300


def version() -> str | None:
    """Return the version of the ruff that would be used; None where there is none."""
    ruff = _ruff()
    return None if ruff is None else _version(ruff)


def linted(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes; those that have signals with what ruff finds in their scripts, where ruff is there."""
    ruff, result = _ruff(), list(outcomes)
    wanted = [place for place, one in enumerate(outcomes) if one.examination and one.examination.signals]
    if ruff is None or not wanted:
        return result
    for place, found in zip(wanted, _found(ruff, [_script(outcomes[place]) for place in wanted]), strict=True):
        examination = outcomes[place].examination
        if examination and examination.signals:
            signals = replace(examination.signals, lint=found)
            result[place] = replace(outcomes[place], examination=replace(examination, signals=signals))
    return result


def _script(outcome: Outcome) -> str:
    """Return the scripts of a document as one, since later ones use names of earlier ones."""
    checked = outcome.examination.checked if outcome.examination else ()
    return "\n\n".join(item.code for item in checked if item.snippet.kind != "session")


def _found(ruff: str, scripts: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the codes of what ruff finds in each script, sorted."""
    codes: list[list[str]] = [[] for _ in scripts]
    with tempfile.TemporaryDirectory(prefix="textbooks-lint-") as folder:
        for number, script in enumerate(scripts):
            (Path(folder) / f"{number}.py").write_text(script, encoding="utf-8")
        options = ["--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--output-format", "json"]
        rules = ["--select", SELECT, "--ignore", IGNORE, "--target-version", PYTHON]
        command = [ruff, "check", *options, *rules, folder]
        done = subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT_SECONDS)  # noqa: S603  # our own words
    for finding in json.loads(done.stdout):
        codes[int(Path(finding["filename"]).stem)].append(finding["code"] or "syntax")
    return [tuple(sorted(one)) for one in codes]


@functools.cache
def _ruff() -> str | None:
    beside = shutil.which("ruff", path=sysconfig.get_path("scripts"))
    return beside or shutil.which("ruff")


@functools.cache
def _version(ruff: str) -> str:
    said = subprocess.run([ruff, "--version"], capture_output=True, check=True, text=True, timeout=TIMEOUT_SECONDS)  # noqa: S603  # our own words
    return said.stdout.split()[-1]
