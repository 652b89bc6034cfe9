"""Text lens: passages that a text shares with a problem, word for word, whatever the layout.

An index of all runs of NGRAM words over prompts and solutions; a hit is confirmed by the longest run that text and
problem have in common. Runs that several problems share (imports, signatures) are left out. Sees no paraphrase: that
is for the other lenses.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from textbooks.problems import Problem
from textbooks.records import Match

WORD = re.compile(r"[^\W_]+")
EXAMPLES = re.compile(r">>>|\b(?:for )?examples?\b|==>|\be\.g\.", re.IGNORECASE)
NGRAM = 8
COMMON_PROBLEMS = 3
"""A run that so many problems hold is nobody's own."""
LEAST_SHARE, LEAST_WORDS, ALWAYS_WORDS = 0.4, 12, 20
"""A longest run of so large a share of a prompt's or solution's words, if it is no shorter than that, is a hit; and so
is any of ALWAYS_WORDS. Shorter ones are anybody's: `while b: a, b = b, a % b`."""
WHOLE_SHARE = 0.9
"""Of what a prompt says in words so large a share is a hit, too."""
TEMPLATE_ROWS, TEMPLATE_SHARE = 10, 0.01
"""A passage that more rows than both of these hold is the template's, and says nothing of the row."""

Run = tuple[str, ...]


class TextIndex:
    """The runs of words of all problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._units: list[tuple[str, list[str]]] = []
        statements = set()
        for problem in problems:
            body = (problem.solution or "").removeprefix(problem.prompt)
            for text in (problem.prompt, body, said := statement(problem.prompt)):
                if found := words(text):
                    statements |= {len(self._units)} if text is said else set()
                    self._units.append((problem.task_id, found))
        self._statements = frozenset(statements)
        places: dict[Run, list[tuple[int, int]]] = defaultdict(list)
        for unit, (_, found) in enumerate(self._units):
            for start, run in _runs(found):
                places[run].append((unit, start))
        self._places = {
            run: where
            for run, where in places.items()
            if len({self._units[unit][0] for unit, _ in where}) < COMMON_PROBLEMS
        }

    def matches(self, text: str) -> list[Match]:
        """Return every problem of which a text holds a passage, with the longest one, the largest share first."""
        found = words(text)
        best: dict[str, Match] = {}
        ends: dict[tuple[int, int], int] = {}
        for place, run in _runs(found):
            for unit, start in self._places.get(run, ()):
                # A passage is one run behind the other along the same diagonal of text and problem.
                diagonal = (unit, start - place)
                if ends.get(diagonal, -1) >= start + len(run):
                    continue
                task_id, own = self._units[unit]
                length = _common_length(found, place, own, start)
                ends[diagonal] = start + length
                score = length / len(own)
                is_whole = score >= WHOLE_SHARE and unit in self._statements
                if length < ALWAYS_WORDS and not is_whole and (score < LEAST_SHARE or length < LEAST_WORDS):
                    continue
                if task_id not in best or best[task_id].score < score:
                    passage = " ".join(found[place : place + length])
                    best[task_id] = Match(lens="text", task_id=task_id, score=round(score, 4), evidence=passage)
        return sorted(best.values(), key=lambda match: (-match.score, match.task_id))


def statement(prompt: str) -> str:
    """Return what a prompt says in words: its last docstring, without the examples; nothing where it has none."""
    found = re.findall(r"(\"{3}|'{3})(.*?)\1", prompt, re.DOTALL)
    return EXAMPLES.split(found[-1][1])[0] if found else ""


def words(text: str) -> list[str]:
    """Return the words of a text or a program, in order; `has_close_elements` is three."""
    return WORD.findall(text.casefold())


def of_the_template(rows_of: Mapping[tuple[str, str], int], rows: int) -> frozenset[tuple[str, str]]:
    """Return which (task, passage) are common to a corpus of so many rows, by the number of rows that hold each."""
    least = max(TEMPLATE_ROWS, TEMPLATE_SHARE * rows)
    return frozenset(passage for passage, count in rows_of.items() if count > least)


def _runs(found: Sequence[str]) -> Iterator[tuple[int, Run]]:
    """Yield every run of NGRAM words with its place; the whole of a shorter text."""
    size = min(NGRAM, len(found))
    if size:
        yield from ((start, tuple(found[start : start + size])) for start in range(len(found) - size + 1))


def _common_length(one: Sequence[str], first: int, other: Sequence[str], second: int) -> int:
    length = 0
    while first + length < len(one) and second + length < len(other) and one[first + length] == other[second + length]:
        length += 1
    return length
