"""Exercises: whether the asserts of one prove anything. They must fail on a stub and on most simple mutants.

Joins the excerpt room, which writes wrong versions of a function, with the sandbox, which runs them.
"""

from textbooks.excerpt import mutants
from textbooks.records import Rejection
from textbooks.sandbox import Sandbox


def rejection(code: str, sandbox: Sandbox, *, least_share: float) -> Rejection | None:
    """Return why an exercise that passes its own asserts is none; None where they fail on what is wrong.

    `least_share` is the share of the mutants on which they must fail.
    """
    empty = mutants.stub(code)
    if empty is not None and sandbox.run(empty).status == "ok":
        evidence = f"the asserts hold for a function that does nothing\n\n{empty}"
        return Rejection(step="exercise", reason="asserts_hold_for_a_stub", evidence=evidence)
    made = mutants.mutants(code)
    survivors: list[str] = []
    for tried, mutant in enumerate(made, start=1):
        survivors += [mutant] if sandbox.run(mutant).status == "ok" else []
        if tried - len(survivors) >= least_share * len(made):
            return None  # those that are left may run for long, and change nothing
    if not survivors:
        return None
    said = f"the asserts hold for {len(survivors)} of {len(made)} wrong versions of the function, such as"
    return Rejection(step="exercise", reason="asserts_hold_for_mutants", evidence=f"{said}\n\n{survivors[0]}")
