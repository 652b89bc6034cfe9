"""One worker: a jailed fork server, from the outside. Starts it, hands it jobs, turns its answers into verdicts.

Every byte that a snippet may have shaped is treated as text to be cut and decoded, never as anything to run.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from textbooks import assets
from textbooks.errors import TextbooksError
from textbooks.records import Verdict
from textbooks.sandbox.policy import Policy, package_paths

START_SECONDS = 60
GRACE_SECONDS = 30
"""How much longer than a snippet's wall limit an answer may take before the worker counts as hung."""
CHILD_STATUSES = frozenset({"ok", "exited_early", "raised", "syntax_error", "memory", "blocked"})


class WorkerLost(Exception):
    """The fork server died, hung or answered nonsense."""


class Worker:
    """A running fork server."""

    def __init__(self, policy: Policy, *, isolation: str) -> None:
        """Start it and wait until its jail holds.

        Raises:
            TextbooksError: this machine refuses what the tier needs.

        """
        self.policy = policy
        self.isolation = isolation
        self.runs = 0
        self._folder = Path(tempfile.mkdtemp(prefix="textbooks-box-"))
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the worker
        self._connection, theirs = socket.socketpair()
        command = [sys.executable, "-s", "-S", "-P", "-B", str(assets.folder("sandbox") / "server.py")]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own server, by path
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=dict(policy.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd="/",
            )
        try:
            self._connection.settimeout(START_SECONDS)
            self._send(self._settings())
            answer, _ = self._receive()
        except (WorkerLost, OSError) as error:
            answer = {"ready": False, "reason": f"{error}; {self._last_words()}"}
        if not answer.get("ready"):
            self.close()
            raise TextbooksError(
                f"this machine refuses isolation {isolation} ({answer.get('reason')}); allow unprivileged user "
                "namespaces, run in the container of sandbox/Dockerfile, or, for code that you trust, "
                "pass --isolation none"
            )

    def run(self, code: str, *, bare: bool = False) -> Verdict:
        """Run one program.

        Raises:
            WorkerLost: the worker itself failed; the snippet is not to blame yet.

        """
        self.runs += 1
        policy = self.policy
        nonce = secrets.token_hex(16)
        job = {
            "cpu_seconds": policy.cpu_seconds,
            "wall_seconds": policy.wall_seconds,
            "memory_bytes": policy.memory_mb << 20,
            "output_bytes": policy.output_bytes,
            "files_bytes": policy.files_mb << 20,
            "open_files": policy.open_files,
            "threads": policy.threads,
            "random_seed": policy.random_seed,
            "bare": bare,
            "nonce": nonce,
        }
        try:
            self._connection.settimeout(policy.wall_seconds + GRACE_SECONDS)
            self._send(job, code.encode("utf-8", "surrogatepass"))
            header, body = self._receive()
            result, out, err = _split(body, header["sizes"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorkerLost(f"{type(error).__name__}: {error}") from error
        return self._verdict(header, result, out, err, nonce)

    def close(self) -> None:
        """End the worker and all that runs in it, and remove its folder."""
        self._connection.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _settings(self) -> dict[str, Any]:
        confined = self.isolation != "none"
        packages = [str(path) for path in package_paths(self.policy.packages)]
        read_only, hidden = _interpreter_paths()
        return {
            "confined": confined,
            "root": str(self._folder),
            "read_only": read_only,
            "hidden": hidden,
            "packages": packages,
            "package_folders": sorted({str(Path(path).parent) for path in packages}),
            "files_mb": self.policy.files_mb,
            "files_count": self.policy.files_count,
            "preload": list(self.policy.preload),
        }

    def _verdict(self, header: dict[str, Any], result: bytes, out: bytes, err: bytes, nonce: str) -> Verdict:
        limit = self.policy.output_bytes
        measured: dict[str, Any] = {
            "stdout": out[:limit].decode("utf-8", "replace"),
            "stderr": err[: max(0, limit - len(out))].decode("utf-8", "replace"),
            "wall_seconds": round(float(header["wall_seconds"]), 6),
            "cpu_seconds": round(float(header["cpu_seconds"]), 6),
            "peak_memory_bytes": int(header["peak_memory_bytes"]),
            "isolation": self.isolation,
        }
        if header["fired"]:
            reason = {
                "wall_timeout": f"still running after {self.policy.wall_seconds:g} s",
                "output_limit": f"more than {limit} bytes of output",
            }[header["fired"]]
            return Verdict(status=header["fired"], reason=reason, **measured)
        frame = _frame(result, nonce)
        if frame is not None:
            return Verdict(**frame, **measured)
        status, reason = self._ending(header, bool(result))
        return Verdict(status=status, reason=reason, **measured)  # type: ignore[arg-type]  # one of Status

    def _ending(self, header: dict[str, Any], wrote: bool) -> tuple[str, str]:
        """Say how a child ended that did not report."""
        code = int(header["exit_code"])
        if code == -signal.SIGKILL and header["cpu_seconds"] >= self.policy.cpu_seconds * 0.9:
            return "cpu_timeout", f"more than {self.policy.cpu_seconds:g} s of processor time"
        if code == -signal.SIGSYS:
            return "blocked", "a system call of a foreign architecture"
        if code < 0:
            with contextlib.suppress(ValueError):
                return "crashed", f"ended by {signal.Signals(-code).name}"
            return "crashed", f"ended by signal {-code}"
        if wrote:
            return "crashed", "the result channel was corrupted"
        return "exited_early", f"the process ended with exit code {code} before the last statement"

    def _send(self, header: dict[str, Any], body: bytes = b"") -> None:
        text = json.dumps(header).encode()
        self._connection.sendall(struct.pack(">II", len(text), len(body)) + text + body)

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        header_size, body_size = struct.unpack(">II", self._exactly(8))
        return json.loads(self._exactly(header_size)), self._exactly(body_size)

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = self._connection.recv(min(1 << 20, size - len(data)))
            if not chunk:
                raise WorkerLost(f"the server hung up ({self._last_words()})")
            data += chunk
        return bytes(data)

    def _last_words(self) -> str:
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace").strip()
        return text.splitlines()[-1] if text else "it said nothing"


def _interpreter_paths() -> tuple[list[str], list[str]]:
    """Return what of this machine a snippet sees: libraries and the standard library; and what of it appears empty."""
    stdlib = os.path.realpath(sysconfig.get_path("stdlib"))
    wanted = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", stdlib]
    wanted.append(os.path.realpath(sysconfig.get_config_var("LIBDIR") or stdlib))
    shown: list[str] = []
    for path in wanted:
        inside = any(path == other or path.startswith(other + "/") for other in shown)
        if os.path.lexists(path) and not inside:
            shown = [other for other in shown if not other.startswith(path + "/")] + [path]
    hidden = [path for path in (f"{stdlib}/site-packages", "/usr/lib/python3/dist-packages") if Path(path).is_dir()]
    return shown, hidden


def _split(body: bytes, sizes: list[int]) -> list[bytes]:
    parts, start = [], 0
    for size in sizes:
        parts.append(body[start : start + size])
        start += size
    if start != len(body) or len(parts) != 3:
        raise ValueError("frame sizes do not add up")
    return parts


def _frame(result: bytes, nonce: str) -> dict[str, Any] | None:
    """Return the child's own report if it is whole and ours, with every field checked; else None."""
    try:
        frame = json.loads(result)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict) or frame.get("nonce") != nonce or frame.get("status") not in CHILD_STATUSES:
        return None
    line = frame.get("error_line")
    return {
        "status": frame["status"],
        "reason": _clean(frame.get("reason")),
        "error_type": _clean(frame.get("error_type")),
        "error_message": _clean(frame.get("error_message")),
        "error_line": line if isinstance(line, int) else None,
    }


def _clean(value: object) -> str | None:
    """Return a text that can be encoded, whatever surrogates a snippet put into it."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
