"""One snippet's process: confines itself, runs the code, reports how it ended.

Everything that touches the snippet's text happens here and nowhere else. Runs inside the box (standard library only).
"""

import atexit
import contextlib
import json
import os
import random
import resource
import sys
import threading
import traceback
import types

import filter as seccomp
import kernel

SNIPPET = "<snippet>"
REPORT_FD = 3
LAST_FD = 256
MESSAGE_BYTES = 2000
RANDOM_SEED = 0
"""Seeded in the server; a job that asks for another one pays for it."""
WATCHED = {
    "os.fork": "fork",
    "os.forkpty": "fork",
    "os.exec": "exec",
    "os.posix_spawn": "posix_spawn",
    "os.system": "system",
    "subprocess.Popen": "subprocess.Popen",
    "socket.__new__": "socket",
}
"""Audit events that the filter is about to refuse → the call's name for the verdict."""

_refused = []
"""Calls that the filter refused in this process, newest last."""
_main = types.ModuleType("__main__")
_cpu_seconds = (1, 1)
_filter = None
"""None where the child is not confined."""


def prepare(settings, base_bytes, *, confined):
    """Do in the server, once, all that every child would have to do, and set the limits that children inherit."""
    global _cpu_seconds, _filter  # noqa: PLW0603  # what a fork hands on is this process's state
    # A hard limit equal to the soft one kills: the child is the first process of its namespace, which SIGXCPU spares.
    _cpu_seconds = _within(resource.RLIMIT_CPU, max(1, int(-(-settings["cpu_seconds"] // 1))))
    if confined:
        _filter = kernel.packed_filter(seccomp.childs(kernel.MACHINE))
        kernel.install_filter(kernel.packed_filter(seccomp.servers(kernel.MACHINE)))
    for kind, value in (
        (resource.RLIMIT_AS, base_bytes + settings["memory_bytes"]),
        (resource.RLIMIT_FSIZE, settings["files_bytes"]),
        (resource.RLIMIT_NOFILE, settings["open_files"]),
        (resource.RLIMIT_NPROC, settings["threads"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, _within(kind, value))
    sys.addaudithook(_watch)
    atexit._clear()
    sys.argv = ["snippet.py"]
    sys.orig_argv = ["python", "snippet.py"]
    own_folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != own_folder]
    for name in ("child", "filter", "jail", "kernel"):
        del sys.modules[name]
    sys.modules["__main__"] = _main
    sys.stdout.reconfigure(line_buffering=True)
    random.seed(RANDOM_SEED)


def run(code, bare, seed, nonce):
    """Run `code` (bytes) in this new process, write one report and end."""
    report = b""
    _refused.clear()  # the server's own fork was watched, too
    try:
        os.closerange(REPORT_FD + 1, LAST_FD)
        resource.setrlimit(resource.RLIMIT_CPU, _cpu_seconds)
        os.setsid()
        if _filter is not None:
            kernel.drop_capabilities()
            kernel.install_filter(_filter)
        outcome = _outcome(code, bare, seed)
        # The common report is written without the JSON encoder: each page that it would touch is a page to copy.
        if outcome is None:
            report = b'{"status": "ok", "nonce": "%s"}' % nonce.hex().encode()
        else:
            report = json.dumps({**outcome, "nonce": nonce.hex()}).encode("utf-8", "backslashreplace")
    finally:
        os.write(REPORT_FD, report)
        os._exit(0)


def _within(kind, value):
    """Return (soft, hard) for a limit, no higher than what this process was given."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    return value, value


def _watch(event, arguments):
    if event in WATCHED:
        _refused.append(WATCHED[event])


def _outcome(code, bare, seed):
    """Return None for a program that reached its end, else what happened."""
    if seed != RANDOM_SEED:
        random.seed(seed)
    try:
        compiled = compile(code.decode("utf-8"), SNIPPET, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        return {
            "status": "syntax_error",
            "reason": "does not compile",
            **_described(error, line=getattr(error, "lineno", None)),
        }
    names = {} if bare else _main.__dict__
    outcome = None
    try:
        exec(compiled, names)  # noqa: S102  # running the snippet is what this process exists for
    except SystemExit as stop:
        outcome = {"status": "exited_early", "reason": f"SystemExit({_text(stop.code)})"}
    except BaseException as error:  # noqa: BLE001  # whatever a snippet raises is its outcome
        outcome = _raised(error)
    late = _ended()
    return outcome or late


def _ended():
    """Wait for threads, run exit hooks and flush, all under the same limits; return what went wrong there."""
    try:
        if threading.active_count() > 1:
            threading._shutdown()
        if atexit._ncallbacks():
            atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:  # noqa: BLE001
        return {"status": "raised", "reason": "after the last statement", **_described(error)}
    return None


def _raised(error):
    with contextlib.suppress(BaseException):  # a hostile __str__ must not hide the verdict
        traceback.print_exception(type(error), error, _own_frames(error.__traceback__))
    described = _described(error)
    if isinstance(error, MemoryError):
        return {"status": "memory", "reason": "MemoryError under the memory limit", **described}
    if _refused and isinstance(error, PermissionError):
        return {"status": "blocked", "reason": _refused[-1], **described}
    return {"status": "raised", "reason": None, **described}


def _own_frames(trace):
    while trace and trace.tb_frame.f_code.co_filename != SNIPPET:
        trace = trace.tb_next
    return trace


def _described(error, line=None):
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == SNIPPET:
            line = trace.tb_lineno
        trace = trace.tb_next
    return {"error_type": type(error).__name__[:200], "error_message": _text(error), "error_line": line}


def _text(value):
    try:
        return str(value)[:MESSAGE_BYTES]
    except BaseException:  # noqa: BLE001
        return "<its text could not be made>"
