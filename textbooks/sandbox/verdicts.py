"""A server's answer → a verdict: which limit fired, how the child ended, what it reported.

Every byte that a snippet may have shaped is treated as text to be cut and decoded, never as anything to run. Knows
nothing of processes and connections.
"""

import contextlib
import json
import re
import signal
import struct
from typing import Any

from textbooks.records import Verdict
from textbooks.sandbox.policy import Policy

ANSWER = struct.Struct(">BiddQIII")
"""Limit that fired, exit code, elapsed and processor seconds, peak memory, lengths of report, stdout and stderr."""
NOTHING_FIRED, WALL_FIRED, OUTPUT_FIRED, FILES_FIRED, CPU_FIRED = range(5)
LONGEST_WAIT = 10
"""Times its wall limit, how long a working snippet may take on a busy machine. sandbox/watch.py has the same line."""
TEXT_CHARACTERS = 4000
"""The longest text that a report may hold per field."""
CHILD_STATUSES = frozenset({"ok", "exited_early", "raised", "syntax_error", "memory", "blocked"})


def verdict_of(data: bytes, nonce: str, *, policy: Policy, isolation: str) -> Verdict:
    """Return the verdict that a whole answer of the server amounts to; `nonce` is the one that its job carried."""
    answer = ANSWER.unpack_from(data)
    fired, exit_code, wall_seconds, cpu_seconds, peak_memory_bytes = answer[:5]
    end_of_report = ANSWER.size + answer[5]
    end_of_out = end_of_report + answer[6]
    report, out, err = data[ANSWER.size : end_of_report], data[end_of_report:end_of_out], data[end_of_out:]
    limit = policy.output_bytes
    measured: dict[str, Any] = {
        "stdout": out[:limit].decode("utf-8", "replace"),
        "stderr": err[: max(0, limit - len(out))].decode("utf-8", "replace"),
        "wall_seconds": round(wall_seconds, 6),
        "cpu_seconds": round(cpu_seconds, 6),
        "peak_memory_bytes": peak_memory_bytes,
        "isolation": isolation,
    }
    if fired == WALL_FIRED:
        reason = f"still running after {policy.wall_seconds:g} s, mostly waiting"
        if wall_seconds >= LONGEST_WAIT * policy.wall_seconds:
            reason = f"still running after {LONGEST_WAIT} times {policy.wall_seconds:g} s"
        return Verdict(status="wall_timeout", reason=reason, **measured)
    if fired == FILES_FIRED:
        reason = f"more than {policy.files_mb} MB or {policy.files_count} files written"
        return Verdict(status="output_limit", reason=reason, **measured)
    if fired == OUTPUT_FIRED or len(out) + len(err) > limit:
        return Verdict(status="output_limit", reason=f"more than {limit} bytes of output", **measured)
    if fired == CPU_FIRED or cpu_seconds > policy.cpu_seconds:
        reason = f"more than {policy.cpu_seconds:g} s of processor time"
        return Verdict(status="cpu_timeout", reason=reason, **measured)
    if report == b'{"status": "ok", "nonce": "%s"}' % nonce.encode():
        return Verdict(status="ok", **measured)
    frame = _frame(report, nonce)
    if frame is not None:
        return Verdict(**frame, **measured)
    status, reason = _ending(exit_code, cpu_seconds, bool(report), policy)
    return Verdict(status=status, reason=reason, **measured)  # type: ignore[arg-type]  # one of Status


def missing_bytes(data: bytes) -> int:
    """Return how many bytes of an answer are still to come, at least."""
    if len(data) < ANSWER.size:
        return ANSWER.size - len(data)
    lengths: tuple[int, ...] = ANSWER.unpack_from(data)[5:]
    return ANSWER.size + sum(lengths) - len(data)


def _ending(code: int, cpu_seconds: float, wrote: bool, policy: Policy) -> tuple[str, str]:
    """Say how a child ended that did not report."""
    if code == -signal.SIGKILL and cpu_seconds >= policy.cpu_seconds * 0.9:
        return "cpu_timeout", f"more than {policy.cpu_seconds:g} s of processor time"
    if code == -signal.SIGSYS:
        return "blocked", "a system call of a foreign architecture"
    if code < 0:
        with contextlib.suppress(ValueError):
            return "crashed", f"ended by {signal.Signals(-code).name}"
        return "crashed", f"ended by signal {-code}"
    if wrote:
        return "crashed", "the result channel was corrupted"
    return "exited_early", f"the process ended with exit code {code} before the last statement"


def _frame(result: bytes, nonce: str) -> dict[str, Any] | None:
    """Return the child's own report if it is whole and ours, with every field checked; else None."""
    try:
        frame = json.loads(result)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict) or frame.get("nonce") != nonce:
        return None
    status = frame.get("status")
    if not isinstance(status, str) or status not in CHILD_STATUSES:
        return None
    return {
        "status": status,
        "reason": _clean(frame.get("reason")),
        "error_type": _clean(frame.get("error_type")),
        "error_message": _clean(frame.get("error_message")),
        "error_lines": _lines(frame.get("error_lines")),
    }


def _lines(value: object) -> tuple[int, ...]:
    """Return line numbers that are written one behind the other; none where something else is written."""
    if not isinstance(value, str) or not re.fullmatch(r"(?:[1-9][0-9]{0,8} ?){1,100}", value, re.ASCII):
        return ()
    return tuple(map(int, value.split()))


def _clean(value: object) -> str | None:
    """Return a text that can be encoded, whatever surrogates a snippet put into it."""
    if not isinstance(value, str):
        return None
    return value[:TEXT_CHARACTERS].encode("utf-8", "backslashreplace").decode("utf-8")
