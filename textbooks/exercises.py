"""Exercises: whether the asserts of one prove anything. They must fail on a stub and on most simple mutants.

Joins the excerpt room, which writes wrong versions of a function, with the sandbox, which runs them.
"""

from textbooks.excerpt import continuation, mutants
from textbooks.records import Rejection
from textbooks.sandbox import Sandbox

ALARM = """import os as _os, signal as _signal
for _one in (_signal.SIGPROF, _signal.SIGALRM):
    _signal.signal(_one, lambda *_, _exit=_os._exit: _exit(1))
_signal.setitimer(_signal.ITIMER_PROF, {seconds:.3f})
_signal.setitimer(_signal.ITIMER_REAL, {wall_seconds:.3f})
del _os, _signal, _one"""
WALL_SECONDS = 3.0
"""Likewise for one that waits, as for a lock that nobody opens."""
LEAST_SECONDS, TIMES_AS_LONG = 0.25, 20
"""A wrong version that takes so many times the processor time of the right one has failed: it may never end."""


def rejection(code: str, sandbox: Sandbox, *, least_share: float, cpu_seconds: float) -> Rejection | None:
    """Return why an exercise that passes its own asserts is none; None where they fail on what is wrong.

    `least_share` is the share of the mutants on which they must fail, `cpu_seconds` what the exercise itself took.
    """
    limit_seconds = max(LEAST_SECONDS, TIMES_AS_LONG * cpu_seconds)

    def holds(version: str) -> bool:
        return sandbox.run(ending(version, limit_seconds)).status == "ok"

    empty = mutants.stub(code)
    if empty is not None and holds(empty):
        evidence = f"the asserts hold for a function that does nothing\n\n{empty}"
        return Rejection(step="exercise", reason="asserts_hold_for_a_stub", evidence=evidence)
    made = mutants.mutants(code)
    survivors: list[str] = []
    for tried, mutant in enumerate(made, start=1):
        survivors += [mutant] if holds(mutant) else []
        if tried - len(survivors) >= least_share * len(made):
            return None  # those that are left may run for long, and change nothing
    if not survivors:
        return None
    said = f"the asserts hold for {len(survivors)} of {len(made)} wrong versions of the function, such as"
    return Rejection(step="exercise", reason="asserts_hold_for_mutants", evidence=f"{said}\n\n{survivors[0]}")


def ending(code: str, limit_seconds: float) -> str:
    """Return a program that ends itself, failed, once it has taken so much processor time.

    With a handler of its own: the kernel spares the first process of a namespace the default one.
    """
    return continuation.joined([ALARM.format(seconds=limit_seconds, wall_seconds=WALL_SECONDS)], "", code)[0]
