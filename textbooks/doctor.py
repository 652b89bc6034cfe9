"""What this machine offers: whether the box holds, tried by doing, and whether the endpoint answers.

Each probe is a small hostile program with the verdict, or the words, that show it was stopped.
"""

import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox import Sandbox, tiers
from textbooks.sandbox.policy import shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that must not work in the box."""

    name: str
    code: str


C_CALL = "import ctypes\nlibc = ctypes.CDLL(None)\n"
PROBES = (
    Probe(name="fork", code="import os\nos.fork()"),
    Probe(name="start another program", code="import subprocess\nsubprocess.run(['/bin/true'])"),
    Probe(name="become another program", code="import os\nos.execv('/bin/true', ['true'])"),
    Probe(name="run a program from memory", code="import os\nos.memfd_create('x')"),
    Probe(
        name="start threads without end",
        code="import threading, time\nfor _ in range(150):\n"
        "    threading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
    ),
    Probe(name="signal another process", code="import os\nos.kill(os.getppid(), 0)"),
    Probe(name="trace a process", code=f"{C_CALL}if libc.ptrace(0, 0, 0, 0): raise PermissionError"),
    Probe(name="make a namespace", code=f"{C_CALL}if libc.unshare(0x10000000): raise PermissionError"),
    Probe(
        name="mount a file system", code=f"{C_CALL}if libc.mount(b'x', b'.', b'tmpfs', 0, None): raise PermissionError"
    ),
    Probe(name="call the kernel past filters", code=f"{C_CALL}if libc.syscall(425, 4, 0) < 0: raise PermissionError"),
    Probe(name="read the accounts of the machine", code="open('/etc/passwd').read()"),
    Probe(name="read a home folder", code="import os\nos.listdir('/home')"),
    Probe(name="look at other processes", code="import os\nos.listdir('/proc')"),
    Probe(
        name="find secrets in the environment", code="import os\nif 'OPENAI_API_KEY' not in os.environ: raise KeyError"
    ),
    Probe(name="write outside", code="open('../x', 'w')"),
    Probe(name="write into the interpreter", code="import os\nopen(os.__file__, 'a')"),
    Probe(name="open a network connection", code="import socket\nsocket.socket()"),
    Probe(name="talk to a local service", code="import socket\nsocket.socket(socket.AF_UNIX)"),
    Probe(name="burn processor time", code="while True:\n    pass"),
    Probe(name="sleep for ever", code="import time\ntime.sleep(1000)"),
    Probe(name="take all memory", code="x = []\nwhile True:\n    x.append(bytes(10**7))"),
    Probe(name="recurse without end", code="import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()"),
    Probe(name="crash the interpreter", code="import ctypes\nctypes.string_at(0)"),
    Probe(
        name="fill the disk",
        code="for n in range(9):\n    with open(f'x{n}', 'wb') as f:\n        f.write(bytes(10**7))",
    ),
    Probe(name="use up the places for files", code="for n in range(6000):\n    open(f'f{n}', 'w').close()"),
    Probe(name="flood the output", code="while True:\n    print('x' * 1000)"),
    Probe(name="wait for input", code="input()"),
    Probe(name="leave silently", code="import os\nos._exit(0)"),
    Probe(name="forge a report", code='import os\nos.write(3, b\'{"status": "ok"}\')\nos._exit(0)'),
)


def examine_machine() -> dict[str, Any]:
    """Return the tiers and whether they hold, each probe with what stopped it in the best, and the endpoint's state."""
    policy = shipped().with_changes(cpu_seconds=1.0, wall_seconds=2.0)
    report: dict[str, Any] = {
        "isolation": None,
        "refusal": None,
        "tiers": [],
        "probes": [],
        "healthy": False,
        "endpoint": _endpoint(),
    }
    try:
        with Sandbox(policy=policy) as sandbox:
            report["isolation"] = sandbox.isolation
            report["tiers"] = tiers.offered(policy)
            for probe in PROBES:
                verdict = sandbox.run(probe.code)
                report["probes"].append({"name": probe.name, "stopped": verdict.status != "ok", "by": _by(verdict)})
            healthy = sandbox.run("print('fine')")
            report["healthy"] = healthy.status == "ok" and healthy.stdout == "fine\n"
    except TextbooksError as error:
        report["refusal"] = str(error)
    return report


def _by(verdict: Verdict) -> str:
    said = f"{verdict.error_type}: {verdict.error_message}" if verdict.error_type else verdict.reason
    return f"{verdict.status} ({said})" if said else verdict.status


def _endpoint() -> dict[str, Any]:
    url = os.environ.get("OPENAI_BASE_URL")
    if not url:
        return {"url": None, "reachable": None, "said": "OPENAI_BASE_URL is not set"}
    request = urllib.request.Request(  # noqa: S310  # the person's own endpoint
        f"{url.rstrip('/')}/models",
        headers={"Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', 'none')}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return {"url": url, "reachable": True, "said": f"HTTP {answer.status}"}
    except urllib.error.HTTPError as error:
        return {"url": url, "reachable": True, "said": f"HTTP {error.code}"}
    except (OSError, ValueError) as error:
        return {"url": url, "reachable": False, "said": str(error)}
