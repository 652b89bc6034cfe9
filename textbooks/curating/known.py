"""What is known of single problems: which are classics, which have weak tests, which are slow. Compares nothing.

The rule of what is trivial stands here, whole: a match by structure or behaviour is trivial where the problem is listed
as a classic or as weakly tested, or, of a file without such a list, where its solution is below LEAST_NODES; and a
match by structure also where the matched function is below them. A passage of text is never trivial, and where a
text holds one, neither is what else it has in common with that problem.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import yaml

from textbooks.records import Match

FILE = Path(__file__).parent / "humaneval.yaml"
FAMILY = "HumanEval/"


@lru_cache(maxsize=1)
def _known() -> dict[str, frozenset[str]]:
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {kind: frozenset(f"{FAMILY}{number}" for number in numbers) for kind, numbers in found.items()}


def ordinary() -> frozenset[str]:
    """Return the problems that ordinary textbook functions solve."""
    return _known()["classic"] | _known()["weak_tests"]


@lru_cache(maxsize=1)
def slow() -> dict[str, float]:
    """Return problem → seconds of processor time that its first cases may take, where that is more than usual."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))["slow"]
    return {f"{FAMILY}{number}": float(seconds) for number, seconds in found.items()}


def with_trivial(matches: Sequence[Match], small: frozenset[str]) -> tuple[Match, ...]:
    """Return the matches of one text, those marked that are trivial; `small` are the problems with small solutions."""
    quoted = {match.task_id for match in matches if match.lens == "text"}
    listed = ordinary()

    def is_trivial(match: Match) -> bool:
        if match.task_id in quoted:
            return False
        return match.trivial or match.task_id in (listed if match.task_id.startswith(FAMILY) else small)

    return tuple(replace(match, trivial=is_trivial(match)) for match in matches)
