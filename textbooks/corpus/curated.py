"""What curating found, in the words of the card: contamination, near-duplicates, diversity. Counts nothing itself."""

from collections.abc import Mapping, Sequence
from typing import Any

LENSES = {
    "text": "passage of the problem",
    "structure": "function of the solution's form",
    "behaviour": "function that passes the problem's tests",
}
MOST_LISTED = 8


def contamination(found: Mapping[str, Any], benchmarks: str) -> str:
    """Return the section on benchmarks: rows by lens and problem, and the table of structures."""
    lines = [
        "## Contamination",
        "",
        f"Every sample that passed all other steps was compared with {benchmarks} in three ways; those that were "
        "rejected for it are counted here, too.",
        "",
        "| lens: a row has a | rows | problems |",
        "| --- | ---: | --- |",
        *(f"| {name}: {words} | {_rows(found[name])} | {problems(found[name])} |" for name, words in LENSES.items()),
        f"| trivial: what ordinary textbook functions have, too | {_rows(found['trivial'])} "
        f"| {problems(found['trivial'])} |",
        "",
        "Functions of the same form as a solution (syntax trees without names and values), as in phi-1's table:",
        "",
        "| likeness from | problems with a match | rows with a match | with trivial ones |",
        "| ---: | ---: | ---: | ---: |",
        *(
            f"| {line['likeness']:.2f} | {line['problems']} | {line['rows']} | {line['rows_with_trivial']} |"
            for line in found["structure_table"]
        ),
    ]
    if found["template"]:
        lines += ["", "Left out, because so many rows hold them that they are the prompt's:", ""]
        lines += [f"- {one['task_id']}: “{one['passage']}” ({one['rows']} rows)" for one in found["template"]]
    return "\n".join(lines) + "\n"


def duplicates(found: Mapping[str, Any], boilerplate: Mapping[str, Any]) -> str:
    """Return the section on near-duplicates, and on what the corpus says again and again."""
    dropped = found["prose"] + found["code"]
    lines = [
        "## Near-duplicates",
        "",
        f"{dropped} samples were dropped beside a twin, {found['prose']} by their prose and {found['code']} by their "
        f"code, in {found['clusters']} cluster{'' if found['clusters'] == 1 else 's'}.",
    ]
    for name, what in (("openings", "Openings"), ("sentences", "Sentences")):
        common = boilerplate[name][:MOST_LISTED]
        said = "; ".join(f"“{one['text']}” ({one['rows']})" for one in common)
        lines += [f"{what} that several of the kept samples share: {said or 'none'}."]
    return "\n".join(lines) + "\n"


def diversity(found: Mapping[str, Any], coverage: Mapping[str, Any], per_dollar: float | None) -> str:
    """Return the section on diversity and on how the axes are covered."""
    lines = ["## Diversity", ""]
    if found["words"]:
        lines += [
            f"Over {found['texts']} samples, each cut to {found['words']} words; the figures mean something beside "
            "those of another corpus (`textbooks compare`). More is more alike for the first, self repetition and self "
            "bleu, and more varied for the others.",
            "",
            "| measure | value |",
            "| --- | ---: |",
            *(f"| {name.replace('_', ' ')} | {found[name]} |" for name in MEASURES),
        ]
    else:
        lines.append("Too few samples of any length to be measured.")
    if per_dollar is not None:
        lines += ["", f"Distinct verified samples for a dollar: {per_dollar:.1f}."]
    if found["imports"]:
        lines += ["", "Imports: " + ", ".join(f"{name} {count}" for name, count in _first(found["imports"])) + "."]
    lines += ["", "| axis | values | rows of a value | fails most |", "| --- | ---: | ---: | --- |"]
    for axis, one in coverage["axes"].items():
        lines.append(f"| {axis} | {one['values']} | {one['least']} to {one['most']} | {failing(one['failing'])} |")
    for cells, one in coverage["cells"].items():
        lines.append(f"| {cells} | {one['drawn']} drawn, {one['with_rows']} with rows | | {failing(one['failing'])} |")
    return "\n".join(lines) + "\n"


MEASURES = (
    "compression_ratio",
    "distinct_1",
    "distinct_2",
    "distinct_3",
    "self_repetition",
    "self_bleu",
    "vendi",
)
"""What diversity is told in, in order; docs/design.md, section 7, says what each is."""


def problems(rows: Mapping[str, int], most: int = MOST_LISTED) -> str:
    """Return problem after problem with its rows."""
    shown = [f"{task_id} ({count})" if count > 1 else task_id for task_id, count in list(rows.items())[:most]]
    return ", ".join(shown) + (f" and {len(rows) - most} more" if len(rows) > most else "")


def failing(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the first of what fails most, with how often."""
    return "; ".join(f"{one['value']} ({one['rejected']} of {one['tried']})" for one in found[:2])


def _rows(rows: Mapping[str, int]) -> int:
    return sum(rows.values())


def _first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return list(counts.items())[:20]
