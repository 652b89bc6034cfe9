"""Every attack in `attacks/`, one a file, in every tier of isolation, as root and as an ordinary user.

Each is first shown to work without the box (the positive control, under limits of this test's own), then shown to fail
in it, with the verdict that its file names; then a healthy program must run in the same worker, and nothing may be left
of the attack: no process, descriptor, mount or file, and no memory.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.attack import ATTACKS, Attack, reachable_python

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
WORKED = "attack worked"
ORDINARY = 54321
"""An id that no account has."""
GROWTH_PAGES = 256
CONFIGURATIONS = [(user, tier) for user in ("itself", "ordinary") for tier in "ABC"]


class Box:
    """A box in a process of its own, as a certain user."""

    def __init__(self, user: str, tier: str) -> None:
        self.refusal: str | None = None
        is_root = os.geteuid() == 0
        if user == "ordinary" and not is_root:
            self.refusal = "these tests run as an ordinary user already"
            return
        runs_as = ORDINARY if user == "ordinary" else 65534
        needs_reach = is_root and (user == "ordinary" or tier != "A")
        python = reachable_python(runs_as) if needs_reach else sys.executable
        if python is None:
            self.refusal = "no Python 3.11 or newer lies where every user can reach it"
            return
        as_other = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []} if user == "ordinary" else {}
        # Not below pytest's own folder, which it closes to others.
        self.folder = Path(tempfile.mkdtemp(prefix="textbooks-attacks-"))
        self.folder.chmod(0o777)
        environment = {
            "PYTHONPATH": str(CHECKOUT),
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.folder),
            "SECRET": "x",
        }
        self.process = subprocess.Popen(
            [python, "-s", "-B", str(HERE / "attack_box.py"), tier],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd="/",
            **as_other,
        )
        self.refusal = self.answer().get("refused")

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        assert line, "the process around the box ended"
        return json.loads(line)

    def ask(self, **question: Any) -> dict[str, Any]:
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        if hasattr(self, "process"):
            self.process.stdin.close()
            assert self.process.wait(30) == 0
            self.process.stdout.close()
            self.folder.rmdir()


@pytest.fixture(scope="session")
def boxes() -> Iterator[dict[tuple[str, str], Box]]:
    """The boxes in use, started as they are needed."""
    opened: dict[tuple[str, str], Box] = {}
    yield opened
    for box in opened.values():
        box.close()


@pytest.mark.parametrize(("user", "tier"), CONFIGURATIONS)
@pytest.mark.parametrize("name", ATTACKS)
def test_the_box_stands(
    name: str,
    user: str,
    tier: str,
    boxes: dict[tuple[str, str], Box],
) -> None:
    attack = ATTACKS[name]
    if (user, tier) not in boxes:
        boxes[user, tier] = Box(user, tier)
    box = boxes[user, tier]
    if box.refusal:
        pytest.skip(box.refusal)
    expected = attack.expect[tier]
    expected = [expected] if isinstance(expected, str) else expected
    question = {"code": attack.code, "times": 2 if attack.twice else 1, "limits": limits_for(expected)}
    found = box.ask(**question)
    last = found["verdicts"][-1]
    assert last["status"] in expected, last
    assert last["isolation"] == tier
    said = WORKED in last["stdout"]
    assert said == (tier in attack.open_in) or tier in attack.late_in, last
    assert found["healthy"] == ["ok", "fine []\n"]
    before, after = found["before"], found["after"]
    if (user if os.geteuid() == 0 else "ordinary") in attack.replaced.get(tier, ()):
        assert after.pop("processes") != before.pop("processes")
    grown = [after.pop("pages") - before.pop("pages")]
    assert after == before
    while grown[-1] >= GROWTH_PAGES and len(grown) < 3:  # a huge page may be free now that was not before
        found = box.ask(**question)
        grown.append(found["after"]["pages"] - found["before"]["pages"])
    assert grown[-1] < GROWTH_PAGES, f"the worker grew by {grown} pages"


def limits_for(expected: list[str]) -> str:
    """Which of the boxes, by its limits: patient ones would make loops and sleeps tedious."""
    if "wall_timeout" in expected:
        return "little time"
    return "little work" if "cpu_timeout" in expected else "plenty"


def limits(cpu_seconds: int) -> None:
    """What a control may use at most, whatever it tries."""
    for kind, value in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, 3 << 30),
        (resource.RLIMIT_FSIZE, 800 << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def outcome(attack: Attack, folder: Path, seconds: float) -> tuple[str, int | None]:
    """Run an attack without the box, bounded, and return (what it printed, how it ended or None if it did not)."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", attack.code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if attack.control == "outlives" else out,
            stderr=subprocess.DEVNULL,
            cwd=folder / "work",
            env={**os.environ, "SECRET": "x"},
            preexec_fn=lambda: limits(3 if attack.control == "dies" else 10),  # some die of nothing else
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        deadline = time.monotonic() + 2
        shows = attack.control == "says" and code is not None
        while shows and time.monotonic() < deadline and not said(log, folder):
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return ("", code) if not said(log, folder) else (WORKED, code)


def said(log: Path, folder: Path) -> bool:
    with log.open("rb") as file:
        return WORKED.encode() in file.read() or (folder / "work" / "worked").exists()


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_works_without_the_box(name: str, tmp_path: Path) -> None:
    attack = ATTACKS[name]
    if attack.needs_root and os.geteuid() != 0:
        pytest.skip("only root can carry it out")
    (tmp_path / "work").mkdir()
    seconds = 0.7 if attack.control == "outlives" else 30
    for _ in range(2 if attack.twice else 1):
        words, code = outcome(attack, tmp_path, seconds)
    remover = CHECKOUT / "sandbox" / "folder.py"
    subprocess.run([sys.executable, "-I", str(remover), str(tmp_path / "work")], check=True)
    for place in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock"):
        for left in Path(place).glob(f"left-by-{str(tmp_path / 'work').replace('/', '-')}"):
            left.unlink()
    shown = {
        "says": words == WORKED,
        "outlives": code is None,
        "dies": code is not None and code < 0,
        "fails": code not in (0, None),
        "quiet": code == 0,
    }
    assert shown[attack.control], (words, code)


def test_every_group_of_attacks_is_there() -> None:
    """The numbers are those of the list in the README of the box; those without a program of their own are named."""
    elsewhere = {4, 17, 25, 29, 33, 35, 40}
    assert {attack.group for attack in ATTACKS.values()} | elsewhere == set(range(1, 41))
