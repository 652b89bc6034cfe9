"""The snippets of one document through the box: formatted, run after those that they build on, their claims compared.

Joins the excerpt room, which reads and writes programs, with the sandbox, which runs them. Judges no document.
"""

from dataclasses import replace

from textbooks.excerpt import claims, continuation, formatting, instrument, judging
from textbooks.records import CheckedSnippet, Claim, OutputBlock, Snippet, Verdict
from textbooks.sandbox import Sandbox


def format_snippets(snippets: tuple[Snippet, ...]) -> tuple[CheckedSnippet, ...]:
    """Format each snippet; one that does not parse gets the verdict `syntax_error` at once, without a run."""
    checked = []
    for snippet in snippets:
        try:
            # A session keeps its own layout: what it shows is what was typed.
            code, verdict = formatting.formatted(snippet.code), NOT_RUN
            code = snippet.code if snippet.kind == "session" else code
        except formatting.Unformattable as error:
            code = snippet.code
            verdict = Verdict(
                status="syntax_error",
                reason="does not parse",
                error_type="SyntaxError",
                error_message=str(error),
                error_lines=(error.line,) if error.line else (),
            )
        checked.append(CheckedSnippet(snippet=snippet, code=code, verdict=verdict))
    return tuple(checked)


ENDLESS = ("cpu_timeout", "wall_timeout", "output_limit")
"""What ended so would end what is run behind it, too, and take as long again."""
NOT_RUN = Verdict(status="harness_error", reason="not run")


def run_snippets(
    checked: tuple[CheckedSnippet, ...],
    sandbox: Sandbox,
    *,
    strict: bool,
    outputs: tuple[OutputBlock, ...] = (),
) -> tuple[CheckedSnippet, ...]:
    """Run every snippet that parses, after those it builds on, and compare its claims.

    One that fails as the text announces, or does not end, is left out of what others build on.
    """
    positions = [p for p, item in enumerate(checked) if item.verdict.status != "syntax_error"]
    shown = {output.snippet: output for output in outputs}
    announced = {p: judging.announced_error(shown.get(p), checked[p].snippet) for p in positions}
    alive = list(positions)
    needed = _needs(checked, alive)
    results = list(checked)
    for position in positions:
        before = [_as_before(results[earlier]) for earlier in needed[position]]
        one = _Run(checked[position], shown.get(position), announced[position], before, sandbox, strict)
        result = one.result()
        if any(_has_failed(results[earlier]) for earlier in needed[position]):
            # What it would show if those ran is not known.
            known = (replace(claim, agrees=claim.agrees or None) for claim in result.claims)
            result = replace(result, claims=tuple(known))
        results[position] = result
        if results[position].is_announced_error or results[position].verdict.status in ENDLESS:
            alive.remove(position)
            needed |= _needs(checked, alive)
    return tuple(results)


def _needs(checked: tuple[CheckedSnippet, ...], positions: list[int]) -> dict[int, list[int]]:
    """Return position → the positions of the snippets that must run before it."""
    needed = continuation.needs([checked[position].code for position in positions])
    return {p: [positions[e] for e in earlier] for p, earlier in zip(positions, needed, strict=True)}


def _has_failed(item: CheckedSnippet) -> bool:
    return item.verdict.status != "ok" and not item.is_announced_error


def _as_before(item: CheckedSnippet) -> str:
    """Return the code of a snippet as it runs before one that builds on it."""
    shown = judging.examples(item.snippet) if item.snippet.kind == "session" else ()
    code = instrument.session_program(item.code, shown, file="<earlier>") if shown else item.code
    if not shown and any(claim.kind == "raises" for claim in item.claims):
        # What it says to raise is passed over, as it was when it ran itself.
        code = instrument.program(item.code, [site for site in claims.find(item.code) if site.kind == "raises"])
    return code if item.verdict.status == "ok" else instrument.tolerant(code)


class _Run:
    """One snippet on its way through the box."""

    def __init__(
        self,
        item: CheckedSnippet,
        output: OutputBlock | None,
        announced: str | None,
        before: list[str],
        sandbox: Sandbox,
        strict: bool,
    ) -> None:
        self._item, self._output, self._announced = item, output, announced
        self._before, self._sandbox, self._strict = before, sandbox, strict
        self._examples = judging.examples(item.snippet) if item.snippet.kind == "session" else ()
        self._sites = () if self._examples else claims.find(item.code)

    def result(self) -> CheckedSnippet:
        """Run the snippet, and once more with another random seed where a claim seems wrong: it may be luck."""
        item = self._once(seed=0)
        if item.verdict.status in ("ok", "raised") and any(claim.agrees is False for claim in item.claims):
            other = self._once(seed=1)
            by_place = {(claim.line, claim.claimed): claim.actual for claim in other.claims}
            compared = tuple(
                replace(claim, agrees=None)
                if claim.agrees is False and by_place.get((claim.line, claim.claimed)) != claim.actual
                else claim
                for claim in item.claims
            )
            item = replace(item, claims=compared)
        return item

    def _once(self, *, seed: int) -> CheckedSnippet:
        code, snippet = self._item.code, self._item.snippet
        before, boundary, offset = self._before, instrument.boundary(code), 0
        if before:
            _, offset = continuation.joined(before, boundary, code)
        if self._examples:
            program = instrument.session_program(code, self._examples, line=offset)
        else:
            program = instrument.program(code, self._sites, shows_last=self._output is not None)
        if before:
            program, offset = continuation.joined(before, boundary, program)
            if snippet.kind == "script":
                snippet = replace(snippet, kind="continuation")
        verdict = self._sandbox.run(program, seed=seed)
        stdout, compared = self._compared(verdict.stdout)
        verdict = _in_own_lines(replace(verdict, stdout=stdout), offset)
        is_announced = self._announced is not None and (
            verdict.status == "raised"
            and judging.is_announced(self._announced, verdict.error_type, verdict.error_message)
        )
        return replace(self._item, snippet=snippet, verdict=verdict, claims=compared, is_announced_error=is_announced)

    def _compared(self, stdout: str) -> tuple[str, tuple[Claim, ...]]:
        code = self._item.code
        if self._examples:
            return judging.session(code, self._examples, stdout, strict=self._strict)
        clean, compared = judging.comments(code, self._sites, stdout, strict=self._strict)
        if self._output and self._announced is None:
            shown = instrument.shown_last(code, stdout)
            compared += (judging.block(self._output, self._item.snippet, clean, shown, strict=self._strict),)
        return clean, compared


def _in_own_lines(verdict: Verdict, offset: int) -> Verdict:
    """Return the verdict with its error's line counted in the snippet, not in the program that it was part of."""
    if not verdict.error_lines or not offset:
        return verdict
    own = tuple(line - offset for line in verdict.error_lines if line > offset)
    reason = verdict.reason if own else "an earlier snippet that it builds on failed"
    return replace(verdict, error_lines=own, reason=reason)
