"""What was observed → claims with what is true of them: comments, session results, output blocks, announced errors.

Knows how each kind of claim is compared; runs nothing and finds nothing.
"""

import doctest
import re
from collections.abc import Sequence

from textbooks.excerpt import comparing, instrument
from textbooks.excerpt.claims import ERROR, Site
from textbooks.excerpt.instrument import Example
from textbooks.excerpt.sessions import above_the_prompt, with_prompts
from textbooks.records import Claim, OutputBlock, Snippet

LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NO_ERROR = "no error"
WANTING = ("NameError", "ModuleNotFoundError", "FileNotFoundError")
"""Errors of a page that is not whole by itself."""
TRAILING_REMARK = re.compile(r"[ \t]{2,}#.*$", re.MULTILINE)
PROMPT_BEHIND = re.compile(r">>> ?\n?\Z")
"""The next prompt, behind an output that ends without a new line."""
OF_THE_MACHINE = re.compile(
    r"\b(?:id|hash|getsizeof|platform|getpid|version(?:_info)?|urandom|perf_counter|dir|help|getcwd|cwd|home|__file__"
    r"|glob|rglob|iglob|listdir|iterdir|scandir|exists|isfile|isdir|stdin|stderr|globals|locals|vars"
    r"|sys\.(?:path|modules|executable|argv))\b"
)
"""What gives other values on another machine or version."""
OF_THE_CLOCK = re.compile(r"\b(?:time\.\w+|time\(\)|now\(|today\(|strftime|utcnow|timeit|monotonic)")
PIECE = re.compile(r"[^\s{}()\[\],]+")
OF_THREADS = re.compile(r"\b(?:thread|Thread|Process|Pool|executor|Executor|asyncio|gather)")
OF_ORDER = re.compile(r"\.pop\(\)|\bnext\(iter\(")
A_SET = re.compile(r"\b(?:frozen)?set\(|\{[^:{}]*\}")
OF_CHANCE = re.compile(r"\b(?:random|choices?|shuffle|rand\w+|sample|uniform|token_\w+|uuid\d?)\b")
ANNOUNCES_FAILURE = re.compile(
    r"(?:\b(?:this|these|it|that|following|below|next|code|snippet|example|block|call|line|program|will|would)\b"
    r"[^.!?]{0,60}?\b(?:fails?|raises?|throws?|crash(?:es)?|errors?\s+out|is\s+an?\s+error|causes?|results?\s+in"
    r"|produces?|gives?)\b)|에러|오류|예외|エラー|例外|错误|异常",
    re.IGNORECASE,
)
HANDLES = re.compile(
    r"^\s*(?:try\s*:|except\b|with\s+(?:pytest\.raises|[\w.]*assertRaises|(?:contextlib\.)?suppress))", re.M
)


def comments(code: str, sites: Sequence[Site], stdout: str, *, strict: bool) -> tuple[str, tuple[Claim, ...]]:
    """Return a script's own output, and the claims of its comments with what really came out."""
    clean, observed = instrument.observed(code, sites, stdout)
    claims = []
    for site, seen in zip(sites, observed, strict=True):
        actual, agrees = seen.own, None
        if site.kind == "raises":
            actual, agrees = _raised(site, seen, strict=strict)
        elif site.kind == "below":
            actual, agrees = _below(site, seen, strict=strict or (site.is_output and not site.is_expression))
        elif actual is not None:
            agrees = comparing.agrees(site.claimed, actual, strict=strict)
        if agrees is not True and not strict and site.kind in ("value", "name", "below") and actual:
            # A comment may leave out the quotes that the prompt would show; `0x14c` for '0x14c'.
            bare = comparing.text_of(actual)
            agrees = True if bare and comparing.agrees(site.claimed, bare, strict=False) else agrees
        if agrees is False and site.is_output and site.claimed.startswith(f"{(actual or '').strip()} "):
            agrees = True  # with a remark behind it
        if agrees is False and _is_open(_statement(code, site), code):
            agrees = None
        claims.append(
            Claim(
                line=site.line,
                claimed=site.claimed,
                actual=actual,
                agrees=agrees,
                kind=site.kind,
                lines=site.lines,
            )
        )
    return clean, tuple(claims)


def examples(snippet: Snippet) -> tuple[Example, ...]:
    """Return the examples of a session, by doctest's own reading; those that say `+SKIP` are left out."""
    source = with_prompts(snippet.source)
    try:
        found = doctest.DocTestParser().get_examples(source)
    except ValueError:  # it is no session by doctest's rules
        return ()
    lines = source.split("\n")
    shown: list[Example] = []
    for one in found:
        if one.options.get(doctest.SKIP):
            continue
        end = one.lineno + one.source.count("\n")
        while end < len(lines) and lines[end].strip() == "...":  # the prompt at which a block was ended
            end += 1
        shown.append(Example(source=one.source, want=one.want, line=one.lineno + 1, want_line=end + 1))
    if above := above_the_prompt(snippet.source):
        shown.insert(0, Example(source=above, want="", line=1, want_line=above.count("\n") + 1, is_script=True))
    return tuple(shown)


def session(code: str, shown: Sequence[Example], stdout: str, *, strict: bool) -> tuple[str, tuple[Claim, ...]]:
    """Return a session's own output, and its results with what really came out."""
    clean, observed = instrument.observed_session(code, len(shown), stdout)
    claims = []
    for example, actual in zip(shown, observed, strict=True):
        if example.is_script or (not example.want and not (actual or "").strip()):
            continue  # nothing is shown, and nothing came
        claims.append(
            Claim(
                line=example.want_line,
                claimed=example.want,
                actual=actual,
                agrees=None if actual is None else _example_agrees(example, actual, code, strict=strict),
                kind="session",
                lines=example.want.count("\n"),
            )
        )
    return clean, tuple(claims)


def block(output: OutputBlock, snippet: Snippet, stdout: str, shown: str, *, strict: bool) -> Claim:
    """Return the claim of an output block beside all that its snippet printed, or showed as its last value."""
    text = _without_prompt(output.text)
    actual = stdout if stdout.strip() or not shown else shown
    agrees = comparing.agrees(text, actual, strict=strict)
    if agrees is not True and shown and comparing.agrees(text, stdout + shown, strict=strict) is True:
        actual, agrees = stdout + shown, True
    if agrees is not True and not strict and _depends(snippet.code, text, actual):
        agrees = None
    elif agrees is not True:
        said = text.strip()
        agrees = _difference(said, actual, is_value=agrees is False, is_announced=output.is_announced, strict=strict)
    return Claim(
        line=output.line - snippet.line + 1,
        claimed=output.text,
        actual=actual,
        agrees=agrees,
        kind="block",
        lines=output.end_line - output.line,
    )


def _depends(code: str, text: str, actual: str) -> bool:
    """Return whether all that a snippet printed depends on the clock, the machine, chance, or the order of a set."""
    if OF_THE_CLOCK.search(code) or _is_open(code, code):
        return True
    is_unordered = A_SET.search(code) or OF_THREADS.search(code)
    return bool(is_unordered) and sorted(PIECE.findall(text)) == sorted(PIECE.findall(actual))


def announced_error(output: OutputBlock | None, snippet: Snippet) -> str | None:
    """Return the error that the text says a snippet ends with, as `Type: message` or `Type`; None where it says none.

    A block with a traceback says so, and so does the paragraph before, where it ends in a colon, speaks of what follows
    and names the error, and the snippet does not handle errors itself.
    """
    if output:
        last = output.text.strip().rpartition("\n")[2].strip()
        is_traceback = output.text.lstrip().startswith("Traceback (most recent call last)")
        found = re.match(r"(?:[\w.]+\.)?([A-Za-z_]\w*(?:Error|Exception|Interrupt|Iteration|Exit|Group))\b(.*)", last)
        if found and (is_traceback or "\n" not in output.text.strip()):
            return found.group(1) + found.group(2)
    sentence = re.split(r"(?<=[.!?。])\s+", snippet.before.strip())[-1]
    named = ERROR.search(sentence)
    if not named or not sentence.endswith((":", "：")) or HANDLES.search(snippet.code):
        return None
    return named.group(1) if ANNOUNCES_FAILURE.search(sentence) else None


def is_announced(announced: str, error_type: str | None, message: str | None) -> bool:
    """Return whether an error is the announced one: of that type and, where a message is shown, of that message."""
    name, _, said = announced.partition(":")
    if (error_type or "").rpartition(".")[2] != name.strip():
        return False
    return not said.strip() or comparing.agrees(said.strip(), message or "", strict=False) is not False


def _statement(code: str, site: Site) -> str:
    return "\n".join(code.split("\n")[site.start[0] - 1 : site.end[0]]).partition("#")[0]


def _is_open(statement: str, code: str) -> bool:
    """Return whether what a statement gives depends on the machine, on the order of a set, or on unseeded chance."""
    by_chance = OF_CHANCE.search(statement) is not None and "seed" not in code and "Random(" not in code
    by_order = OF_ORDER.search(code) is not None and A_SET.search(code) is not None
    by_place = OF_THE_MACHINE.search(statement) or OF_THE_CLOCK.search(statement)
    return by_chance or by_order or by_place is not None


def _raised(site: Site, seen: instrument.Observed, *, strict: bool) -> tuple[str | None, bool | None]:
    """Compare an error; what names one behind a print may also be what is printed."""
    if seen.own is None:
        return None, None
    if seen.error:
        return seen.error, _is_same_error(site.claimed, seen.error, strict=strict)
    if seen.own.strip() and comparing.agrees(site.comment, seen.own, strict=strict):
        return seen.own, True
    return seen.own or NO_ERROR, False


def _below(site: Site, seen: instrument.Observed, *, strict: bool) -> tuple[str | None, bool | None]:
    """Compare comment lines with what their statement printed, or with all that was printed since the last claim."""
    choices = [text for text in (seen.own, seen.since_the_last) if text]
    verdicts = [comparing.agrees(site.claimed, text, strict=strict) for text in choices]
    if True in verdicts:
        return choices[verdicts.index(True)], True
    if not choices:
        return None, None
    claimed_lines = site.claimed.strip().count("\n")
    same_length = [n for n, text in enumerate(choices) if text.strip().count("\n") == claimed_lines]
    chosen = same_length[0] if same_length else 0
    if verdicts[chosen] is None and claimed_lines and same_length:
        return choices[chosen], False if _is_alike(site.claimed, choices[chosen]) else None
    return choices[chosen], verdicts[chosen]


def _example_agrees(example: Example, actual: str, code: str, *, strict: bool) -> bool | None:
    want = re.sub(r"(?m)^\s*<BLANKLINE>\s*$", "", example.want)
    if instrument.is_error(example.want):
        said = _last_line(want)
        if not strict and actual.startswith(WANTING) and not said.startswith(WANTING):
            return None  # the page leaves out what comes before, or has it elsewhere
        return _is_same_error(said, actual.strip() or NO_ERROR, strict=strict)
    if not example.want:
        return False if strict else None
    if want.lstrip().startswith("#") or "Warning: " in want or comparing.is_elision(want):
        return None  # a remark, what goes to another stream, or what is left to the reader
    # Documents are often tested as modules of another name.
    want, actual = (text.replace("__main__.", "") for text in (TRAILING_REMARK.sub("", want), actual))
    if not actual.endswith("\n"):
        want = PROMPT_BEHIND.sub("", want)
    if doctest.OutputChecker().check_output(want, actual, LENIENT):
        return True
    agrees = comparing.agrees(want, actual, strict=strict)
    if any(comparing.UNREPEATABLE.search(text) for text in (actual, want)) or _is_open(example.source, code):
        return None
    return bool(agrees)  # what a session shows is an output, and no remark


def _last_line(traceback: str) -> str:
    """Return the last line of a traceback, `Type: message`, with those into which it was broken to fit the page."""
    lines = [line for line in traceback.strip().split("\n") if line.strip() and line[:1] != " "]
    for number in range(len(lines) - 1, -1, -1):
        found = ERROR.search(lines[number])
        if found:
            return " ".join([found.group(0), *(line.strip() for line in lines[number + 1 :])])
    return lines[-1] if lines else ""


def _is_same_error(claimed: str, actual: str, *, strict: bool) -> bool | None:
    """Compare `Type: message`; a claim without a message is of the type alone."""
    claimed_type, _, claimed_message = claimed.partition(":")
    actual_type, _, actual_message = actual.partition(":")
    if claimed_type.strip().rpartition(".")[2] != actual_type.strip().rpartition(".")[2]:
        return False
    if not claimed_message.strip():
        return True
    agrees = comparing.agrees(claimed_message.strip(), actual_message.strip(), strict=False)
    # Messages differ from one version of Python to the next.
    return True if agrees else (False if strict else None)


def _without_prompt(text: str) -> str:
    """Return an output without the command line that a terminal shows above it."""
    first, _, rest = text.partition("\n")
    return rest if re.match(r"\s*(?:\$|>|%) \S", first) and rest.strip() else text


def _difference(text: str, actual: str, *, is_value: bool, is_announced: bool, strict: bool) -> bool | None:
    """Return False where an output block is wrong, None where it may be another thing, or a part of the output.

    `is_value` says that it holds another value of the kind that came out.
    """
    if strict:
        return False
    if not actual.strip() or _is_part(text, actual) or comparing.UNREPEATABLE.search(actual):
        return None
    return False if is_value or _is_alike(text, actual) or (is_announced and "\n" not in text) else None


def _is_part(text: str, actual: str) -> bool:
    """Return whether some lines of what was printed are shown, in order and without a gap."""
    return bool(text.strip()) and f"\n{text.strip()}\n" in f"\n{actual.strip()}\n"


def _is_alike(text: str, actual: str) -> bool:
    """Return whether an output block is a version of what was printed, so that the difference is an error."""
    import difflib

    one, other = text.strip(), actual.strip()
    if len(one) > ALIKE_CHARACTERS or len(other) > ALIKE_CHARACTERS:
        one, other = one[:ALIKE_CHARACTERS], other[:ALIKE_CHARACTERS]
    return one.count("\n") == other.count("\n") and difflib.SequenceMatcher(None, one, other).ratio() >= ALIKE_RATIO


ALIKE_RATIO = 0.6
ALIKE_CHARACTERS = 4000
