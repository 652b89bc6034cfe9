"""A recipe of one's own, begun as a copy of the nearest: its file, its templates, its lists. Writes nothing else."""

import difflib
import re
import shutil
from pathlib import Path

from textbooks.errors import TextbooksError
from textbooks.plan import recipe as recipes

COPIED = (".yaml", ".jinja", ".jsonl")


def start(name: str, base: str | None = None, *, folder: Path | None = None) -> Path:
    """Copy a recipe into a new folder under another name; return the folder.

    Without `base` it is the shipped recipe whose name is nearest, and the default one where none is near.

    Raises:
        TextbooksError: the name is none, the folder is there already, or there is no such recipe.

    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise TextbooksError(f"{name!r} is no name of a recipe; use small letters, digits and hyphens")
    target = folder or Path(name)
    if target.exists():
        raise TextbooksError(f"{str(target)!r} is there already; choose another name")
    near = difflib.get_close_matches(name, recipes.names(), n=1, cutoff=0.4)
    source = recipes.find(base or (near[0] if near else recipes.DEFAULT))
    target.mkdir(parents=True)
    for file in sorted(source.parent.iterdir()):
        if file.suffix in COPIED:
            shutil.copyfile(file, target / file.name)
    text = (target / source.name).read_text(encoding="utf-8")
    (target / "recipe.yaml").write_text(re.sub(r"(?m)^name: .*$", f"name: {name}", text, count=1), encoding="utf-8")
    return target
