"""A box of one tier behind standard input and output, for tests that run it as another user or interpreter.

Reads JSON lines {"code", "times", "limits"}; answers with the verdicts, with what a healthy program did right
afterwards in the same worker, and with what changed around that worker. Needs nothing but the standard library.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import kind_of, shipped

PLENTY = {"cpu_seconds": 10.0, "wall_seconds": 30.0, "memory_mb": 128, "files_count": 2000}
LIMITS: dict[str, dict[str, Any]] = {
    "plenty": PLENTY,
    "little work": {**PLENTY, "cpu_seconds": 0.3},
    "little time": {**PLENTY, "wall_seconds": 1.0},
}
"""Name → what differs from the policy. What takes all that there is, should take it soon."""
HEALTHY = "import os\nprint('fine', os.listdir('.'))\n"


def surroundings(pid: int) -> dict[str, Any]:
    """What is there of a worker: its processes, descriptors, mounts, memory and files."""
    processes = [pid]
    for process in processes:
        with contextlib.suppress(OSError):
            processes += map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
    server = processes[-1]
    found: dict[str, Any] = {"processes": processes}
    with contextlib.suppress(OSError):
        found["descriptors"] = sum(1 for _ in Path(f"/proc/{server}/fd").iterdir())
    with contextlib.suppress(OSError):
        mounts = Path(f"/proc/{server}/mountinfo").read_text().splitlines()
        found["mounts"] = sum("/pytest-of-" not in mount for mount in mounts)  # other tests mount things of their own
    found["pages"] = int(Path(f"/proc/{server}/statm").read_text().split()[1])
    folders = Path(tempfile.gettempdir()).glob("textbooks-box-*/work")
    found["files"] = [str(file) for folder in folders if os.access(folder, os.R_OK) for file in folder.iterdir()]
    return found


def main() -> None:
    """Serve until the input ends."""
    tier: Any = sys.argv[1]
    with contextlib.ExitStack() as stack:
        try:
            boxes = {
                name: stack.enter_context(Sandbox(policy=shipped().with_changes(**changes), isolation=tier))
                for name, changes in LIMITS.items()
            }
        except TextbooksError as error:
            print(json.dumps({"refused": str(error)}), flush=True)
            return
        print(json.dumps({"ready": True}), flush=True)
        for box in boxes.values():
            for kind in ("", "import math\n", "import threading\n"):
                box.run(f"{kind}while True:\n    print('x' * 100_000)")  # what a worker takes for the largest output
        for line in sys.stdin:
            asked = json.loads(line)
            box, kind = boxes[asked["limits"]], kind_of(shipped(), asked["code"])
            healthy_code = HEALTHY + ("" if kind == "light" else f"# {'threading' if kind == 'heavy' else ''}")
            if kind == "bare":
                healthy_code = "print('fine', [])\n"
            box.run(healthy_code)
            slot = box._idle.get()
            box._idle.put(slot)
            before = surroundings(slot[kind]._process.pid)
            verdicts = [box.run(asked["code"]).line() for _ in range(asked["times"])]
            healthy = box.run(healthy_code)
            after = surroundings(slot[kind]._process.pid)
            answer = {"verdicts": verdicts, "healthy": [healthy.status, healthy.stdout], "before": before}
            print(json.dumps({**answer, "after": after}), flush=True)


if __name__ == "__main__":
    main()
