"""The frozen records that travel from step to step. Does nothing by itself.

One sample's road: Assignment → Request → Response (calls.py) → Excerpt with Snippets → Verdicts and Claims → Sample or
Rejection.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from textbooks.calls import Usage

Status = Literal[
    "ok",
    "exited_early",
    "raised",
    "syntax_error",
    "cpu_timeout",
    "wall_timeout",
    "memory",
    "output_limit",
    "blocked",
    "crashed",
    "harness_error",
]
"""What happened to a snippet in the box. Only `ok` means that its last statement was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value of a list: a topic, an audience, a word."""

    name: str
    """What stands in the column and in the plan."""
    fields: Mapping[str, Any]
    """Everything else that the list says of it, for templates."""
    weight: int = 1
    """How many times as often as a plain entry it is drawn, on a first axis."""
    origin: str = ""
    """File and line it was read from."""

    def view(self) -> dict[str, Any]:
        """Return what a template sees: `name` and the fields."""
        return {"name": self.name, **self.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The entity values drawn for one sample."""

    index: int
    """Its place in the plan, from 0."""
    drawn: Mapping[str, tuple[Entry, ...]]
    """Axis → drawn entries (one, or several where the axis picks several)."""
    many: frozenset[str] = frozenset()
    """The axes that pick several."""

    def view(self) -> dict[str, Any]:
        """Return what a template sees: one mapping per axis, or a list of them where several are picked."""
        return {
            axis: [entry.view() for entry in entries] if axis in self.many else entries[0].view()
            for axis, entries in self.drawn.items()
        }

    def columns(self) -> dict[str, str | list[str]]:
        """Return axis → drawn name, or names where several are picked."""
        return {
            axis: [entry.name for entry in entries] if axis in self.many else entries[0].name
            for axis, entries in self.drawn.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One Python block of a document."""

    code: str
    """Its text, without the fence and its indentation."""
    line: int
    """Line of the document on which the code starts, from 1."""
    end_line: int
    """Line after its last line, from 1."""
    kind: Literal["script", "session", "continuation"] = "script"
    indent: str = ""
    """What stands before each line of it in the document (list or quote indentation)."""
    source: str = ""
    """Of a session, its text with prompts and outputs; `code` has the statements alone, on their lines."""
    before: str = ""
    """The paragraph right before it, which may say that it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputBlock:
    """A block that shows what the snippet above it printed."""

    snippet: int
    """Position of that snippet in the document, from 0."""
    text: str
    line: int
    """Line of the document on which its text starts, from 1."""
    end_line: int
    """Line after its last line, from 1."""
    indent: str = ""
    is_announced: bool = False
    """Whether its label, or the words before it, say that it is an output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A response, or any document, read as prose and snippets."""

    text: str
    snippets: tuple[Snippet, ...]
    outputs: tuple[OutputBlock, ...]
    paragraphs: tuple[str, ...]
    """Prose blocks in order, headings and code left out."""
    headings: int
    list_items: int
    late_prose: str
    """Whatever is not Python after the first snippet: prose, output blocks; empty where the document ends with code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule of the contract, measured."""

    rule: str
    ok: bool
    value: Any
    """What was measured."""
    limit: Any
    """What the recipe allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An output that a text asserts, and what really came out."""

    line: int
    """Line within the snippet, from 1; beyond its end for an output block."""
    claimed: str
    actual: str | None = None
    agrees: bool | None = None
    """None where the two cannot be compared."""
    kind: Literal["prints", "value", "name", "below", "raises", "session", "block"] = "prints"
    """How it is made: a comment of some form, a result in a session, or an output block."""
    lines: int = 1
    """How many lines of the document it takes."""
    written: str | None = None
    """What was claimed before it was corrected; None for a claim that stands as it was written."""

    def view(self) -> dict[str, Any]:
        """Return the claim as a mapping, for verdict lines; rows add `written`."""
        return {"line": self.line, "claimed": self.claimed, "actual": self.actual, "agrees": self.agrees}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What happened when a program ran in the box."""

    status: Status
    reason: str | None = None
    """Which limit fired, which call was refused, or what broke."""
    stdout: str = ""
    stderr: str = ""
    error_type: str | None = None
    error_message: str | None = None
    error_lines: tuple[int, ...] = ()
    """Lines of the program on the way to the one that raised, which is the last; from 1."""
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    isolation: str = "none"
    """The tier in force: A (namespaces), B (Landlock), C (seccomp alone) or none."""

    @property
    def error_line(self) -> int | None:
        """Line of the program that raised, from 1."""
        return self.error_lines[-1] if self.error_lines else None

    def line(self) -> dict[str, Any]:
        """Return the verdict as the fields of a verdict line (docs/design.md, section 9)."""
        error = None
        if self.error_type is not None:
            error = {"type": self.error_type, "message": self.error_message, "line": self.error_line}
        return {
            "status": self.status,
            "reason": self.reason,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "error": error,
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_memory_bytes": self.peak_memory_bytes,
            "isolation": self.isolation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a sample was not accepted."""

    step: str
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSnippet:
    """A snippet with all that was found out about it."""

    snippet: Snippet
    code: str
    """The formatted code; the original where it could not be formatted."""
    verdict: Verdict
    claims: tuple[Claim, ...] = ()
    is_announced_error: bool = False
    """Whether it failed, and just so as the text says that it does."""

    @property
    def is_finding(self) -> bool:
        """Whether it did not run to its end, unless it was announced so, or claims something untrue."""
        failed = self.verdict.status != "ok" and not self.is_announced_error
        return failed or any(claim.agrees is False for claim in self.claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the teacher wrote for one assignment, with what it took."""

    assignment: Assignment
    custom_ids: tuple[str, ...]
    """The requests that led to it, one per step."""
    model: str
    text: str
    """The last answer; empty where there is none."""
    earlier: Mapping[str, str] = field(default_factory=dict)
    """Step → answer, of the steps before the last."""
    others: tuple[str, ...] = ()
    """Further candidates for it, in order."""
    usage: Usage | None = None
    """Over all steps; None where the endpoint did not say."""
    cost_usd: float | None = None
    """What it took at the price of the run; None where tokens or price are unknown."""
    repaired: tuple[str, ...] = ()
    """For each round of repair, `step: reason` of what was wrong before it."""
    repair_cost_usd: float | None = 0.0
    """What the rounds of repair took of that."""
    rejection: Rejection | None = None
    """Why the answer cannot be used at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What may tell good text from better, measured over all scripts of a document."""

    coverage: float | None
    """Which share of the lines that can run did; None where that could not be told."""
    lines_not_reached: int | None
    branches_not_reached: int | None
    """Ways out of an `if`, a loop or a `case` that were never taken, of those that were come to."""
    unused_names: tuple[str, ...]
    has_docstrings: bool | None
    """None where nothing is defined."""
    prose_words: int
    code_lines: int
    lint: tuple[str, ...] | None = None
    """The rules that ruff finds broken, once for each finding; None where ruff was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A likeness between a row and a task of a benchmark."""

    lens: Literal["text", "structure", "behaviour"]
    task_id: str
    score: float
    """From 0 to 1: share of the task's words, likeness of syntax trees, or 1 for a task that is solved."""
    evidence: str
    """The passage they share, or which function it is."""
    trivial: bool = False
    """Whether an ordinary textbook function would match just as well (docs/design.md, section 7)."""

    def view(self) -> dict[str, Any]:
        """Return the match as a mapping, for columns and evidence lines."""
        return {
            "lens": self.lens,
            "task_id": self.task_id,
            "score": self.score,
            "evidence": self.evidence,
            "trivial": self.trivial,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is true of one document."""

    excerpt: Excerpt
    checked: tuple[CheckedSnippet, ...]
    text: str
    """The document with the formatted code put back, and claims corrected where the policy is so."""
    claims_corrected: int = 0
    findings: tuple[Finding, ...] = ()
    """The rules of the contract, measured; empty where the answer could not be read so far."""
    signals: Signals | None = None
    """None where they are not asked for, or the answer is rejected."""
    matches: tuple[Match, ...] | None = None
    """Likenesses to tasks of benchmarks; None where they were not looked for."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Step → its answer, a text or its parts by name, as they came out of the examination."""
    rejection: Rejection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An assignment at the end of its road: accepted, or rejected with the reason."""

    written: Written
    examination: Examination | None
    """None where there was no answer to examine."""

    @property
    def rejection(self) -> Rejection | None:
        """Why it was not accepted; None for an accepted sample."""
        if self.written.rejection:
            return self.written.rejection
        return self.examination.rejection if self.examination else None

    @property
    def id(self) -> str:
        """The sample's id: the hash of the request that it answers."""
        return self.written.custom_ids[-1][:32]
