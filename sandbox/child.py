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
import jail
import kernel

SNIPPET = "<snippet>"
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


refused = []
"""Calls that the filter refused in this process, newest last."""
_filter = kernel.packed_filter(seccomp.program(kernel.MACHINE))


def prepare():
    """Do in the server, once, what every child would have to do: watch for refused calls, forget exit hooks.

    Each page that a child writes to is a page to copy, about 2 µs; what is done here is done for nothing.
    """
    sys.addaudithook(_watch)
    atexit._clear()
    sys.argv = ["snippet.py"]
    random.seed(RANDOM_SEED)


def run(job, code, result_fd, *, confined):
    """Run `code` (bytes) as the job says, write one JSON frame to `result_fd` and end the process."""
    outcome = {"status": "harness_error", "reason": "the child did not start"}
    try:
        _limit(job)
        if confined:
            jail.becomes_inner_user()
            kernel.drop_capabilities()
            kernel.install_filter(_filter)
        outcome = _outcome(job, code)
    finally:
        frame = json.dumps({**outcome, "nonce": job["nonce"]}).encode("utf-8", "backslashreplace")
        os.write(result_fd, frame)
        os._exit(0)


def _limit(job):
    def lower(kind, value):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))

    lower(resource.RLIMIT_CPU, max(1, int(-(-job["cpu_seconds"] // 1))))
    lower(resource.RLIMIT_AS, job["address_space_bytes"])
    lower(resource.RLIMIT_FSIZE, job["files_bytes"])
    lower(resource.RLIMIT_NOFILE, job["open_files"])
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NPROC, job["threads"])


def _watch(event, arguments):
    if event in WATCHED:
        refused.append(WATCHED[event])


def _outcome(job, code):
    if job["random_seed"] != RANDOM_SEED:
        random.seed(job["random_seed"])
    try:
        compiled = compile(code.decode("utf-8"), SNIPPET, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
        return {
            "status": "syntax_error",
            "reason": "does not compile",
            **_described(error, line=getattr(error, "lineno", None)),
        }
    if job["bare"]:
        names = {}
    else:
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        names = module.__dict__
    outcome = {"status": "ok", "reason": None}
    try:
        exec(compiled, names)  # noqa: S102  # running the snippet is what this process exists for
    except SystemExit as stop:
        outcome = {"status": "exited_early", "reason": f"SystemExit({_text(stop.code)})"}
    except BaseException as error:  # noqa: BLE001  # whatever a snippet raises is its outcome
        outcome = _raised(error)
    late = _ended(outcome)
    return late or outcome


def _ended(outcome):
    """Wait for threads, run exit hooks and flush, all under the same limits; return what went wrong there."""
    try:
        if threading.active_count() > 1:
            threading._shutdown()
        if atexit._ncallbacks():
            atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:  # noqa: BLE001
        if outcome["status"] == "ok":
            return {"status": "raised", "reason": "after the last statement", **_described(error)}
    return None


def _raised(error):
    with contextlib.suppress(BaseException):  # a hostile __str__ must not hide the verdict
        traceback.print_exception(type(error), error, _own_frames(error.__traceback__))
    described = _described(error)
    if isinstance(error, MemoryError):
        return {"status": "memory", "reason": "MemoryError under the memory limit", **described}
    if refused and isinstance(error, OSError):
        return {"status": "blocked", "reason": refused[-1], **described}
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
