"""One document → what is true of it: extract, format, check the contract, run, compare the claims.

`build` and `verify` share this. It joins the excerpt room, which reads, with the sandbox, which runs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from textbooks.excerpt import checks, claims, continuation, formatting, markdown
from textbooks.records import (
    CheckedSnippet,
    Examination,
    Finding,
    Rejection,
    Snippet,
    Verdict,
)
from textbooks.sandbox import Sandbox

EVIDENCE_CHARACTERS = 2000


def examine_answer(
    text: str, sandbox: Sandbox, *, rules: Mapping[str, Any], claims_policy: Literal["reject", "ignore"]
) -> Examination:
    """Read a teacher's answer and decide whether it holds; the first step that fails rejects it.

    The answer must hold at least one snippet, every snippet must parse, keep the contract, run to its end, and print
    what its comments claim (unless the policy is to ignore claims).
    """
    excerpt = markdown.read(text)
    found = Examination(excerpt=excerpt, checked=(), text=text)
    if not excerpt.snippets:
        return replace(found, rejection=_rejection("read", "no_snippet", text))
    if any(snippet.kind == "session" for snippet in excerpt.snippets):
        evidence = "the results of a >>> session are not compared yet, so none is accepted"
        checked = run_snippets(format_snippets(excerpt.snippets), sandbox, strict=False)
        return replace(found, checked=checked, rejection=_rejection("read", "session", evidence))
    formatted = format_snippets(excerpt.snippets)
    broken = next((item for item in formatted if item.verdict.status == "syntax_error"), None)
    if broken:
        evidence = f"{broken.verdict.error_message}\n\n{broken.code}"
        checked = run_snippets(formatted, sandbox, strict=False)
        return replace(found, checked=checked, rejection=_rejection("format", "syntax_error", evidence))
    # What is published is what is measured and run, so the text with the formatted code is read anew.
    text = markdown.put_back(text, {item.snippet: item.code for item in formatted})
    excerpt = markdown.read(text)
    if [_content(snippet.code) for snippet in excerpt.snippets] != [_content(item.code) for item in formatted]:
        evidence = "the formatted code cannot be put back into the text"
        checked = run_snippets(formatted, sandbox, strict=False)
        return replace(found, checked=checked, rejection=_rejection("format", "not_put_back", evidence))
    as_published = tuple(
        replace(item, snippet=snippet, code=snippet.code)
        for item, snippet in zip(formatted, excerpt.snippets, strict=True)
    )
    checked = run_snippets(as_published, sandbox, strict=bool(rules.get("prints")))
    found = Examination(excerpt=excerpt, checked=checked, text=text)
    violated = next((finding for finding in checks.measure(excerpt, rules) if not finding.ok), None)
    if violated:
        return replace(found, rejection=_rejection("contract", violated.rule, _wording(violated)))
    return replace(found, rejection=_run_rejection(checked, claims_policy))


def _content(code: str) -> str:
    """Return the code without its last newline, which an unclosed fence may lack."""
    return code.removesuffix("\n")


def format_snippets(snippets: tuple[Snippet, ...]) -> tuple[CheckedSnippet, ...]:
    """Format each snippet; one that does not parse gets the verdict `syntax_error` at once, without a run."""
    checked = []
    for snippet in snippets:
        try:
            code, verdict = formatting.formatted(snippet.code), NOT_RUN
        except formatting.Unformattable as error:
            code = snippet.code
            verdict = Verdict(
                status="syntax_error",
                reason="does not parse",
                error_type="SyntaxError",
                error_message=str(error),
                error_line=error.line,
            )
        checked.append(CheckedSnippet(snippet=snippet, code=code, verdict=verdict))
    return tuple(checked)


NOT_RUN = Verdict(status="harness_error", reason="not run")


def run_snippets(checked: tuple[CheckedSnippet, ...], sandbox: Sandbox, *, strict: bool) -> tuple[CheckedSnippet, ...]:
    """Run every snippet that parses, after those it builds on, and compare its claims."""
    positions = [p for p, item in enumerate(checked) if item.verdict.status != "syntax_error"]
    needed = continuation.needs([checked[p].code for p in positions])
    results = list(checked)
    for position, earlier in zip(positions, needed, strict=True):
        before = [checked[positions[e]].code for e in earlier]
        results[position] = _run(checked[position], before, sandbox, strict=strict)
    return tuple(results)


def _run(item: CheckedSnippet, before: list[str], sandbox: Sandbox, *, strict: bool) -> CheckedSnippet:
    sites = claims.find(item.code)
    program, offset = claims.instrumented(item.code, sites), 0
    snippet = item.snippet
    if before:
        program, offset = continuation.joined(before, claims.boundary(item.code), program)
        snippet = replace(snippet, kind="continuation")
    verdict = sandbox.run(program)
    stdout, compared = claims.read(item.code, sites, verdict.stdout, strict=strict)
    verdict = replace(verdict, stdout=stdout)
    line = verdict.error_line
    if offset and line is not None and line <= offset:
        verdict = replace(verdict, error_line=None, reason="an earlier snippet that it builds on failed")
    elif offset and line is not None:
        verdict = replace(verdict, error_line=line - offset)
    return replace(item, snippet=snippet, verdict=verdict, claims=compared)


def _run_rejection(checked: tuple[CheckedSnippet, ...], claims_policy: str) -> Rejection | None:
    for item in checked:
        verdict = item.verdict
        if verdict.status != "ok":
            said = f"{verdict.error_type}: {verdict.error_message}" if verdict.error_type else verdict.reason
            where = f" (line {verdict.error_line})" if verdict.error_line else ""
            return _rejection("run", verdict.status, f"{said}{where}\n\n{item.code}")
        for claim in item.claims:
            if claim.agrees is False and claims_policy == "reject":
                evidence = f"line {claim.line} claims {claim.claimed!r}, printed {claim.actual!r}\n\n{item.code}"
                return _rejection("claims", "wrong_output", evidence)
    return None


def _wording(finding: Finding) -> str:
    return f"{finding.rule}: measured {finding.value!r}, the rule says {finding.limit!r}"


def _rejection(step: str, reason: str, evidence: str) -> Rejection:
    return Rejection(step=step, reason=reason, evidence=evidence[:EVIDENCE_CHARACTERS])
