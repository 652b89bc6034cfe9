"""A run's folder as a whole: whose it is, and whether its corpus is finished. Knows no step of the build."""

import json
from pathlib import Path
from typing import Any

import yaml

from textbooks.errors import TextbooksError
from textbooks.job import Job
from textbooks.storage import digest, refuse_unwritable, writable_folder, write_text


def claim(job: Job, out: Path) -> None:
    """Mark the folder as this run's."""
    writable_folder(out)
    frozen = out / "recipe.yaml"
    if not frozen.exists() or frozen.read_text(encoding="utf-8") != job.frozen_text():
        write_text(frozen, job.frozen_text())


def finished(job: Job, out: Path) -> dict[str, Any] | None:
    """Return the tally of a run that is whole and would come out the same."""
    refuse_foreign(job, out)
    path = out / "tally.json"
    if not path.exists() or not (out / "corpus" / "README.md").exists():
        return None
    try:
        tally: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        is_whole = tally["recipe_digest"] == digest(job.frozen_text()) and tally["to_do"] == 0
        # Somebody may answer by now the repairs that nobody answered then; the shipped answers hold none.
        is_whole = is_whole and (job.source == "shipped" or not tally["repairs_unanswered"])
        # A run that wants accepted samples may have ended for want of money or patience.
        is_whole = is_whole and (job.accepted is None or tally["accepted"] >= job.accepted)
    except (ValueError, KeyError, TypeError):
        return None
    return tally if is_whole else None


def refuse_foreign(job: Job, out: Path) -> None:
    """Raise a TextbooksError for a folder that is not this recipe's, or in which nothing can be written."""
    refuse_unwritable(out)
    frozen = out / "recipe.yaml"
    if not frozen.exists():
        strange = sorted(path.name for path in out.iterdir()) if out.exists() else []
        if strange:
            raise TextbooksError(
                f"--out {str(out)!r} holds other things (such as {strange[0]!r}) and no run; name a new folder"
            )
        return
    try:
        owner = yaml.safe_load(frozen.read_text(encoding="utf-8"))["recipe"]["name"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise TextbooksError(f"{frozen} is not a run's recipe; remove it or name another --out") from error
    if owner != job.recipe.name:
        raise TextbooksError(
            f"--out {str(out)!r} belongs to recipe {owner!r}, not {job.recipe.name!r}; name another folder"
        )
