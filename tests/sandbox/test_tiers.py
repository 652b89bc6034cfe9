"""Which tier is taken, what is refused and how it is said: as root, as an ordinary user, and in a user namespace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.attack import reachable_python
from textbooks.errors import TextbooksError
from textbooks.sandbox import Sandbox, tiers, worker
from textbooks.sandbox.policy import shipped

CHECKOUT = Path(__file__).parents[2]
RUN = """from textbooks.sandbox import Sandbox
with Sandbox({}) as box:
    print(box.isolation, box.run('print(1)').status)
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def run(python: str, options: str, *before: str, **how: object) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(CHECKOUT), "PATH": os.environ["PATH"]}
    command = [*before, python, "-s", "-B", "-c", RUN.format(options)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False, **how)


def test_the_best_tier_is_taken_where_none_is_named() -> None:
    with Sandbox() as box:
        assert box.isolation == "A"
        assert box.refused == {}


@needs_root
@pytest.mark.parametrize("tier", ["A", "B", "C"])
def test_every_tier_holds_for_an_ordinary_user(tier: str) -> None:
    python = reachable_python(54321)
    if python is None:
        pytest.skip("no Python 3.11 or newer lies where every user can reach it")
    done = run(python, f"isolation={tier!r}", user=54321, group=54321, extra_groups=[])
    assert done.stdout == f"{tier} ok\n", done.stderr


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs the program unshare")
def test_the_box_holds_inside_a_user_namespace_too() -> None:
    done = run(sys.executable, "", "unshare", "--user", "--map-root-user")
    if "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this machine has no user namespaces to test in")
    assert done.stdout == "A ok\n", done.stderr


NAMESPACES = {"unshare": (272, 97)}
LANDLOCK = {"landlock_create_ruleset": (444, 444)}


def run_as_ordinary_user_without(calls: dict[str, tuple[int, int]], options: str) -> subprocess.CompletedProcess[str]:
    """As default containers do, refuse these calls, so that a tier cannot hold."""

    def refuse() -> None:
        sys.path.insert(0, str(CHECKOUT / "sandbox"))
        import filter as seccomp
        import kernel

        kernel.forbid_new_privileges()
        kernel.Filter(seccomp._packed([*seccomp._start(), *seccomp._refusals(calls), seccomp._PASS])).install()

    python = reachable_python(54321)
    if python is None:
        pytest.skip("no Python 3.11 or newer lies where every user can reach it")
    return run(python, options, preexec_fn=refuse, user=54321, group=54321, extra_groups=[])


@needs_root
def test_where_namespaces_are_refused_landlock_takes_their_place() -> None:
    done = run_as_ordinary_user_without(NAMESPACES, "")
    assert done.stdout == "B ok\n", done.stderr
    done = run_as_ordinary_user_without(NAMESPACES, "isolation='A'")
    assert "refuses the box (isolation A: unshare" in done.stderr, done.stderr
    assert "--isolation B" in done.stderr


@needs_root
def test_what_confines_no_reading_is_taken_only_when_it_is_named() -> None:
    done = run_as_ordinary_user_without(NAMESPACES | LANDLOCK, "")
    assert "isolation A: " in done.stderr
    assert "isolation B: " in done.stderr
    assert "--isolation C where that is enough" in done.stderr
    done = run_as_ordinary_user_without(NAMESPACES | LANDLOCK, "isolation='C'")
    assert done.stdout == "C ok\n", done.stderr


@needs_root
@pytest.mark.parametrize("tier", ["A", "B"])
def test_a_place_that_snippets_cannot_reach_is_one_sentence_with_the_cure(
    tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an interpreter under the home folder of somebody else, which only root's privileges open."""
    closed = tmp_path / "somebody" / "packages"
    closed.mkdir(parents=True)
    os.chown(tmp_path / "somebody", 54321, 54321)
    (tmp_path / "somebody").chmod(0o700)
    read_only, hidden = worker._interpreter_paths()
    monkeypatch.setattr(worker, "_interpreter_paths", lambda: ([*read_only, str(closed)], hidden))
    with pytest.raises(TextbooksError, match=r"cannot be reached, since a folder above it is closed.*/usr/local"):
        Sandbox(isolation=tier).__enter__()


def test_less_than_a_recipe_demands_is_an_error() -> None:
    with pytest.raises(TextbooksError, match="recipe 'x' demands isolation A, and --isolation B is less"):
        tiers.refuse_less("B", "A", "recipe 'x'")
    tiers.refuse_less("A", "B", "recipe 'x'")
    tiers.refuse_less(None, "A", "recipe 'x'")


def test_a_worker_that_cannot_be_replaced_is_a_fault_of_ours_not_the_snippets(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(policy=shipped()) as box:
        monkeypatch.setattr(worker.Worker, "run", losing)
        verdict = box.run("print(1)")
    assert (verdict.status, verdict.isolation) == ("harness_error", box.isolation)
    assert verdict.reason == "lost on purpose"


def losing(*_: object, **__: object) -> None:
    raise worker.WorkerLost("lost on purpose")
