"""What a model's tokens cost: the shipped table, a table of the user's, or a price that was typed. Guesses nothing.

An unknown price is None, and everything that is computed from it is unavailable. A discount that is not stated is not
granted: cached tokens then cost what others do, and a batch what live calls do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textbooks import assets
from textbooks.calls import Response, Usage
from textbooks.errors import TextbooksError

PER = 1_000_000
"""Prices are per so many tokens."""
FORM = (
    "write it as in=0.15,out=0.60 (US dollars per million tokens; also cached=0.075, and batch=0.5 for a batch at half "
    "the price), or name a YAML file like textbooks/prices.yaml"
)
NAMES = {"in": "input", "out": "output", "cached": "cached", "batch": "batch"}
"""Typed name → name in a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    input_usd: float
    output_usd: float
    cached_usd: float
    """For tokens of the prompt that were read from the provider's cache."""
    batch_share: float = 1.0
    """What a call costs in a batch, as a share of what it costs live."""
    origin: str
    """Where it comes from, for the person who reads the sum."""

    def words(self) -> str:
        """Return the price in words."""
        cached = f", ${self.cached_usd:g} cached" if self.cached_usd != self.input_usd else ""
        batch = f", batches at {100 * self.batch_share:g} %" if self.batch_share != 1 else ""
        return f"${self.input_usd:g} in{cached}, ${self.output_usd:g} out per million tokens{batch} ({self.origin})"

    def cost_usd(self, usage: Usage, *, is_batched: bool = False) -> float:
        """Return what so many tokens cost."""
        fresh = usage.prompt_tokens - usage.cached_tokens
        live = (
            fresh * self.input_usd + usage.cached_tokens * self.cached_usd + usage.completion_tokens * self.output_usd
        )
        return live * (self.batch_share if is_batched else 1) / PER

    def paid_usd(self, response: Response) -> float | None:
        """Return what an answer cost; None where the endpoint did not say how many tokens it took."""
        return None if response.usage is None else self.cost_usd(response.usage, is_batched=response.is_batched)


def price_of(model: str, given: str | None = None) -> Price | None:
    """Return a model's price: as `given` (typed, or a file of the user's), else from the shipped table, else None.

    Raises:
        TextbooksError: `given` is neither a price nor a table of prices.

    """
    if given is None:
        return _from_table(assets.PACKAGE / "prices.yaml", model)
    if given.endswith((".yaml", ".yml")):
        return _from_table(Path(given), model)
    parts = {part.partition("=")[0].strip(): part.partition("=")[2] for part in given.split(",")}
    complaint = f"--price {given!r} is no price; {FORM}"
    if not set(parts) <= set(NAMES):
        raise TextbooksError(complaint)
    return _price({NAMES[name]: value for name, value in parts.items()}, origin="--price", complaint=complaint)


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
    complaint = (
        f"{str(path)!r}: model {model!r} needs the numbers 'input' and 'output', and may have 'cached' and 'batch'"
    )
    if not isinstance(entry, dict) or not set(entry) <= set(NAMES.values()):
        raise TextbooksError(complaint)
    return _price(
        {"batch": table.get("batch", 1), **entry},
        origin=f"{path.name}, as of {table.get('as_of')}",
        complaint=complaint,
    )


def _price(values: Mapping[str, Any], *, origin: str, complaint: str) -> Price:
    """Return the price that these values make.

    Raises:
        TextbooksError: with `complaint`, where they make none.

    """
    try:
        numbers = {name: float(value) for name, value in values.items()}
        input_usd, output_usd = numbers["input"], numbers["output"]
    except (KeyError, TypeError, ValueError) as error:
        raise TextbooksError(complaint) from error
    batch_share = numbers.get("batch", 1.0)
    dollars = (input_usd, output_usd, numbers.get("cached", input_usd))
    if not (all(0 <= value < PER for value in dollars) and 0 <= batch_share <= 1):
        raise TextbooksError(complaint)
    return Price(
        input_usd=input_usd, output_usd=output_usd, cached_usd=dollars[2], batch_share=batch_share, origin=origin
    )
