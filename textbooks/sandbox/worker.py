"""One worker: a jailed fork server, from the outside. Starts it, hands it jobs, turns its answers into verdicts.

Every byte that a snippet may have shaped is treated as text to be cut and decoded, never as anything to run.
"""

import contextlib
import json
import marshal
import os
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
from textbooks.records import Verdict
from textbooks.sandbox.policy import Policy, package_paths, preloaded

JOB = struct.Struct(">I?q16s")
"""Length of the code, whether it runs bare, the random seed, the nonce. sandbox/server.py has the same line."""
ANSWER = struct.Struct(">BiddQIII")
"""Limit that fired, exit code, elapsed and processor seconds, peak memory, lengths of report, stdout and stderr."""
NOTHING_FIRED, WALL_FIRED, OUTPUT_FIRED, FILES_FIRED, CPU_FIRED = range(5)
START_SECONDS = 60
LONGEST_WAIT = 10
"""Times its wall limit, how long a working snippet may take on a busy machine. sandbox/server.py has the same line."""
GRACE_SECONDS = 30
"""How much longer than a snippet may take an answer may take before the worker counts as hung."""
RECEIVE_BYTES = 65536
NOBODY = 65534
TASKS_MARGIN = 1024
TEXT_CHARACTERS = 4000
"""The longest text that a report may hold per field."""
CHILD_STATUSES = frozenset({"ok", "exited_early", "raised", "syntax_error", "memory", "blocked"})


class WorkerLost(Exception):
    """The fork server died, hung or answered nonsense."""


class TierRefused(Exception):
    """A tier of isolation does not hold on this machine; says why."""

    def __init__(self, reason: str, *, is_unreachable: bool = False) -> None:
        """Keep whether the reason is a place that the snippets' user cannot reach."""
        super().__init__(reason)
        self.is_unreachable = is_unreachable


class Worker:
    """A running fork server."""

    def __init__(self, policy: Policy, *, isolation: str, kind: str) -> None:
        """Start it and wait until its walls hold; its kind says which modules it has imported.

        Raises:
            TierRefused: this machine refuses what the tier needs.

        """
        self.policy = policy
        self.isolation = isolation
        self.runs = 0
        self._nonce = b""
        self._kind = kind
        self._folder = Path(tempfile.mkdtemp(prefix="textbooks-box-"))
        if isolation != "A":
            (self._folder / "work").mkdir()
            (self._folder / "packages").mkdir()
            for path in package_paths(policy.packages):
                (self._folder / "packages" / path.name).symlink_to(path)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the worker
        self._connection, theirs = socket.socketpair()
        command = [sys.executable, "-s", "-S", "-P", "-B", str(assets.folder("sandbox") / "server.py")]
        # The loader finds every symbol at once, which otherwise each child would have to do for itself.
        environment = {**dict(policy.environment), "LD_BIND_NOW": "1"}
        if isolation != "A":  # where /tmp is the machine's own
            environment |= {"HOME": str(self._folder / "work"), "TMPDIR": str(self._folder / "work")}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own server, by path
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd="/",
                start_new_session=True,  # so that no signal to a process group crosses the wall
            )
        try:
            self._patience(START_SECONDS)
            answer = self._greeted()
            self._patience(patience_seconds(policy))
        except (WorkerLost, OSError) as error:
            answer = {"ready": False, "reason": f"{error}; {self._last_words()}"}
        except BaseException:
            self.close()
            raise
        if not answer.get("ready"):
            self.close()
            raise TierRefused(str(answer.get("reason")), is_unreachable=bool(answer.get("unreachable")))
        if isolation == "A":
            # The jail stands on a root of its own by now; without the folder, not even a kill leaves anything behind.
            self._folder.rmdir()

    def run(self, code: str, *, bare: bool = False) -> Verdict:
        """Run one program.

        Raises:
            WorkerLost: the worker itself failed; the snippet is not to blame yet.

        """
        self.start(code, bare=bare)
        return self.finish()

    def start(self, code: str, *, bare: bool = False) -> None:
        """Hand over one program; `finish` must follow before the next. Raises WorkerLost as `run` does."""
        self.runs += 1
        self._nonce = os.urandom(16)
        text = code.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
        try:
            self._connection.sendall(JOB.pack(len(text), bare, self.policy.random_seed, self._nonce) + text)
        except OSError as error:
            raise WorkerLost(f"{type(error).__name__}: {error}") from error

    def finish(self) -> Verdict:
        """Wait for the verdict of the program that was handed over. Raises WorkerLost as `run` does."""
        try:
            data = self._connection.recv(RECEIVE_BYTES)
            while (missing := _missing(data)) > 0:
                data += self._exactly(missing)
        except (OSError, ValueError) as error:
            raise WorkerLost(f"{type(error).__name__}: {error}") from error
        answer = ANSWER.unpack_from(data)
        end_of_report = ANSWER.size + answer[5]
        end_of_out = end_of_report + answer[6]
        report, out, err = data[ANSWER.size : end_of_report], data[end_of_report:end_of_out], data[end_of_out:]
        return self._verdict(answer, report, out, err, self._nonce.hex())

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the verdict has come."""
        return self._connection.fileno()

    def close(self) -> None:
        """End the worker and all that runs in it, and remove its folder."""
        self._connection.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        if self._folder.exists():
            self._remove_folder()

    def _remove_folder(self) -> None:
        """Remove the folder, whatever a snippet that could not be swept away left in it."""
        work = self._folder / "work"
        if work.exists() and (not os.access(work, os.R_OK) or any(work.iterdir())):
            payload = assets.folder("sandbox") / "folder.py"
            subprocess.run([sys.executable, "-I", str(payload), str(work)], check=False, stderr=subprocess.DEVNULL)  # noqa: S603
        shutil.rmtree(self._folder, ignore_errors=True)

    def _settings(self) -> dict[str, Any]:
        packages = [str(path) for path in package_paths(self.policy.packages)]
        read_only, hidden = _interpreter_paths()
        return {
            "tier": self.isolation,
            "root": str(self._folder),
            "read_only": read_only,
            "hidden": hidden,
            "packages": packages,
            "files_mb": self.policy.files_mb,
            "files_count": self.policy.files_count,
            "files_bytes": self.policy.files_mb << 20,
            "memory_bytes": self.policy.memory_mb << 20,
            "output_bytes": self.policy.output_bytes,
            "open_files": self.policy.open_files,
            "threads": self.policy.threads,
            "processes": self.policy.threads + (0 if self.isolation == "A" else _tasks_beside()),
            "cpu_seconds": self.policy.cpu_seconds,
            "wall_seconds": self.policy.wall_seconds,
            "preload": preloaded(self.policy, self._kind),
        }

    def _verdict(self, answer: tuple[Any, ...], report: bytes, out: bytes, err: bytes, nonce: str) -> Verdict:
        fired, exit_code, wall_seconds, cpu_seconds, peak_memory_bytes = answer[:5]
        limit = self.policy.output_bytes
        measured: dict[str, Any] = {
            "stdout": out[:limit].decode("utf-8", "replace"),
            "stderr": err[: max(0, limit - len(out))].decode("utf-8", "replace"),
            "wall_seconds": round(wall_seconds, 6),
            "cpu_seconds": round(cpu_seconds, 6),
            "peak_memory_bytes": peak_memory_bytes,
            "isolation": self.isolation,
        }
        if fired == WALL_FIRED:
            reason = f"still running after {self.policy.wall_seconds:g} s, mostly waiting"
            if wall_seconds >= LONGEST_WAIT * self.policy.wall_seconds:
                reason = f"still running after {LONGEST_WAIT} times {self.policy.wall_seconds:g} s"
            return Verdict(status="wall_timeout", reason=reason, **measured)
        if fired == FILES_FIRED:
            reason = f"more than {self.policy.files_mb} MB or {self.policy.files_count} files written"
            return Verdict(status="output_limit", reason=reason, **measured)
        if fired == OUTPUT_FIRED or len(out) + len(err) > limit:
            return Verdict(status="output_limit", reason=f"more than {limit} bytes of output", **measured)
        if fired == CPU_FIRED or cpu_seconds > self.policy.cpu_seconds:
            reason = f"more than {self.policy.cpu_seconds:g} s of processor time"
            return Verdict(status="cpu_timeout", reason=reason, **measured)
        if report == b'{"status": "ok", "nonce": "%s"}' % nonce.encode():
            return Verdict(status="ok", **measured)
        frame = _frame(report, nonce)
        if frame is not None:
            return Verdict(**frame, **measured)
        status, reason = self._ending(exit_code, cpu_seconds, bool(report))
        return Verdict(status=status, reason=reason, **measured)  # type: ignore[arg-type]  # one of Status

    def _ending(self, code: int, cpu_seconds: float, wrote: bool) -> tuple[str, str]:
        """Say how a child ended that did not report."""
        if code == -signal.SIGKILL and cpu_seconds >= self.policy.cpu_seconds * 0.9:
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

    def _patience(self, seconds: float) -> None:
        """Let no wait for the server be longer; by the kernel, since Python's own time limit costs a call each time."""
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self._connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(seconds) + 1, 0))

    def _greeted(self) -> dict[str, Any]:
        """Send the settings and return the server's answer to them."""
        data = marshal.dumps(self._settings())
        self._connection.sendall(struct.pack(">I", len(data)) + data)
        (length,) = struct.unpack(">I", self._exactly(4))
        answer: dict[str, Any] = marshal.loads(self._exactly(length))  # noqa: S302  # before any snippet ran
        return answer

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


def patience_seconds(policy: Policy) -> float:
    """Return how long an answer may take before the worker counts as hung."""
    return LONGEST_WAIT * policy.wall_seconds + GRACE_SECONDS


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


def _tasks_beside() -> int:
    """Return how many tasks the kernel may count beside a snippet's threads, where it has no user namespace.

    It counts everything that the user runs, which changes; the margin bounds a thread bomb all the same.
    """
    user = os.getuid() or NOBODY
    mine = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == user:
                mine += len(list((entry / "task").iterdir()))
    return mine + TASKS_MARGIN


def _missing(data: bytes) -> int:
    """Return how many bytes of an answer are still to come, at least."""
    if len(data) < ANSWER.size:
        return ANSWER.size - len(data)
    lengths: tuple[int, ...] = ANSWER.unpack_from(data)[5:]
    return ANSWER.size + sum(lengths) - len(data)


def _frame(result: bytes, nonce: str) -> dict[str, Any] | None:
    """Return the child's own report if it is whole and ours, with every field checked; else None."""
    try:
        frame = json.loads(result)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict) or frame.get("nonce") != nonce:
        return None
    status, line = frame.get("status"), frame.get("error_line")
    if not isinstance(status, str) or status not in CHILD_STATUSES:
        return None
    return {
        "status": status,
        "reason": _clean(frame.get("reason")),
        "error_type": _clean(frame.get("error_type")),
        "error_message": _clean(frame.get("error_message")),
        "error_line": line if isinstance(line, int) and 0 < line < 1 << 31 else None,
    }


def _clean(value: object) -> str | None:
    """Return a text that can be encoded, whatever surrogates a snippet put into it."""
    if not isinstance(value, str):
        return None
    return value[:TEXT_CHARACTERS].encode("utf-8", "backslashreplace").decode("utf-8")
