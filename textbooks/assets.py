"""Where the shipped folders lie: `topics/`, `audiences/` and `sandbox/`, in a wheel or in a checkout.

The wheel carries them under `textbooks/_data/`; in a checkout they stand beside the package. Knows nothing of what
is inside them.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder `name`; the sibling in a checkout wins over a packaged copy, so edits are seen at once."""
    beside = PACKAGE.parent / name
    if beside.is_dir() and (PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    return PACKAGE / "_data" / name
