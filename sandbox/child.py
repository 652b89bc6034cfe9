"""One snippet's process: gives up what only its server needs, runs the code, reports how it ended.

Everything that touches the snippet's text happens here and nowhere else. Runs inside the box (standard library only).
Imports as little as it can: every page of the server's memory makes each fork dearer.
"""

import atexit
import builtins
import os
import sys
from errno import EPERM
from _sitebuiltins import Quitter, _Helper
from _thread import _count as count_threads, stack_size
from os import _exit, write

import kernel

SNIPPET = "<snippet>"
REPORT_FD = 3
WRITTEN_FDS = (REPORT_FD, 1, 2)
LAST_FD = 256
LINES = 100  # of the way down to an error, the last ones
MESSAGE_BYTES = 2000
RESERVE_BYTES = 16 << 20
"""Address space set aside for the report of a snippet that has taken all the rest; never touched before."""
THREAD_STACK_BYTES = 2 << 20
"""So that as many threads as are allowed fit into the memory that is, with room for what they work on."""
LEAST_STACK_BYTES = 32768
OK = b'{"status": "ok", "nonce": "%s"}'
RANDOM_SEED = 0
"""Seeded in the server; a job that asks for another one pays for it."""
OWN_MODULES = (
    *("calls", "channels", "child", "filter", "folder", "jail", "kernel", "landlock", "memory", "native", "pages"),
    *("process", "walls", "watch"),
)
"""What no snippet is to find in `sys.modules`."""
WATCHED = {
    "os.fork": "fork",
    "os.forkpty": "fork",
    "os.exec": "exec",
    "os.posix_spawn": "posix_spawn",
    "os.system": "system",
    "os.kill": "kill",
    "os.killpg": "killpg",
    "subprocess.Popen": "subprocess.Popen",
    "socket.__new__": "socket",
}
"""Audit events that the filter is about to refuse → the call's name for the verdict."""
WATCHED_ATTRIBUTES = {f"os.{name}": name for name in ("chmod", "chown", "utime", "setxattr", "removexattr")}
"""Likewise, where a file's attributes may not be changed (B and C)."""
WATCHED_CHANGES = {f"os.{name}": name for name in ("mkdir", "rmdir", "remove", "rename", "link", "symlink", "truncate")}
"""Likewise, where no file may be changed (C)."""
REHEARSED = b"""
def first(values, limit=3):
    \"\"\"Some text.

    >>> first([1])
    \"\"\"
    found = {}
    for place, value in enumerate(sorted(values)):
        if value > 1 and not found.get(place) or len(values) == 0:
            found[place] = [str(value) + f"{value:>3}" for _ in range(2)]
        elif value < 0:
            while True:
                break
    return [max(0, int(v ** 0.5)) for v in values if v % 2 == 0][:limit]
class Shape:
    def __init__(self, side):
        self.side = side
    def area(self):
        return self.side ** 2.0
def check(candidate):
    assert candidate([4, 2, 3, 1]) == [2, 1], "first"
    assert Shape(2).area() == 4 and "a b".split() == ["a", "b"] and tuple("ab")[0] in {"a": 1}
check(first)
"""
"""A program of ours with a bit of everything."""

_refused = []
"""Calls that the filter refused in this process, newest last."""
_watched = dict(WATCHED)
_watches_opening = False
_reserve = [bytes(RESERVE_BYTES)]  # unlike a bytearray, not touched when it is made
_main = type(sys)("__main__")


def prepare(settings):
    """Do in the server, once, all that every child would have to do, and set limits that children inherit."""
    global _watches_opening  # noqa: PLW0603  # what a fork hands on is this process's state
    kernel.limit(kernel.RLIMIT_FSIZE, settings["files_bytes"])
    kernel.limit(kernel.RLIMIT_NOFILE, settings["open_files"])
    kernel.limit(kernel.RLIMIT_NPROC, settings["processes"])
    kernel.limit(kernel.RLIMIT_CORE, 0)
    if settings["tier"] in "BC":
        _watched.update(WATCHED_ATTRIBUTES)
    if settings["tier"] == "C":
        _watched.update(WATCHED_CHANGES)
        _watches_opening = True
    sys.addaudithook(_watch)
    atexit._clear()
    sys.argv = ["snippet.py"]
    sys.orig_argv = ["python", "snippet.py"]
    own_folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != own_folder]
    for name in OWN_MODULES:
        del sys.modules[name]
    sys.modules["__main__"] = _main
    sys.stdout.reconfigure(line_buffering=True)
    builtins.exit, builtins.quit = Quitter("exit", "Ctrl-D"), Quitter("quit", "Ctrl-D")
    builtins.help = _Helper()
    # Without a user namespace no limit counts this snippet's threads alone; there their stacks have to be the limit.
    share = settings["memory_bytes"] // settings["threads"] // 4096 * 4096
    stack_size(THREAD_STACK_BYTES if settings["tier"] == "A" else max(share, LEAST_STACK_BYTES))
    _seed_random(RANDOM_SEED)


def rehearse(times=16):
    """Do in the server what every child will do, so that children find caches filled and code specialised."""
    os.closerange(LAST_FD + 1, LAST_FD + 2)
    for _ in range(times):
        if _outcome(REHEARSED, True, RANDOM_SEED) is not None or _outcome(b"pass", True, RANDOM_SEED) is not None:
            raise OSError("the interpreter fails at a small program")
        OK % bytes(16).hex().encode()


def run(code, bare, seed, nonce, close_behind):
    """Run `code` (as bytes of UTF-8) in this new process, write one report and end."""
    report = b""
    try:
        if close_behind is not None:
            close_behind()
        os.closerange(REPORT_FD + 1, LAST_FD)
        _refused.clear()  # the server's own fork was watched, too
        outcome = _outcome(code, bare, seed)
        report = OK % nonce.hex().encode() if outcome is None else _report(outcome, nonce)
    finally:
        write(REPORT_FD, report)
        _exit(0)


def _watch(event, arguments):
    if event in _watched:
        _refused.append(_watched[event])
        if event == "os.system":  # which would say no more than that it failed
            raise PermissionError(EPERM, "Operation not permitted")
    elif _watches_opening and event == "open" and arguments[2] & (os.O_ACCMODE | os.O_CREAT | os.O_TRUNC):
        _refused.append("open for writing")


def _report(outcome, nonce):
    """Return the JSON of an outcome; written by hand, since the json package is dear."""
    fields = {**outcome, "nonce": nonce.hex()}
    words = {None: "null"}
    texts = (
        f'"{name}": {_quoted(value) if isinstance(value, str) else words.get(value, value)}'
        for name, value in fields.items()
    )
    return ("{" + ", ".join(texts) + "}").encode("ascii")


def _quoted(text):
    """Return a text as JSON in ASCII, halves of surrogate pairs included."""
    return '"' + "".join(map(_plain, text)) + '"'


def _plain(character):
    code = ord(character)
    if 32 <= code < 127 and character not in '"\\':
        return character
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"
    return f"\\u{code:04x}"


def _seed_random(seed):
    random = sys.modules.get("random")
    if random is not None:
        random.seed(seed)


def _outcome(code, bare, seed):
    """Return None for a program that reached its end, else what happened."""
    if seed != RANDOM_SEED:
        _seed_random(seed)
    try:
        compiled = compile(str(code, "utf-8"), SNIPPET, "exec", dont_inherit=True)
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
        if count_threads() and "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        if atexit._ncallbacks():
            atexit._run_exitfuncs()
        out, err, first = sys.stdout, sys.stderr, sys.__stdout__
        for stream in (out, err) if out is first else (out, err, first):
            try:
                stream.flush()
            except (AttributeError, ValueError):  # as at the interpreter's end: what is closed, or no file at all
                if stream is not None and not getattr(stream, "closed", True):
                    raise
    except BaseException as error:  # noqa: BLE001
        return {"status": "raised", "reason": "after the last statement", **_described(error)}
    return None


def _raised(error):
    try:
        if isinstance(error, MemoryError):
            _reserve.clear()
        error.__traceback__ = _own_frames(error.__traceback__)
        sys.__excepthook__(type(error), error, error.__traceback__)
    except BaseException:  # noqa: BLE001, S110  # a hostile __str__ must not hide the verdict
        pass
    described = _described(error)
    if isinstance(error, MemoryError):
        return {"status": "memory", "reason": "MemoryError under the memory limit", **described}
    if _refused and isinstance(error, PermissionError) and error.errno == EPERM:
        return {"status": "blocked", "reason": _refused[-1], **described}
    return {"status": "raised", "reason": None, **described}


def _own_frames(trace):
    while trace and trace.tb_frame.f_code.co_filename != SNIPPET:
        trace = trace.tb_next
    return trace


def _described(error, line=None):
    lines = {line: None} if line else {}
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == SNIPPET:
            lines.pop(trace.tb_lineno, None)
            lines[trace.tb_lineno] = None
        trace = trace.tb_next
    text = " ".join(str(number) for number in (*lines,)[-LINES:])
    return {"error_type": type(error).__name__[:200], "error_message": _text(error), "error_lines": text}


def _text(value):
    try:
        return str(value)[:MESSAGE_BYTES]
    except BaseException:  # noqa: BLE001
        return "<its text could not be made>"
