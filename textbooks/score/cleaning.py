"""What a model writes for a problem → a completion to be judged: fences, chat, a repeated prompt and what follows off.

Every step that changed something is named, so that a score can say what was done. Leading and trailing whitespace is
kept: it is indentation, and part of what the model wrote. Judges nothing and runs nothing.
"""

import ast
import re

from textbooks.problems import Problem

FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
TOP_LEVEL = re.compile(r"^[^\s#]", re.MULTILINE)
STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""Where the paper's sampling stops (Chen et al. 2021, section 2.1)."""


def cleaned(text: str, problem: Problem) -> tuple[str, tuple[str, ...]]:
    """Return what to judge of an answer, and the steps that it took: `fence`, `chat`, `prompt`, `cut`."""
    steps: list[str] = []
    blocks = [match.group(2) for match in FENCE.finditer(text)]
    if blocks:
        named = [block for block in blocks if f"def {problem.entry_point}" in block]
        text = (named or blocks)[0]
        steps.append("fence")
    elif (start := _code_behind_chat(text, problem)) is not None:
        text = text[start:]
        steps.append("chat")
    if problem.continues_prompt and text.lstrip("\n").startswith(problem.prompt.strip("\n")):
        text = text.lstrip("\n")[len(problem.prompt.strip("\n")) :]
        text = text.removeprefix("\n")
        steps.append("prompt")
    elif re.search(rf"^(?:async )?def {problem.entry_point}\b", text, re.MULTILINE):
        whole = _whole_function(text, problem)
        if whole is not None:
            changed, text = whole.strip("\n") != text.strip("\n"), whole
            if problem.continues_prompt:
                text = f"\n\n{text}"  # behind the prompt's own, whose docstring is body enough
                steps.append("prompt")
            if changed:
                steps.append("cut")
            return text, tuple(steps)
    cut = _end_of_body(text) if problem.continues_prompt else len(text)
    if cut < len(text):
        text = text[:cut]
        steps.append("cut")
    return text, tuple(steps)


def _code_behind_chat(text: str, problem: Problem) -> int | None:
    """Return where the function begins in an answer that talks before it; None where it does not talk."""
    found = re.search(rf"^(?:from |import |@|(?:async )?def {problem.entry_point}\b)", text, re.MULTILINE)
    before = text[: found.start()] if found else ""
    return found.start() if found and before.strip() and not before.lstrip("\n").startswith((" ", "\t")) else None


def _whole_function(text: str, problem: Problem) -> str | None:
    """Return a program up to the last definition behind the function asked for; None where none of it parses."""
    lines = text.split("\n")
    for end in range(len(lines), 0, -1):
        try:
            body = ast.parse("\n".join(lines[:end])).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        names = [getattr(node, "name", None) for node in body]
        if problem.entry_point not in names:
            return None
        last = names.index(problem.entry_point)
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)
        while last + 1 < len(body) and isinstance(body[last + 1], kinds):
            last += 1
        return "\n".join(lines[: body[last].end_lineno]) + "\n"
    return None


def _end_of_body(text: str) -> int:
    """Return where the body that goes on behind a prompt ends: at the next statement that is not indented."""
    first = text.find("\n") + 1 if text and not text[0].isspace() else 0  # a body on the prompt's own last line
    found = TOP_LEVEL.search(text, first)
    return found.start() if found else len(text)
