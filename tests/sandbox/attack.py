"""The attacks in `attacks/`, read; and who can run them. Needs nothing but the standard library."""

import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One file of `attacks/`."""

    code: str
    title: str
    group: int
    """Its place in the list of attacks that people were seen to try; see the README of the box."""
    expect: dict[str, str | list[str]]
    """Tier → the status, or statuses, that the box may give it."""
    control: str = "says"
    """How it shows that it works without the box: it says so, outlives its time, dies by a signal, fails, is quiet."""
    needs_root: bool = False
    """Whether only root can carry it out, even without the box."""
    twice: bool = False
    """Whether it is the second run that shows what the first left."""
    replaced: dict[str, list[str]] = field(default_factory=dict)
    """Tier → users for whom the worker has to be replaced afterwards."""
    late_in: tuple[str, ...] = ()
    """Tiers that stop it, and sweep up, only when it has gone too far."""
    open_in: tuple[str, ...] = ()
    """Tiers that do not guard against it, as their description says."""


def read(path: Path) -> Attack:
    """Read an attack: a title, and TOML, in the docstring."""
    code = path.read_text()
    title, _, settings = code.split('"""')[1].partition("\n")
    values = tomllib.loads(settings)
    return Attack(
        code=code,
        title=title,
        **{name: tuple(value) if name.endswith("_in") else value for name, value in values.items()},
    )


ATTACKS = {path.stem: read(path) for path in sorted((Path(__file__).parent / "attacks").glob("*.py"))}


def reachable_python(user: int) -> str | None:
    """Return an interpreter that the box supports and that a user can run, library and all."""
    look = "import os, sys; open(os.__file__).close(); sys.exit(sys.version_info < (3, 11))"
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            done = subprocess.run([candidate, "-I", "-c", look], user=user, capture_output=True, cwd="/", timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return candidate
    return None
