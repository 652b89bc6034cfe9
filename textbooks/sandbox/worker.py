"""One worker: a jailed fork server, from the outside. Starts it, hands it jobs, takes its answers; ends it.

What an answer means, it leaves to verdicts.py.
"""

import contextlib
import ctypes
import functools
import marshal
import os
import shutil
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
from textbooks.sandbox.verdicts import LONGEST_WAIT, missing_bytes, verdict_of

JOB = struct.Struct(">I?q16s")
"""Length of the code, whether it runs bare, the random seed, the nonce. sandbox/server.py has the same line."""
START_SECONDS = 60
GRACE_SECONDS = 30
"""How much longer than a snippet may take an answer may take before the worker counts as hung."""
RECEIVE_BYTES = 65536
NOBODY = 65534
TASKS_MARGIN = 1024
HUGE_PAGES, HUGE_BYTES = Path("/sys/kernel/mm/transparent_hugepage"), 2 << 20
_WAYS = ("malloc", "calloc", "realloc", "free")


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
        self._folder = _folder_for(policy, isolation)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the worker
        self._connection, self._process = self._started()
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

    def run(self, code: str, *, bare: bool = False, seed: int = 0) -> Verdict:
        """Run one program; `seed` is added to the policy's.

        Raises:
            WorkerLost: the worker itself failed; the snippet is not to blame yet.

        """
        self.start(code, bare=bare, seed=seed)
        return self.finish()

    def start(self, code: str, *, bare: bool = False, seed: int = 0) -> None:
        """Hand over one program; `finish` must follow before the next. Raises WorkerLost as `run` does."""
        self.runs += 1
        self._nonce = os.urandom(16)
        text = code.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
        try:
            self._connection.sendall(JOB.pack(len(text), bare, self.policy.random_seed + seed, self._nonce) + text)
        except OSError as error:
            raise WorkerLost(f"{type(error).__name__}: {error}") from error

    def finish(self) -> Verdict:
        """Wait for the verdict of the program that was handed over. Raises WorkerLost as `run` does."""
        return self.verdict(*self.answer())

    def answer(self) -> tuple[bytes, bytes]:
        """Wait for the answer about the program that was handed over; return it and the nonce, for `verdict`.

        The next program can be handed over before the verdict is made. Raises WorkerLost as `run` does.
        """
        try:
            data = self._connection.recv(RECEIVE_BYTES)
            while (missing := missing_bytes(data)) > 0:
                data += self._exactly(missing)
        except (OSError, ValueError) as error:
            raise WorkerLost(f"{type(error).__name__}: {error}") from error
        return data, self._nonce

    def verdict(self, answer: bytes, nonce: bytes) -> Verdict:
        """Return the verdict that an answer amounts to; `nonce` is the one of its program."""
        return verdict_of(answer, nonce.hex(), policy=self.policy, isolation=self.isolation)

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

    def _started(self) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
        """Start the server; return the connection to it and its process."""
        command = [sys.executable, "-s", "-S", "-P", "-B", str(assets.folder("sandbox") / "server.py")]
        # The loader finds every symbol at once, which otherwise each child would have to do for itself.
        environment = {**dict(self.policy.environment), "LD_BIND_NOW": "1"}
        if _pymalloc() is not None:
            environment["PYTHONMALLOC"] = "malloc"  # until its memory is arranged: sandbox/memory.py
        if self.isolation != "A":  # where /tmp is the machine's own
            environment |= {"HOME": str(self._folder / "work"), "TMPDIR": str(self._folder / "work")}
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  # our own server, by path
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd="/",
                start_new_session=True,  # so that no signal to a process group crosses the wall
            )
        return ours, process

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
            "pymalloc": _pymalloc(),
            "preload": preloaded(self.policy, self._kind),
        }

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


class _Allocator(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("context", *_WAYS))


@functools.cache
def _pymalloc() -> tuple[tuple[int, ...], ...] | None:
    """Return where Python's allocators of memory and of objects are, each as offsets from PyMem_GetAllocator.

    None where the server's memory had better stay as it is: no huge pages, or of another size; or allocators that need
    more than their addresses (PYTHONMALLOC=debug) or are the C library's.
    """
    try:
        is_never = "[never]" in (HUGE_PAGES / "enabled").read_text()
        if is_never or int((HUGE_PAGES / "hpage_pmd_size").read_text()) != HUGE_BYTES:
            return None
    except (OSError, ValueError):
        return None
    get = ctypes.pythonapi.PyMem_GetAllocator
    base = ctypes.cast(get, ctypes.c_void_p).value or 0
    raw, *others = (_Allocator() for _ in range(3))
    for domain, allocator in enumerate((raw, *others)):
        get(domain, ctypes.byref(allocator))
    if any(allocator.context or allocator.malloc == raw.malloc for allocator in others):
        return None
    return tuple(tuple(getattr(other, name) - base for name in _WAYS) for other in others)


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


def _folder_for(policy: Policy, isolation: str) -> Path:
    """Make the folder of a worker: the place of its root in A, else one to work in beside one of links to packages."""
    folder = Path(tempfile.mkdtemp(prefix="textbooks-box-"))
    if isolation != "A":
        (folder / "work").mkdir()
        (folder / "packages").mkdir()
        for path in package_paths(policy.packages):
            (folder / "packages" / path.name).symlink_to(path)
    return folder
