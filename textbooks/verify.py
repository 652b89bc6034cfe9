"""Documents and datasets → findings: which of their Python snippets run, and which claims hold.

Runs every snippet of Markdown, reStructuredText, notebooks, Python files and datasets in the box, documents in
parallel. Shares `examine` with the build; has no contract and rejects nothing. With `fix`, files of Markdown,
reStructuredText and Python are corrected in place.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from textbooks.documents import Document, documents, files, read
from textbooks.engines import LocalEngine
from textbooks.excerpt import checks, correcting, formatting, markdown
from textbooks.excerpt.checks import Contract
from textbooks.plan import recipe as recipes
from textbooks.records import CheckedSnippet, Finding
from textbooks.running import format_snippets, run_snippets
from textbooks.sandbox import Policy, Sandbox
from textbooks.sandbox.policy import shipped
from textbooks.sandbox.tiers import Isolation
from textbooks.storage import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One snippet of a document with its verdict."""

    document: Document
    item: CheckedSnippet
    row: int | None = None
    """Row of a dataset, or cell of a notebook, from 0."""

    @property
    def is_finding(self) -> bool:
        """Whether the snippet did not run to its end, or claims something untrue."""
        return self.item.is_finding

    @property
    def line(self) -> int:
        """The document's line that a person should look at, from 1."""
        first = self.item.snippet.line
        error_line = self.item.verdict.error_line
        return first + error_line - 1 if error_line else first

    def words(self) -> list[str]:
        """Return the findings as a linter would print them."""
        verdict = self.item.verdict
        where = self.document.path + (f"[{self.row}]" if self.row is not None else "")
        lines = []
        if verdict.status != "ok" and not self.item.is_announced_error:
            message = (verdict.error_message or "").partition("\n")[0]
            said = f" {verdict.error_type}: {message}" if verdict.error_type else ""
            reason = f" ({verdict.reason})" if verdict.reason and not said else ""
            lines.append(f"{where}:{self.line}: {verdict.status}{said}{reason}")
        for claim in self.item.claims:
            if claim.agrees is False:
                line = self.item.snippet.line + claim.line - 1
                lines.append(f"{where}:{line}: claims {claim.claimed!r}, really {claim.actual!r}")
        return lines

    def view(self) -> dict[str, Any]:
        """Return the verdict line."""
        return {
            "id": self.document.id,
            "path": self.document.path,
            "row": self.row,
            "line": self.item.snippet.line,
            "kind": self.item.snippet.kind,
            **self.item.verdict.line(),
            "claims": [claim.view() for claim in self.item.claims],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One document, measured by the rules of a recipe."""

    document: Document
    findings: tuple[Finding, ...]

    @property
    def is_finding(self) -> bool:
        """Whether a rule is broken."""
        return not all(finding.ok for finding in self.findings)

    def words(self) -> list[str]:
        """Return the broken rules as a linter would print them."""
        where = self.document.path + (f"[{self.document.row}]" if self.document.row is not None else "")
        return [
            f"{where}:1: contract: {finding.rule}: measured {finding.value!r}, the rule says {finding.limit!r}"
            for finding in self.findings
            if not finding.ok
        ]

    def view(self) -> dict[str, Any]:
        """Return the contract line."""
        rules = {one.rule: {"ok": one.ok, "value": one.value, "limit": one.limit} for one in self.findings}
        return {"path": self.document.path, "row": self.document.row, "contract": rules}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One document with all its snippets."""

    document: Document
    checked: tuple[Checked, ...]
    measured: Measured | None = None
    """None where no contract is asked for, or the document cannot be measured: it is no Markdown, or does not parse."""


def verify(
    paths: Sequence[Path | str],
    *,
    column: str = "text",
    workers: int | None = 1,
    packages: Sequence[str] = (),
    isolation: Isolation | None = None,
    policy: Policy | None = None,
    fix: bool = False,
    contract: str | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Checked | Measured]:
    """Yield every snippet of the documents with its verdict, in order.

    With `contract`, a recipe, each Markdown document is measured by its rules as well, but for those that depend on
    what is drawn; the measurements follow the snippets of the document.

    With `fix`, files are corrected in place (black, and wrong claims), and what is yielded is what is left.
    `progress` is told how many documents are done.

    Raises:
        TextbooksError: a path is missing or of no known kind, or a dataset lacks the column.

    """
    wanted = [file for path in paths for file in files(Path(path), column)]
    policy = (policy or shipped()).with_changes(packages=tuple(packages))
    with LocalEngine(workers=workers, policy=policy, isolation=isolation) as engine:
        texts: Iterable[Document] = (document for file in wanted for document in documents(file, column))
        each = partial(fix_document if fix else verify_document, contract=_contract(contract))
        for done, verified in enumerate(engine.map(each, texts), start=1):
            progress(done)
            yield from verified.checked
            if verified.measured:
                yield verified.measured


def check_document(document: Document, sandbox: Sandbox) -> list[Checked]:
    """Run the snippets of one document."""
    found = read(document)
    # The code runs as it stands, so that lines and claims are the document's own; only parsing is asked of black.
    as_written = tuple(
        CheckedSnippet(snippet=item.snippet, code=item.snippet.code, verdict=item.verdict)
        for item in format_snippets(found.snippets)
    )
    checked = run_snippets(as_written, sandbox, strict=False, outputs=found.outputs)
    rows = found.cells or (document.row,) * len(checked)
    return [Checked(document=document, item=item, row=row) for item, row in zip(checked, rows, strict=True)]


def verify_document(document: Document, sandbox: Sandbox, *, contract: Contract | None = None) -> Verified:
    """Run the snippets of one document, in whatever process this is, and measure it by a contract if there is one."""
    checked = tuple(check_document(document, sandbox))
    measured = None
    parses = all(one.item.verdict.status != "syntax_error" for one in checked)
    if contract is not None and document.kind == "markdown" and parses:
        excerpt = markdown.read(document.text)
        scripts = tuple(snippet for snippet in excerpt.snippets if _parses(snippet.code))
        measured = Measured(document=document, findings=checks.measure(replace(excerpt, snippets=scripts), contract))
    return Verified(document=document, checked=checked, measured=measured)


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _contract(recipe: str | None) -> Contract | None:
    """Return the rules of a recipe that are the same for all of its samples, as a contract."""
    if recipe is None:
        return None
    loaded = recipes.load(recipe)
    checks.refuse_unknown(loaded.spec.rules, lambda rule: loaded.source.place(("rules", rule)))
    return Contract(rules=next(loaded.all_rules()), language=loaded.spec.language)


def fix_document(document: Document, sandbox: Sandbox, *, contract: Contract | None = None) -> Verified:
    """Correct a file in place, and return what is left to find in it; rows and notebooks are only looked at."""
    verified = verify_document(document, sandbox, contract=contract)
    if document.row is not None or document.kind == "notebook":
        return verified
    text, count, _ = correcting.corrected(document.text, [one.item for one in verified.checked])
    if document.kind != "python":
        text = _formatted(Document(path=document.path, text=text, kind=document.kind))
    if text == document.text:
        return verified
    path = Path(document.path)
    mark = "\ufeff" if path.read_bytes().startswith(b"\xef\xbb\xbf") else ""
    write_text(path, mark + text)
    changed = Document(path=document.path, text=text, kind=document.kind)
    return verify_document(changed, sandbox, contract=contract) if count else verified


def _formatted(document: Document) -> str:
    """Return a document with its scripts as black formats them; what does not parse stays."""
    codes = {}
    for snippet in read(document).snippets:
        if snippet.kind == "script":
            try:
                codes[snippet] = formatting.formatted(snippet.code)
            except formatting.Unformattable:
                continue
    return markdown.put_back(document.text, codes)
