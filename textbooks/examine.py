"""One document → what is true of it: extract, format, check the contract, run, compare the claims.

`build` and `verify` share this. It joins the excerpt room, which reads, with the sandbox, which runs.
"""

from dataclasses import replace
from typing import Literal

from textbooks import exercises
from textbooks.excerpt import checks, correcting, markdown, signals
from textbooks.excerpt.checks import Contract
from textbooks.records import CheckedSnippet, Examination, Finding, Rejection, Signals
from textbooks.running import format_snippets, run_snippets
from textbooks.sandbox import Sandbox

EVIDENCE_CHARACTERS = 2000
ClaimsPolicy = Literal["reject", "correct", "ignore"]


def examine_answer(
    text: str,
    sandbox: Sandbox,
    *,
    contract: Contract,
    claims_policy: ClaimsPolicy,
) -> Examination:
    """Read a teacher's answer and decide whether it holds; the first step that fails rejects it.

    The answer must hold at least one snippet (unless its rules allow none), every snippet must parse, keep the
    contract, run to its end, and print what its text claims. Wrong claims reject it, are ignored, or are corrected; a
    corrected text is examined anew.
    """
    excerpt = markdown.read(text)
    found = Examination(excerpt=excerpt, checked=(), text=text)
    if not excerpt.snippets and not contract.may_lack_code:
        return replace(found, rejection=rejected("read", "no_snippet", text))
    formatted = format_snippets(excerpt.snippets)
    broken = next((item for item in formatted if item.verdict.status == "syntax_error"), None)
    if broken:
        evidence = f"{broken.verdict.error_message}\n\n{broken.code}"
        checked = run_snippets(formatted, sandbox, strict=False, outputs=excerpt.outputs)
        return replace(found, checked=checked, rejection=rejected("format", "syntax_error", evidence))
    # What is published is what is measured and run, so the text with the formatted code is read anew.
    published = markdown.put_back(text, {i.snippet: i.code for i in formatted if i.snippet.kind == "script"})
    if published != text:
        text, excerpt = published, markdown.read(published)
    if [_content(snippet.code) for snippet in excerpt.snippets] != [_content(item.code) for item in formatted]:
        evidence = "the formatted code cannot be put back into the text"
        checked = run_snippets(formatted, sandbox, strict=False, outputs=excerpt.outputs)
        return replace(found, checked=checked, rejection=rejected("format", "not_put_back", evidence))
    as_published = tuple(
        replace(item, snippet=snippet, code=snippet.code)
        for item, snippet in zip(formatted, excerpt.snippets, strict=True)
    )
    checked = run_snippets(as_published, sandbox, strict=bool(contract.rules.get("prints")), outputs=excerpt.outputs)
    findings = checks.measure(excerpt, contract)
    found = Examination(excerpt=excerpt, checked=checked, text=text, findings=findings)
    if violated := checks.violation(findings, contract):
        return replace(found, rejection=rejected("contract", violated.rule, _wording(violated)))
    rejection = _runrejected(checked, claims_policy)
    if rejection and rejection.step == "claims" and claims_policy == "correct":
        return _with_corrected_claims(found, rejection, sandbox, contract)
    if not rejection and "asserts_bite" in contract.rules:
        rejection = exercises.rejection(
            checked[0].code,
            sandbox,
            least_share=contract.rules["asserts_bite"],
            cpu_seconds=checked[0].verdict.cpu_seconds,
        )
    return replace(found, rejection=rejection)


def _with_corrected_claims(
    found: Examination, rejection: Rejection, sandbox: Sandbox, contract: Contract
) -> Examination:
    """Examine the text with its claims corrected; what cannot be corrected stays rejected."""
    text, count, left = correcting.corrected(found.text, found.checked)
    if left or not count:
        return replace(found, rejection=rejection)
    anew = examine_answer(text, sandbox, contract=contract, claims_policy="reject")
    if anew.rejection:
        return replace(found, rejection=rejection)
    checked = tuple(_with_written(new, old) for new, old in zip(anew.checked, found.checked, strict=True))
    return replace(anew, checked=checked, claims_corrected=count)


def _with_written(new: CheckedSnippet, old: CheckedSnippet) -> CheckedSnippet:
    """Return a snippet whose corrected claims tell what stood there before; claims keep their order."""
    if len(new.claims) != len(old.claims):
        return new
    pairs = zip(new.claims, old.claims, strict=True)
    return replace(new, claims=tuple(replace(n, written=o.claimed) if o.agrees is False else n for n, o in pairs))


def _content(code: str) -> str:
    """Return the code without its last newline, which an unclosed fence may lack."""
    return code.removesuffix("\n")


def signals_of(examination: Examination, sandbox: Sandbox) -> Signals:
    """Measure an examined document; its scripts run once more, to see which of their lines run."""
    codes = [item.code for item in examination.checked if item.snippet.kind != "session"]
    steps = signals.steps_taken(codes, sandbox.run(signals.covered(codes)).stdout) if codes else None
    can_run = [signals.lines_that_can_run(code) for code in codes]
    count = sum(map(len, can_run))
    did_run = sum(len(can & {now for _, now in took}) for can, took in zip(can_run, steps or (), strict=False))
    branches = sum(signals.branches_not_reached(code, took) for code, took in zip(codes, steps or (), strict=False))
    documented = [has for code in codes if (has := signals.has_docstrings(code)) is not None]
    return Signals(
        coverage=round(did_run / count, 4) if steps is not None and count else None,
        lines_not_reached=count - did_run if steps is not None else None,
        branches_not_reached=branches if steps is not None else None,
        unused_names=tuple(signals.unused_names("\n".join(codes))),
        has_docstrings=all(documented) if documented else None,
        prose_words=signals.prose_words(examination.excerpt),
        code_lines=signals.code_lines(examination.excerpt),
    )


def _runrejected(checked: tuple[CheckedSnippet, ...], claims_policy: str) -> Rejection | None:
    for item in checked:
        verdict = item.verdict
        if verdict.status != "ok" and not item.is_announced_error:
            said = f"{verdict.error_type}: {verdict.error_message}" if verdict.error_type else verdict.reason
            where = f" (line {verdict.error_line})" if verdict.error_line else ""
            return rejected("run", verdict.status, f"{said}{where}\n\n{item.code}")
        for claim in item.claims:
            if claim.agrees is False and claims_policy != "ignore":
                evidence = f"line {claim.line} claims {claim.claimed!r}, really {claim.actual!r}\n\n{item.code}"
                return rejected("claims", "wrong_output", evidence)
    return None


def _wording(finding: Finding) -> str:
    return f"{finding.rule}: measured {finding.value!r}, the rule says {finding.limit!r}"


def rejected(step: str, reason: str, evidence: str) -> Rejection:
    """Return a rejection whose evidence is cut to a length that a table bears."""
    return Rejection(step=step, reason=reason, evidence=evidence[:EVIDENCE_CHARACTERS])
