"""Many programs, hostile and healthy, through the same workers: nothing may be left over, no healthy one harmed.

`python tests/sandbox/soak.py --snippets 100000 --isolation A` prints what it saw; the tests run it for seconds.
"""

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that it runs by path as well

from tests.sandbox.attack import ATTACKS
from tests.sandbox.attack_box import surroundings
from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import shipped

HEALTHY = {
    "print(6 * 7)": "42\n",
    "values = [3, 1, 2]\nvalues.sort()\nprint(values)": "[1, 2, 3]\n",
    "import math\nprint(math.isqrt(10))": "3\n",
    "from typing import List\ndef f(x: List[int]) -> int:\n    return sum(x)\nprint(f([1, 2]))": "3\n",
    "import json\nprint(json.loads('[1]'))": "[1]\n",
    "with open('a', 'w') as f:\n    f.write('x')\nprint(open('a').read())": "x\n",
    "import threading\nt = threading.Thread(target=print, args=('t',))\nt.start()\nt.join()": "t\n",
    "import os\nprint(os.listdir('.'))": "[]\n",
    "print('x' * 70000)": "x" * 70000 + "\n",
}
GREEDY = [f"{before}print('x' * 900_000)" for before in ("", "import json\n", "import threading\n")]
"""A program for each kind of worker that makes it take as much memory as it ever needs."""
TEDIOUS = {"cpu_timeout", "wall_timeout", "memory"}
"""Attacks that may end so are left out: they would take all the time."""
BIG = {"big_file", "big_files", "many_files", "deep_folders", "thread_bomb", "thread_bomb_small", "deep_repr"}


@dataclass(kw_only=True)
class Report:
    """What a soak saw."""

    snippets: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    before: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)
    operator_mib: list[float] = field(default_factory=list)
    seconds: float = 0.0


def programs(count: int, tier: str, seed: int) -> Iterator[tuple[str, str | None, list[str]]]:
    """Yield (code, the output that it must have, the statuses that it may have)."""
    draw = random.Random(seed)
    hostile = []
    for name, attack in ATTACKS.items():
        statuses = attack.expect[tier]
        statuses = [statuses] if isinstance(statuses, str) else statuses
        if not TEDIOUS & set(statuses) and name not in BIG and not attack.replaced:
            hostile.append((attack.code, statuses))
    healthy = [(code, out) for code, out in HEALTHY.items() if tier != "C" or "'w'" not in code]
    for number in range(count):
        if number % 3 == 0:
            code, statuses = draw.choice(hostile)
            yield code, None, statuses
        else:
            code, out = draw.choice(healthy)
            yield code, out, ["ok"]


def all_kinds_run(box: Sandbox) -> bool:
    """Whether every slot has a worker of each kind by now; which slot gets which program is chance."""
    slots = [box._idle.get() for _ in range(box.workers)]
    for slot in slots:
        box._idle.put(slot)
    return all(slot.keys() == slots[0].keys() for slot in slots)


def workers_of(box: Sandbox) -> list[dict[str, Any]]:
    slots = [box._idle.get() for _ in range(box.workers)]
    for slot in slots:
        box._idle.put(slot)
    found = [surroundings(worker._process.pid) for slot in slots for worker in slot.values()]
    return sorted(found, key=lambda worker: worker["processes"])


def soak(count: int, *, tier: Any = "A", workers: int = 2, seed: int = 0) -> Report:
    """Run `count` programs; return what was seen."""
    report, started = Report(), time.monotonic()
    policy = shipped().with_changes(recycle_after=10**9)
    with Sandbox(workers=workers, policy=policy, isolation=tier) as box:
        while not report.before or not all_kinds_run(box):
            for verdict in box.map(code for _ in range(8) for code in (*HEALTHY, *GREEDY)):
                assert verdict.status == "ok" or tier == "C"
            report.before = workers_of(box)
        report.before = workers_of(box)
        expectations = programs(count, tier, seed)
        for verdict, (code, out, statuses) in zip(
            box.map(code for code, _, _ in programs(count, tier, seed)), expectations, strict=True
        ):
            report.snippets += 1
            report.statuses[verdict.status] += 1
            if verdict.status not in statuses or (out is not None and verdict.stdout != out):
                report.faults.append(f"{verdict.status} {verdict.reason} {verdict.stdout[:200]!r} of {code[:200]!r}")
            if report.snippets % max(1, count // 10) == 0:
                report.operator_mib.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        report.after = workers_of(box)
    report.seconds = time.monotonic() - started
    return report


def main() -> None:
    """Soak as asked on the command line; exit 1 if a program was treated wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snippets", type=int, default=100_000)
    parser.add_argument("--isolation", default="A")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    report = soak(asked.snippets, tier=asked.isolation, workers=asked.workers, seed=asked.seed)
    found = {**report.__dict__, "statuses": dict(report.statuses), "faults": report.faults[:20]}
    print(json.dumps(found, indent=1))
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
