"""`>>>` sessions as people paste them → as doctest reads them, and the program that they hold; line for line.

Knows nothing of where a session stands, or of whether its results are right.
"""

import ast
import contextlib
import doctest
import re

PROMPT = re.compile(r"^\s*>>> ", re.MULTILINE)
FURTHER_PROMPT = re.compile(r"^(\s*)\.\.\.(?= |$)")
FURTHER_WORDS = re.compile(r"^(\s*)\.\.\.(?= *\S)")
SHOWN_SYNTAX_ERROR = re.compile(r"^\s*(?:SyntaxError|IndentationError|TabError)\b", re.MULTILINE)
RESTART = re.compile(r"^\s*>>> =+ RESTART\b.*$")
MOST_PASTED_LINES = 40
"""So many lines of a statement in a session are looked for below its prompt."""


def script_of_session(text: str) -> str:
    """Return the statements of a `>>>` session on the lines where they stand; results become blank lines.

    Code that stands above the first prompt, as people put definitions there, stays.
    """
    text, above = with_prompts(text), above_the_prompt(text)
    kept: list[str] = []
    is_begun = False
    for line in text.removesuffix("\n").split("\n"):
        match = re.match(r"\s*(?:>>>|\.\.\.)(?: (.*))?$", line)
        is_begun = is_begun or line.lstrip().startswith(">>>")
        kept.append((match.group(1) or "") if match and is_begun else "" if is_begun or not above else line)
    code = "\n".join(kept) + "\n"
    return code if parses(code) else _without_shown_errors(text, kept)


def _without_shown_errors(text: str, lines: list[str]) -> str:
    """Return a session's program without the statements whose syntax error is shown; they are run one by one anyway."""
    with contextlib.suppress(ValueError):  # it is no session by doctest's rules
        for example in doctest.DocTestParser().get_examples(text):
            if SHOWN_SYNTAX_ERROR.search(example.want) and not parses(example.source):
                end = example.lineno + example.source.count("\n")
                lines[example.lineno : end] = [""] * (end - example.lineno)
    return "\n".join(lines) + "\n"


def with_prompts(text: str) -> str:
    """Return a session, line for line, as doctest reads one.

    The lines of a statement that was pasted without its further prompts get them, where the statement does not parse
    without these lines and does with them. A line such as `... look at the output ...` becomes a remark, and the line
    with which IDLE tells a restart an empty one.
    """
    lines = [RESTART.sub("", line) for line in text.split("\n")]
    place = 0
    while place < len(lines):
        margin, prompt, _ = lines[place].partition(">>> ")
        if not prompt or margin.strip():
            lines[place] = FURTHER_WORDS.sub(r"\1# ...", lines[place])
            place += 1
            continue
        end = next((n for n in range(place + 1, len(lines)) if not FURTHER_PROMPT.match(lines[n])), len(lines))
        code = [line.removeprefix(margin)[4:] for line in lines[place:end]]
        whole = next((n for n in range(len(code), 0, -1) if parses("\n".join(code[:n]))), 0)
        place = place + whole if whole else _with_pasted(lines, margin, code, end)
    return "\n".join(lines)


def _with_pasted(lines: list[str], margin: str, code: list[str], end: int) -> int:
    """Put prompts before the lines from `end` on that belong to the statement `code`; return where it ends then."""
    last = end
    for after in range(end + 1, min(end + MOST_PASTED_LINES, len(lines)) + 1):
        if PROMPT.match(lines[after - 1]) or not lines[after - 1].strip():
            break
        if parses("\n".join([*code, *(line.removeprefix(margin) for line in lines[end:after])])):
            last = after
    lines[end:last] = [f"{margin}... {line.removeprefix(margin)}" for line in lines[end:last]]
    if last > end and last < len(lines) and not lines[last].strip():
        lines[last] = f"{margin}..."  # the empty line that ends a block at the prompt
        last += 1
    return last


def above_the_prompt(text: str) -> str:
    """Return the code above the first prompt of a session; nothing where a shell's prompt or a banner stands there."""
    first = PROMPT.search(text)
    above = text[: first.start()] if first else ""
    return above if above.strip() and parses(above) else ""


def parses(text: str) -> bool:
    """Return whether a text is a Python program, as far as its grammar goes."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
