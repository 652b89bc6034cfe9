"""Outcomes → rows of the published dataset: the accepted, the rejected and the snippets, with their schemas.

Knows the columns that docs/design.md promises; knows nothing of files.
"""

import ast
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from textbooks.records import Assignment, CheckedSnippet, Finding, Outcome, Rejection, Signals

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
Kind = Literal["text", "texts", "numbers", "messages"]
"""Of a column that a recipe adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is the same in every row of a run."""

    recipe: str
    language: str
    axes: tuple[str, ...]
    many: frozenset[str]
    """The axes that draw several values, and so have list columns."""
    own: Mapping[str, Kind] = field(default_factory=dict)
    """The recipe's own columns, with their kinds; `text` among them takes the place of the fixed one."""


def accepted(outcome: Outcome, labels: Labels, own: Mapping[str, Any]) -> Row:
    """Return the row of an accepted sample; `own` holds the values of the recipe's own columns."""
    written, examination = outcome.written, outcome.examination
    if examination is None:
        raise ValueError("an accepted sample has been examined")
    checked = examination.checked
    claims = [claim for item in checked for claim in item.claims if claim.agrees is not None]
    return {
        "id": outcome.id,
        "text": examination.text,
        **written.assignment.columns(),
        "recipe": labels.recipe,
        "language": labels.language,
        "model": written.model,
        "snippets": [_short(item) for item in checked],
        "contract": [_measured(finding) for finding in examination.findings],
        "claims_checked": len(claims),
        "claims_corrected": examination.claims_corrected,
        "repairs": len(written.repaired),
        "repaired": list(written.repaired),
        "signals": _signals(examination.signals),
        "imports": sorted(set().union(*(_imports(item.code) for item in checked))),
        "python_version": platform.python_version(),
        "isolation": checked[0].verdict.isolation if checked else None,
        "wall_seconds": round(sum(item.verdict.wall_seconds for item in checked), 6),
        "cpu_seconds": round(sum(item.verdict.cpu_seconds for item in checked), 6),
        "peak_memory_bytes": max((item.verdict.peak_memory_bytes for item in checked), default=0),
        "prompt_tokens": written.usage.prompt_tokens if written.usage else None,
        "completion_tokens": written.usage.completion_tokens if written.usage else None,
        "cost_usd": written.cost_usd,
        "custom_ids": list(written.custom_ids),
        "duplicate_cluster": None,
        "contamination": None if examination.matches is None else [match.view() for match in examination.matches],
        **own,
    }


def rejected(outcome: Outcome, labels: Labels) -> Row:
    """Return the row of a rejected one: why, on what evidence, and the whole text."""
    written, rejection = outcome.written, outcome.rejection
    if rejection is None:
        raise ValueError("a rejected sample has a reason")
    return {
        "id": outcome.id,
        "step": rejection.step,
        "reason": rejection.reason,
        "evidence": rejection.evidence,
        "text": written.text,
        "contract": [_measured(f) for f in outcome.examination.findings] if outcome.examination else [],
        **written.assignment.columns(),
        "recipe": labels.recipe,
        "language": labels.language,
        "model": written.model,
        "prompt_tokens": written.usage.prompt_tokens if written.usage else None,
        "completion_tokens": written.usage.completion_tokens if written.usage else None,
        "cost_usd": written.cost_usd,
        "custom_ids": list(written.custom_ids),
    }


def dropped(row: Mapping[str, Any], rejection: Rejection, columns: Sequence[str]) -> Row:
    """Return an accepted row as the row of a rejected one, with the columns that those have."""
    why = {"step": rejection.step, "reason": rejection.reason, "evidence": rejection.evidence}
    return {name: why[name] if name in why else row[name] for name in columns}


def snippets(outcome: Outcome) -> list[Row]:
    """Return a row per snippet, with its verdict and claims."""
    if outcome.examination is None:
        return []
    return [
        {
            "id": outcome.id,
            "position": position,
            "accepted": outcome.rejection is None,
            "kind": item.snippet.kind,
            "line": item.snippet.line,
            "code": item.code,
            "status": item.verdict.status,
            "reason": item.verdict.reason,
            "stdout": item.verdict.stdout,
            "stderr": item.verdict.stderr,
            "error_type": item.verdict.error_type,
            "error_message": item.verdict.error_message,
            "error_line": item.verdict.error_line,
            "wall_seconds": item.verdict.wall_seconds,
            "cpu_seconds": item.verdict.cpu_seconds,
            "peak_memory_bytes": item.verdict.peak_memory_bytes,
            "isolation": item.verdict.isolation,
            "claims": [{**claim.view(), "written": claim.written} for claim in item.claims],
        }
        for position, item in enumerate(outcome.examination.checked)
    ]


def schemas(labels: Labels) -> "dict[str, pa.Schema]":
    """Return the Arrow schema of each configuration: `default`, `rejected`, `snippets`."""
    import pyarrow as pa

    text, whole, real, texts = pa.string(), pa.int64(), pa.float64(), pa.list_(pa.string())
    axes = [(axis, texts if axis in labels.many else text) for axis in labels.axes]
    messages = pa.list_(pa.struct([("role", text), ("content", text)]))
    own = {"text": text, "texts": texts, "numbers": pa.list_(whole), "messages": messages}
    origin = [("recipe", text), ("language", text), ("model", text)]
    money = [
        ("prompt_tokens", whole),
        ("completion_tokens", whole),
        ("cost_usd", real),
        ("custom_ids", texts),
    ]
    effort = [("wall_seconds", real), ("cpu_seconds", real), ("peak_memory_bytes", whole)]
    short = [("code", text), ("kind", text), ("line", whole), ("status", text), ("stdout", text)]
    contamination = [
        ("lens", text),
        ("task_id", text),
        ("score", real),
        ("evidence", text),
        ("trivial", pa.bool_()),
    ]
    signals = [("coverage", real), ("lines_not_reached", whole), ("branches_not_reached", whole)]
    signals += [("unused_names", texts), ("has_docstrings", pa.bool_()), ("prose_words", whole), ("code_lines", whole)]
    signals += [("lint", texts)]
    contract = [("rule", text), ("ok", pa.bool_()), ("value", text), ("limit", text)]
    claim = [("line", whole), ("claimed", text), ("actual", text), ("agrees", pa.bool_()), ("written", text)]
    return {
        "default": pa.schema(
            [
                ("id", text),
                ("text", text),
                *axes,
                *origin,
                ("snippets", pa.list_(pa.struct(short))),
                ("contract", pa.list_(pa.struct(contract))),
                ("claims_checked", whole),
                ("claims_corrected", whole),
                ("repairs", whole),
                ("repaired", texts),
                ("signals", pa.struct(signals)),
                ("imports", texts),
                ("python_version", text),
                ("isolation", text),
                *effort,
                *money,
                ("duplicate_cluster", text),
                ("contamination", pa.list_(pa.struct(contamination))),
                *((name, own[kind]) for name, kind in labels.own.items() if name != "text"),
            ]
        ),
        "rejected": pa.schema(
            [("id", text), ("step", text), ("reason", text), ("evidence", text), ("text", text)]
            + [("contract", pa.list_(pa.struct(contract)))]
            + [*axes, *origin, *money]
        ),
        "snippets": pa.schema(
            [("id", text), ("position", whole), ("accepted", pa.bool_()), ("kind", text), ("line", whole)]
            + [("code", text), ("status", text), ("reason", text), ("stdout", text), ("stderr", text)]
            + [("error_type", text), ("error_message", text), ("error_line", whole), *effort]
            + [("isolation", text), ("claims", pa.list_(pa.struct(claim)))]
        ),
    }


def clashing(assignment: Assignment) -> list[str]:
    """Return the axes whose column would collide with a fixed one."""
    return sorted(fixed_columns() & set(assignment.drawn))


def fixed_columns() -> set[str]:
    """Return the columns that rows of every recipe have."""
    fixed = schemas(Labels(recipe="", language="", axes=(), many=frozenset()))
    return {*fixed["default"].names, *fixed["rejected"].names}


def _signals(signals: Signals | None) -> Row | None:
    return None if signals is None else asdict(signals)


def _measured(finding: Finding) -> Row:
    """Return one rule as measured; values and limits are of many kinds, so they are JSON."""
    value, limit = (json.dumps(one, ensure_ascii=False) for one in (finding.value, finding.limit))
    return {"rule": finding.rule, "ok": finding.ok, "value": value, "limit": limit}


def _short(item: CheckedSnippet) -> Row:
    return {
        "code": item.code,
        "kind": item.snippet.kind,
        "line": item.snippet.line,
        "status": item.verdict.status,
        "stdout": item.verdict.stdout,
    }


def _imports(code: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
