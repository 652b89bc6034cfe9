"""The box: what snippets may and may not do, what each ending is called, and that nothing is left behind."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textbooks.errors import TextbooksError
from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import package_paths, shipped


def null_byte_error() -> str:
    """What this interpreter raises for a null byte in a program; it was ValueError once."""
    try:
        compile("\0", "", "exec")
    except (SyntaxError, ValueError) as error:
        return type(error).__name__
    raise AssertionError


NULL_BYTE_ERROR = null_byte_error()
ENDINGS = {
    "ok": ("print(1)", "ok", None),
    "raised": ("x = {}\nx['a']", "raised", "KeyError"),
    "syntax error": ("def f(:", "syntax_error", "SyntaxError"),
    "null byte": ("x = '\0'", "syntax_error", NULL_BYTE_ERROR),
    "sys.exit": ("import sys\nsys.exit(0)", "exited_early", None),
    "exit": ("exit()", "exited_early", None),
    "os._exit": ("import os\nos._exit(0)", "exited_early", None),
    "busy loop": ("while True:\n    pass", "cpu_timeout", None),
    "busy loop that swallows everything": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "cpu_timeout",
        None,
    ),
    "busy loop under a limit of its own": (
        "import resource\ntry:\n    resource.setrlimit(resource.RLIMIT_CPU, (99, 99))\nexcept ValueError:\n    pass\n"
        "while True:\n    pass",
        "cpu_timeout",
        None,
    ),
    "one long C call": ("sum(range(10**12))", "cpu_timeout", None),
    "memory": ("x = []\nwhile True:\n    x.append(bytes(10**7))", "memory", "MemoryError"),
    "output": ("while True:\n    print('x' * 1000)", "output_limit", None),
    "segmentation fault": ("import ctypes\nctypes.string_at(0)", "crashed", None),
    "abort": ("import os\nos.abort()", "crashed", None),
    "input": ("input()", "raised", "EOFError"),
    "subprocess": ("import subprocess\nsubprocess.run(['/bin/true'])", "blocked", "PermissionError"),
    "fork": ("import os\nos.fork()", "blocked", "PermissionError"),
    "system": ("import os\nos.system('true')", "blocked", "PermissionError"),
    "socket": ("import socket\nsocket.socket()", "blocked", "PermissionError"),
    "hostile text of an exception": (
        "class E(Exception):\n    def __str__(self):\n        raise SystemExit\nraise E",
        "raised",
        "E",
    ),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_every_ending_has_its_name(case: str, sandbox: Sandbox) -> None:
    code, status, error = ENDINGS[case]
    verdict = sandbox.run(code)
    assert (verdict.status, verdict.error_type) == (status, error), verdict
    assert verdict.isolation == "A"
    healthy = sandbox.run("print('fine')")
    assert (healthy.status, healthy.stdout) == ("ok", "fine\n")


WAITING = {
    "sleep": "import time\ntime.sleep(60)",
    "sleep with every signal ignored": (
        "import signal, time\nfor s in set(signal.Signals) - {9, 19}:\n    signal.signal(s, signal.SIG_IGN)\n"
        "time.sleep(60)"
    ),
    "a thread that never ends": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
    "an exit hook that never ends": "import atexit, time\natexit.register(time.sleep, 60)",
}


@pytest.mark.parametrize("case", WAITING)
def test_waiting_for_ever_ends_by_the_wall_limit(case: str, impatient_sandbox: Sandbox) -> None:
    assert impatient_sandbox.run(WAITING[case]).status == "wall_timeout"
    assert impatient_sandbox.run("print('fine')").stdout == "fine\n"


def test_a_snippet_may_bind_itself_to_less_than_it_is_given(sandbox: Sandbox) -> None:
    """The kernel ends it then, by its own coarse count of processor time."""
    verdict = sandbox.run("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True:\n    pass")
    assert verdict.status in ("cpu_timeout", "crashed")
    assert sandbox.run("print('fine')").stdout == "fine\n"


def test_bottomless_recursion_ends_by_some_limit(sandbox: Sandbox) -> None:
    """Which one is first depends on the interpreter: memory, processor time or the stack."""
    verdict = sandbox.run("import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()")
    assert verdict.status in ("memory", "cpu_timeout", "crashed")
    assert sandbox.run("print('fine')").stdout == "fine\n"


FORBIDDEN = {
    "accounts": "open('/etc/passwd')",
    "home folders": "import os\nos.listdir('/home')",
    "processes": "import os\nos.listdir('/proc')",
    "this project": f"open({str(Path(__file__))!r})",
    "a write into the interpreter": "import os\nopen(os.__file__, 'a')",
    "a write into the root": "open('/x', 'w')",
    "packages that are not allowed": "import yaml",
    "a mount": "import ctypes\nif ctypes.CDLL(None).mount(b't', b'/tmp', b'tmpfs', 0, None): raise OSError",
    "a new namespace": "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000): raise OSError",
    "tracing": "import ctypes\nif ctypes.CDLL(None).ptrace(0, 0, 0, 0): raise OSError",
    "memory outside its limits": "import os\nos.memfd_create('x')",
    "the box's own modules": "import child",
    "raising its own limits": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (999, 999))",
    "becoming root": "import os\nos.setuid(0)",
    "more than the disk allows": "for i in range(99):\n    open(f'f{i}', 'wb').write(bytes(10**6) * 8)",
    "more files than allowed": "for i in range(10**4):\n    open(f'f{i}', 'w')",
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_what_a_snippet_must_not_do_fails(case: str, sandbox: Sandbox) -> None:
    assert sandbox.run(FORBIDDEN[case]).status in ("raised", "blocked")


def test_a_failing_call_that_nothing_refused_is_not_called_blocked(sandbox: Sandbox) -> None:
    assert sandbox.run("open('/etc/passwd')").status == "raised"
    refused = "import socket\ntry:\n    socket.socket()\nexcept OSError:\n    pass\n"
    assert sandbox.run(f"{refused}raise PermissionError('no funds')").status == "raised"
    assert sandbox.run("import os\ntry:\n    os.fork()\nexcept OSError:\n    pass\nopen('/x/y')").status == "raised"


ALLOWED = {
    "numpy": "import numpy\nassert numpy.arange(4).sum() == 6",
    "twenty threads": (
        "import concurrent.futures as c, time\nwith c.ThreadPoolExecutor(20) as e:\n"
        "    print(len(list(e.map(lambda n: time.sleep(0.05) or [n] * 10000, range(60)))))"
    ),
    "a byte order mark": "\ufeffprint(1)",
    "no output at all": "import sys\nsys.stdout = None",
    "closed outputs": "import sys\nsys.stdout.close()\nsys.stderr.close()",
    "threads": "import concurrent.futures as c\nwith c.ThreadPoolExecutor(4) as e:\n    list(e.map(abs, range(9)))",
    "asyncio": "import asyncio\nasync def f(): await asyncio.sleep(0)\nasyncio.run(f())",
    "random devices, without waiting": (
        "for name in ('random', 'urandom'):\n    assert len(open(f'/dev/{name}', 'rb').read(8)) == 8"
    ),
    "socket pairs": "import socket\na, b = socket.socketpair()\na.sendall(b'x')\nassert b.recv(1) == b'x'",
    "files of its own": "open('a', 'w').write('x')\nassert open('a').read() == 'x'",
    "temporary folders": "import tempfile\nwith tempfile.TemporaryDirectory() as d: open(d + '/x', 'w')",
    "sqlite": "import sqlite3\nassert sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,)",
    "time zones": "import zoneinfo\nzoneinfo.ZoneInfo('UTC')",
    "dataclasses": "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A: x: int",
    "pickling its own classes": "import pickle\nclass A: pass\npickle.loads(pickle.dumps(A()))",
    "the main guard": "ran = False\nif __name__ == '__main__':\n    ran = True\nassert ran",
    "killing, which finds nobody": "import os\ntry:\n    os.kill(2, 9)\nexcept ProcessLookupError:\n    pass",
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_textbooks_do_works(case: str, sandbox: Sandbox) -> None:
    verdict = sandbox.run(ALLOWED[case])
    assert verdict.status == "ok", verdict


GROUP = "import os, signal, sys\nos.kill(0, signal.SIGKILL)"


def test_a_signal_to_the_process_group_reaches_the_snippet_alone() -> None:
    """Without a session of its own it would end this very process, and its shell."""
    with Sandbox(workers=2) as box:
        verdicts = list(box.map([GROUP, "import time; time.sleep(0.3); print('alive')"] * 4))
    assert [verdict.status for verdict in verdicts[1::2]] == ["ok"] * 4
    assert {verdict.status for verdict in verdicts[::2]} == {"blocked"}


TRACES = {
    "a closed folder": "import os\nos.chmod('/tmp', 0)",
    "changed times": "import os\nos.utime('/tmp', (1, 1))",
    "a pipe that does not block": "import os\nos.set_blocking(1, False)",
    "a small pipe": "import fcntl\nfcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 4096)",
    "a file made and removed": "import os\nopen('x', 'w').close()\nos.remove('x')",
}


@pytest.mark.parametrize("case", TRACES)
def test_no_snippet_changes_the_world_of_the_next(case: str, sandbox: Sandbox) -> None:
    look = (
        "import fcntl, os\nprint(oct(os.stat('/tmp').st_mode), os.stat('/tmp').st_mtime > 10, os.listdir('.'),\n"
        "      os.get_blocking(1), fcntl.fcntl(1, fcntl.F_GETPIPE_SZ))\nopen('x', 'w').close()\nprint('y' * 300_000)"
    )
    before = sandbox.run(look)
    sandbox.run(TRACES[case])
    after = sandbox.run(look)
    assert (after.status, after.stdout) == ("ok", before.stdout)


FINDS_CODE = """
import sys
frame, found = sys._getframe(), []
while frame := frame.f_back:
    for value in list(frame.f_locals.values()):
        if isinstance(value, memoryview) and isinstance(value.obj, bytearray):
            found.append(bytes(value.obj).strip(bytes(1)))
        elif isinstance(value, (bytes, bytearray)):
            found.append(bytes(value))
print(len(found), any(b"THE ONE " + b"BEFORE" in each for each in found))
"""


def test_no_snippet_finds_the_code_of_the_one_before_or_what_it_said(sandbox: Sandbox) -> None:
    codes = [f"import sys  # {'x' * length} THE ONE BEFORE" for length in (10, 4000)]
    codes += ["import sys\nraise SystemExit('THE ONE BEFORE')", "import sys\nprint(100 * 'THE ONE BEFORE')"]
    for code in codes:
        sandbox.run(code)
        count, is_found = sandbox.run(FINDS_CODE).stdout.split()
        assert int(count) > 2
        assert is_found == "False"


def test_a_fraction_of_a_second_of_processor_time_is_a_limit() -> None:
    with Sandbox(policy=shipped().with_changes(cpu_seconds=0.3)) as box:
        assert box.run("import time\nwhile time.process_time() < 0.6:\n    pass").status == "cpu_timeout"


def test_nothing_stays_from_one_snippet_to_the_next(sandbox: Sandbox) -> None:
    sandbox.run(
        "import os, sys\nos.makedirs('a/b/c')\nopen('x', 'w').write('y')\nos.environ['LEFT'] = '1'\nsys.left = 1"
    )
    after = sandbox.run("import os, sys\nprint(os.listdir('.'), 'LEFT' in os.environ, hasattr(sys, 'left'))")
    assert after.stdout == "[] False False\n"


def test_a_snippet_sees_a_fixed_world(sandbox: Sandbox) -> None:
    code = (
        "import os, sys, random, socket\n"
        "print(os.getuid(), os.getpid(), os.getcwd(), sys.argv, socket.gethostname(), sorted(os.environ))\n"
        "print(random.random(), hash('a'))"
    )
    first, second = sandbox.run(code), sandbox.run(code)
    assert first.stdout == second.stdout
    assert first.stdout.startswith("1000 1 /tmp ['snippet.py'] sandbox ['HOME', 'LANG', ")
    assert not {"OPENAI_API_KEY", "USER"} & set(first.stdout.split("'"))


def test_partial_output_is_kept_when_a_limit_fires(sandbox: Sandbox) -> None:
    verdict = sandbox.run("print('so far', flush=True)\nwhile True:\n    pass")
    assert (verdict.status, verdict.stdout) == ("cpu_timeout", "so far\n")


def test_the_error_line_is_the_snippets_own(sandbox: Sandbox) -> None:
    verdict = sandbox.run("def f():\n    return 1 / 0\n\n\nf()\n")
    assert (verdict.error_type, verdict.error_line) == ("ZeroDivisionError", 2)
    assert 'File "<snippet>", line 5' in verdict.stderr
    assert "child.py" not in verdict.stderr


def test_programs_reports_and_outputs_of_every_size_arrive_whole(sandbox: Sandbox) -> None:
    """Small and large ones take different ways, and meet at these sizes, less a few bytes of header."""
    for size in (*range(8140, 8200), 65535, 65536, 65537, 3_000_000):
        start = "print('whole')  # "
        assert sandbox.run(start + "x" * (size - len(start))).stdout == "whole\n", size
    for size in range(280, 400):
        assert sandbox.run(f"raise SystemExit('e' * {size})").reason == f"SystemExit({'e' * size})"
    for size in (8191, 8192, 8193, 65535, 65536, 65537, 262143, 262144, 262145):
        verdict = sandbox.run(f"import sys\nprint('o' * {size - 1})\nsys.stderr.write('e' * {size})")
        assert (verdict.stdout, verdict.stderr) == ("o" * (size - 1) + "\n", "e" * size), size


@given(text=st.text(max_size=50))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_an_error_says_arrives_as_it_was_said(text: str, sandbox: Sandbox) -> None:
    verdict = sandbox.run(f"raise ValueError({text!r})")
    assert (verdict.status, verdict.error_message) == ("raised", text)


def test_output_that_is_no_text_is_replaced_not_fatal(sandbox: Sandbox) -> None:
    verdict = sandbox.run("import sys\nsys.stdout.buffer.write(b'a\\xff\\x00b')\nraise ValueError('\\udc80')")
    assert verdict.stdout == "a\N{REPLACEMENT CHARACTER}\x00b"
    assert verdict.error_message == "\\udc80"


NONCE = (
    "import sys, os, json\nf = sys._getframe()\nwhile 'nonce' not in f.f_locals:\n    f = f.f_back\n"
    "nonce = f.f_locals['nonce'].hex()\n"
)
ODD_REPORTS = {
    "a status that is no text": {"status": []},
    "a line beyond all lines": {"status": "raised", "error_lines": str(10**30)},
    "lines that are no text": {"status": "raised", "error_lines": [1]},
    "lines without end": {"status": "raised", "error_lines": "1 " * 9999},
    "a text without end": {"status": "raised", "error_type": "x" * 30_000},
    "a message that is no text": {"status": "raised", "error_message": {"a": 1}},
    "deep nesting": {"status": "raised", "reason": [[[[]]]]},
}


@pytest.mark.parametrize("case", ODD_REPORTS)
def test_an_odd_report_with_the_right_nonce_harms_nobody(case: str, sandbox: Sandbox) -> None:
    code = f"os.write(3, json.dumps({{**{ODD_REPORTS[case]!r}, 'nonce': nonce}}).encode())\nos._exit(0)"
    verdict = sandbox.run(NONCE + code)
    assert verdict.status in ("crashed", "raised")
    assert verdict.error_line is None
    assert len(verdict.error_type or "") < 5000


FORGERIES = {
    "garbage on the result channel": "import os\nos.write(3, b'garbage')\nos._exit(0)",
    "a frame without the nonce": 'import os\nos.write(3, b\'{"status": "ok"}\')\nos._exit(0)',
    "a frame with a guessed nonce": 'import os\nos.write(3, b\'{"status": "ok", "nonce": "0"}\')\nos._exit(0)',
    "a huge frame": "import os\nos.write(3, b'[' * 10**6)\nos._exit(0)",
    "closing every channel": "import os\nos.closerange(0, 300)",
}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_or_broken_report_is_never_ok(case: str, sandbox: Sandbox) -> None:
    assert sandbox.run(FORGERIES[case]).status in ("crashed", "exited_early", "wall_timeout")
    assert sandbox.run("pass").status == "ok"


def test_programs_come_back_in_order_from_several_workers() -> None:
    with Sandbox(workers=2) as box:
        codes = (f"import time; time.sleep({0.05 if i % 3 else 0.0}); print({i})" for i in range(40))
        assert [int(verdict.stdout) for verdict in box.map(codes)] == list(range(40))


def test_coroutines_use_the_box_too() -> None:
    async def several(box: Sandbox) -> list[str]:
        verdicts = await asyncio.gather(*(box.run_async(f"print({i})") for i in range(10)))
        return [verdict.stdout for verdict in verdicts]

    with Sandbox(workers=2) as box:
        assert asyncio.run(several(box)) == [f"{i}\n" for i in range(10)]


def test_a_worker_that_is_killed_is_replaced_and_its_snippet_run_again() -> None:
    with Sandbox() as box:
        slot = box._idle.get()
        box._idle.put(slot)
        os.kill(slot["bare"]._process.pid, signal.SIGKILL)
        assert box.run("print(1)").stdout == "1\n"


def test_workers_leave_no_process_and_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Sandbox(workers=2) as box:
        list(box.map(["pass"] * 8))
        assert list(tmp_path.iterdir()) == []
        slots = [box._idle.get(), box._idle.get()]
        processes = [worker._process for slot in slots for worker in slot.values()]
        for slot in slots:
            box._idle.put(slot)
    assert list(tmp_path.iterdir()) == []
    assert all(process.poll() is not None for process in processes)


def test_a_dear_module_is_imported_beforehand_for_those_that_name_it(sandbox: Sandbox) -> None:
    look = "import sys\nprint([name for name in ('typ' + 'ing', 'asyn' + 'cio', 'num' + 'py') if name in sys.modules])"
    assert sandbox.run(look).stdout == "['typing']\n"
    assert sandbox.run(f"{look}  # import asyncio").stdout == "['typing', 'asyncio']\n"
    assert sandbox.run(f"{look}  # or import numpy").stdout == "['typing', 'numpy']\n"
    assert sandbox.run(f"{look}\nasyncio = 'a word in a line of its own'").stdout == "['typing']\n"
    assert sandbox.run("assert 'typing' not in __builtins__.__dict__").stdout == ""


def test_without_isolation_limits_still_hold() -> None:
    policy = shipped().with_changes(cpu_seconds=1.0)
    with Sandbox(isolation="none", policy=policy) as box:
        assert box.run("while True:\n    pass").status == "cpu_timeout"
        verdict = box.run("open('x', 'w').write('1')\nprint(open('x').read())")
        assert (verdict.status, verdict.stdout, verdict.isolation) == ("ok", "1\n", "none")


def test_a_package_that_is_not_installed_is_one_sentence() -> None:
    with pytest.raises(TextbooksError, match="pip install no-such-package"):
        package_paths(("no-such-package",))


def test_more_output_than_fits_beside_a_programs_memory_is_one_sentence() -> None:
    with pytest.raises(TextbooksError, match=r"output_bytes 10000001 .* memory_mb 38: take less"):
        shipped().with_changes(output_bytes=10_000_001, memory_mb=38)


def test_a_pass_over_many_programs_leaves_the_box_free_for_others() -> None:
    with Sandbox() as box:
        passes = zip(box.map(["print(1)", "print(2)"]), box.map(["print(3)", "print(4)"]), strict=True)
        found = [(one.stdout, two.stdout, box.run("print(5)").stdout) for one, two in passes]
    assert found == [("1\n", "3\n", "5\n"), ("2\n", "4\n", "5\n")]


def test_a_pass_that_is_left_early_harms_no_later_one() -> None:
    with Sandbox(workers=2) as box:
        passing = box.map(f"import time; time.sleep(0.05); print({i})" for i in range(20))
        assert next(passing).stdout == "0\n"
        passing.close()
        assert [verdict.stdout for verdict in box.map(["print('a')", "print('b')"])] == ["a\n", "b\n"]


def test_workers_lost_in_a_pass_cost_no_verdict() -> None:
    with Sandbox(workers=2) as box:
        passing = box.map(f"import time; time.sleep(0.02); print({i})" for i in range(30))
        found = [next(passing).stdout]
        for slot in box._slots:
            for worker in slot.values():
                os.kill(worker._process.pid, signal.SIGKILL)
        found += [verdict.stdout for verdict in passing]
    assert found == [f"{i}\n" for i in range(30)]


def test_a_worker_that_died_at_rest_is_no_snippets_fault() -> None:
    with Sandbox() as box:
        worker = box._slots[0]["bare"]
        os.kill(worker._process.pid, signal.SIGKILL)
        with contextlib.suppress(ConnectionResetError):
            assert worker._connection.recv(1) == b"", "the server is gone, too"
        assert [verdict.stdout for verdict in box.map(["print(1)", "print(2)"])] == ["1\n", "2\n"]


def test_coroutines_get_verdicts_in_order_too() -> None:
    async def several(box: Sandbox) -> list[str]:
        return [verdict.stdout async for verdict in box.map_async(f"print({i})" for i in range(20))]

    with Sandbox(workers=2) as box:
        assert asyncio.run(several(box)) == [f"{i}\n" for i in range(20)]


def test_what_was_printed_before_the_output_was_replaced_is_kept(sandbox: Sandbox) -> None:
    verdict = sandbox.run("import io, sys\nprint('kept', end='')\nsys.stdout = io.StringIO()\nprint('not shown')")
    assert (verdict.status, verdict.stdout) == ("ok", "kept")


def test_a_worker_that_is_closed_at_work_leaves_nobody_behind() -> None:
    with Sandbox(isolation="none") as box:
        worker = box._slots[0]["bare"]
        worker.start("while True:\n    pass")
        pid = worker._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        deadline = time.monotonic() + 5
        while not (found := children.read_text().split()) and time.monotonic() < deadline:
            pass
        worker.close()
        assert found
        deadline = time.monotonic() + 5
        while Path(f"/proc/{found[0]}").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not Path(f"/proc/{found[0]}").exists()
