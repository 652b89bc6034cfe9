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
from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that must not work in the box."""

    name: str
    code: str


PROBES = (
    Probe(name="open a network connection", code="import socket\nsocket.socket()"),
    Probe(name="start another program", code="import subprocess\nsubprocess.run(['/bin/true'])"),
    Probe(name="fork", code="import os\nos.fork()"),
    Probe(name="read the accounts of the machine", code="open('/etc/passwd').read()"),
    Probe(name="read a home folder", code="import os\nos.listdir('/home')"),
    Probe(name="look at other processes", code="import os\nos.listdir('/proc')"),
    Probe(name="write into the interpreter", code="import os\nopen(os.__file__, 'a')"),
    Probe(
        name="trace a process",
        code="import ctypes\nif ctypes.CDLL(None).ptrace(0, 0, 0, 0): raise PermissionError",
    ),
    Probe(name="burn processor time", code="while True:\n    pass"),
    Probe(name="sleep for ever", code="import time\ntime.sleep(1000)"),
    Probe(name="take all memory", code="x = []\nwhile True:\n    x.append(bytes(10**7))"),
    Probe(name="flood the output", code="while True:\n    print('x' * 1000)"),
    Probe(
        name="fill the disk",
        code="with open('x', 'wb') as f:\n    while True:\n        f.write(bytes(10**6))",
    ),
    Probe(name="leave silently", code="import os\nos._exit(0)"),
)


def examine_machine() -> dict[str, Any]:
    """Return the tier that holds (or why none does), each probe with what stopped it, and the endpoint's state."""
    policy = shipped().with_changes(cpu_seconds=1.0, wall_seconds=2.0)
    report: dict[str, Any] = {
        "isolation": None,
        "refusal": None,
        "probes": [],
        "healthy": False,
        "endpoint": _endpoint(),
    }
    try:
        with Sandbox(policy=policy) as sandbox:
            report["isolation"] = sandbox.isolation
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
