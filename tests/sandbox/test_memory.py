"""The server's memory and its one child, from within: what the box rests on, and what it does without."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from textbooks import assets
from textbooks.sandbox import Sandbox, worker
from textbooks.sandbox.policy import shipped

FORKS = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
import native
assert native.is_there
native.is_there = sys.argv[2] == "in a row"
import process
ours, theirs = socket.socketpair()
page = process.pages.taken(process.pages.SMALL, 0x1000_8000_0000)
fine = process.kernel.DIE_WITH_SERVER
broken = process.kernel.number("close"), 999
make = dict(moment_seconds=0.9, in_new_pid_namespace=False)
child = process.Process(theirs.fileno(), childs_calls=(fine, fine), page=page, **make)
for code in (0, 7):
    pid, has_ended = child.run()
    if pid == 0:
        assert os.getpid() != os.getppid()
        os._exit(code)
    assert has_ended and pid > 0
    status, seconds, peak = child.reap(pid)
    assert os.waitstatus_to_exitcode(status) == code and 0 <= seconds < 1 and peak > 1 << 20

make_process, faults = child._run, [-11, -11]
child._run = lambda: faults.pop() if faults else make_process()
pid, has_ended = child.run()
if pid == 0:
    os._exit(3)
assert not faults and os.waitstatus_to_exitcode(child.reap(pid)[0]) == 3, "too many processes, at first"

other = process.Process(theirs.fileno(), childs_calls=(fine, broken, fine), **make)
pid, has_ended = other.run()
assert pid > 0, "it went on after a call that failed"
assert os.waitstatus_to_exitcode(other.reap(pid)[0]) == 1

ours.close()
pid, has_ended = child.run()
if pid == 0:
    import time
    time.sleep(0.5)
    os._exit(0)
assert not has_ended, "it was the operator who hung up"
child.reap(pid)
"""


@pytest.mark.parametrize("how", ["in a row", "in steps"])
def test_a_child_is_forked_awaited_and_reaped(how: str) -> None:
    command = [sys.executable, "-I", "-c", FORKS, str(assets.folder("sandbox")), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


MOVED = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
import memory, pages
place = pages.taken(3 * pages.HUGE)
start = -(-place // pages.HUGE) * pages.HUGE
content = bytes(range(256)) * (pages.HUGE // 256)
ctypes.memmove(start, content, pages.HUGE)
assert memory._into_huge_pages(start, start + pages.HUGE)
assert ctypes.string_at(start, pages.HUGE) == content
ctypes.memset(start, 1, 10)
with open("/proc/self/maps") as maps:
    areas = list(pages.areas(maps.fileno()))
function = ctypes.pythonapi.Py_GetVersion
function.restype = ctypes.c_char_p
version = function()
list(memory._moved_interpreter(areas))
assert function() == version and sorted([3, 1, 2]) == [1, 2, 3] and compile("1 + 1", "", "eval")
"""


def test_what_is_moved_into_huge_pages_stays_as_it_was() -> None:
    command = [sys.executable, "-I", "-c", MOVED, str(assets.folder("sandbox"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_box_does_without_huge_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_pymalloc", lambda: None)
    with Sandbox() as box:
        assert box.run("print(1)").stdout == "1\n"
        assert box.run("import time; time.sleep(0.1); print(2)").stdout == "2\n"


def test_no_huge_pages_are_wanted_where_the_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HUGE_PAGES", tmp_path)
    assert worker._pymalloc.__wrapped__() is None
    (tmp_path / "hpage_pmd_size").write_text("2097152\n")
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    assert worker._pymalloc.__wrapped__() is None
    (tmp_path / "enabled").write_text("always [madvise] never\n")
    assert worker._pymalloc.__wrapped__() is not None
    (tmp_path / "hpage_pmd_size").write_text("33554432\n")
    assert worker._pymalloc.__wrapped__() is None


def servers(box: Sandbox) -> Iterator[Path]:
    """Where the kernel tells of each server."""
    for own in (own for slot in box._slots for own in slot.values()):
        pid = own._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        yield Path(f"/proc/{(children or [pid])[0]}")


def huge_kib(box: Sandbox) -> list[int]:
    """How much of each server's memory lies on huge pages."""
    texts = ((server / "smaps_rollup").read_text() for server in servers(box))
    return [int(text.split("AnonHugePages:")[1].split()[0]) for text in texts]


LOUD = "import sys; print('x' * 9_000_000); sys.stderr.write('y' * 9_000_000)"


def test_nothing_stays_of_what_a_program_printed() -> None:
    """It neither makes the server grow nor lies where the next program could find it."""
    policy = shipped().with_changes(output_bytes=20_000_000)
    with Sandbox(policy=policy) as box:
        box.run("import sys")
        try:
            kib = [int((server / "statm").read_text().split()[1]) * 4 for server in servers(box)]
            for _ in range(3):
                assert len(box.run(LOUD).stdout) == 9_000_001
            after = [int((server / "statm").read_text().split()[1]) * 4 for server in servers(box)]
            kept = [
                area
                for server in servers(box)
                for area in re.findall(
                    r"^Size: +(\d+) kB.*?^VmFlags:(.*?)$", (server / "smaps").read_text(), re.M | re.S
                )
                if " dc" in area[1] and int(area[0]) > 39_000
            ]
        except PermissionError:
            pytest.skip("the server lets nobody look at it")
    assert max(new - old for old, new in zip(kib, after, strict=True)) < 500
    assert len(kept) == len(kib), "each server has room that no child has"


def test_the_servers_memory_is_in_order_again_behind_a_long_program() -> None:
    """While a child lives, what the server writes to is copied, and no huge page stays whole."""
    if worker._pymalloc() is None:
        pytest.skip("no huge pages here")
    with Sandbox() as box:
        box.run("import time")
        try:
            before = huge_kib(box)
        except PermissionError:
            pytest.skip("the server lets nobody look at it")
        if not any(before):
            pytest.skip("no huge page was free")
        after = []
        while after != before and len(after) < 5 * len(before):  # a huge page may not be free each time
            assert box.run("import time; time.sleep(0.1)").status == "ok"
            found = huge_kib(box)
            after = found if found == before else [*after, *found]
        assert after == before
