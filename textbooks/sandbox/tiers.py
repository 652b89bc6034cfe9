"""Which tier of isolation holds on this machine: tried by starting a worker in it, never guessed from versions.

A, namespaces; B, Landlock and seccomp; C, seccomp alone, where reading is not confined; none, limits only.
"""

from typing import Literal

from textbooks.errors import TextbooksError
from textbooks.sandbox.policy import BARE, Policy, Tier
from textbooks.sandbox.worker import TierRefused, Worker

Isolation = Literal["A", "B", "C", "none"]
TIERS: tuple[Tier, ...] = ("A", "B", "C")
"""From the strongest to the weakest; "none" is no tier."""
CURES = {
    "A": "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0; for docker run, --security-opt seccomp=unconfined)",
    "B": "use a kernel of version 5.13 or newer with Landlock among its security modules (boot option lsm=landlock,…)",
    "C": "use a kernel with seccomp filters",
}
UNREACHABLE_CURE = (
    "snippets run as another user, so install Python and its packages where everybody may read (/usr/local, /opt, "
    "a container), or run as the owner of that folder"
)


def started(policy: Policy, wanted: Isolation | None) -> tuple[Isolation, Worker, dict[str, str]]:
    """Start a worker in the tier that is wanted, or in the best that holds; return both, and why better ones do not.

    Raises:
        TextbooksError: the wanted tier does not hold, or none that is at least `policy.isolation`.

    """
    refused: dict[str, str] = {}
    candidates: tuple[Isolation, ...] = (wanted,) if wanted else TIERS[: TIERS.index(policy.isolation) + 1]
    for tier in candidates:
        try:
            return tier, Worker(policy, isolation=tier, kind=BARE), refused
        except TierRefused as refusal:
            refused[tier] = str(refusal)
            cure = UNREACHABLE_CURE if refusal.is_unreachable else CURES.get(tier, "")
    lower = [tier for tier in TIERS if tier > list(refused)[-1]]
    others = [f"--isolation {tier} where that is enough" for tier in lower[:1]]
    others += ["the container of sandbox/Dockerfile", "for code that you trust, --isolation none"]
    why = "; ".join(f"isolation {tier}: {reason}" for tier, reason in refused.items())
    raise TextbooksError(f"this machine refuses the box ({why}); {cure}; or take {', or '.join(others)}")


def held(policy: Policy, wanted: Isolation | None) -> Isolation:
    """Return the tier that `started` would give, without keeping a worker.

    Raises:
        TextbooksError: as there.

    """
    tier, worker, _ = started(policy, wanted)
    worker.close()
    return tier


def offered(policy: Policy) -> list[dict[str, str | bool | None]]:
    """Return each tier with whether it holds here, and, if not, why and what would help."""
    found: list[dict[str, str | bool | None]] = []
    for tier in TIERS:
        reason = cure = None
        try:
            Worker(policy, isolation=tier, kind=BARE).close()
        except TierRefused as refusal:
            reason, cure = str(refusal), UNREACHABLE_CURE if refusal.is_unreachable else CURES[tier]
        found.append({"tier": tier, "holds": reason is None, "why_not": reason, "cure": cure})
    return found


def refuse_less(wanted: Isolation | None, demanded: Tier | None, where: str) -> None:
    """Raise a TextbooksError if the tier that was typed is less than what a recipe demands."""
    order: list[Isolation] = [*TIERS, "none"]
    if wanted and demanded and order.index(wanted) > order.index(demanded):
        raise TextbooksError(
            f"{where} demands isolation {demanded}, and --isolation {wanted} is less; leave the option out, or change "
            f"the demand with --set box.isolation={'C' if wanted == 'none' else wanted}"
        )
