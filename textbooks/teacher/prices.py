"""What a model's tokens cost: the shipped table, a table of the user's, or a price that was typed. Guesses nothing.

An unknown price is None, and everything that is computed from it is unavailable.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks import assets
from textbooks.errors import TextbooksError

PER = 1_000_000
"""Prices are per so many tokens."""
FORM = "write it as in=0.15,out=0.60 (US dollars per million tokens), or name a YAML file like textbooks/prices.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    input_usd: float
    output_usd: float
    origin: str
    """Where it comes from, for the person who reads the sum."""

    def words(self) -> str:
        """Return the price in words."""
        return f"${self.input_usd:g} in, ${self.output_usd:g} out per million tokens ({self.origin})"

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what so many tokens cost, none of them cached."""
        return (prompt_tokens * self.input_usd + completion_tokens * self.output_usd) / PER


def price_of(model: str, given: str | None = None) -> Price | None:
    """Return a model's price: as `given` (typed, or a file of the user's), else from the shipped table, else None.

    Raises:
        TextbooksError: `given` is neither a price nor a table of prices.

    """
    if given is None:
        return _from_table(assets.PACKAGE / "prices.yaml", model)
    if given.endswith((".yaml", ".yml")):
        return _from_table(Path(given), model)
    parts = {part.partition("=")[0]: part.partition("=")[2] for part in given.split(",")}
    try:
        values = {name: float(parts.pop(name)) for name in ("in", "out")}
    except (KeyError, ValueError) as error:
        raise TextbooksError(f"--price {given!r} is no price; {FORM}") from error
    if parts or not all(0 <= value < PER for value in values.values()):
        raise TextbooksError(f"--price {given!r} is no price; {FORM}")
    return Price(input_usd=values["in"], output_usd=values["out"], origin="--price")


def _from_table(path: Path, model: str) -> Price | None:
    import yaml

    try:
        table: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TextbooksError(f"cannot read {str(path)!r} ({error.strerror}); {FORM}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TextbooksError(f"{str(path)!r} is no table of prices; {FORM}") from error
    models = table.get("models") if isinstance(table, dict) else None
    if not isinstance(models, dict):
        raise TextbooksError(f"{str(path)!r} has no 'models'; {FORM}")
    entry = models.get(model)
    if entry is None:
        return None
    try:
        values = [float(entry[name]) for name in ("input", "output")]
    except (KeyError, TypeError, ValueError) as error:
        raise TextbooksError(f"{str(path)!r}: model {model!r} needs the numbers 'input' and 'output'") from error
    return Price(input_usd=values[0], output_usd=values[1], origin=f"{path.name}, as of {table.get('as_of')}")
