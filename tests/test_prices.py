"""What a run would cost: known where the price is, unavailable where it is not, never guessed."""

from pathlib import Path

import pytest

from textbooks import build as building
from textbooks.errors import TextbooksError
from textbooks.teacher.prices import price_of


def test_the_shipped_table_is_dated_and_names_its_sources() -> None:
    price = price_of("gpt-4o-mini")
    assert price is not None
    assert price.origin == "prices.yaml, as of 2026-06"
    assert price.cost_usd(1_000_000, 1_000_000) == pytest.approx(0.75)


def test_an_unknown_price_is_unavailable(recipe: Path) -> None:
    assert price_of("a-model-of-mine") is None
    estimate = building.plan(str(recipe))
    assert (estimate["price"], estimate["cost_usd_at_most"]) == (None, None)


def test_a_typed_price_makes_the_estimate(recipe: Path) -> None:
    limit = "teacher.sampling.max_completion_tokens=1000"
    estimate = building.plan(str(recipe), settings=[limit], price="in=1,out=10")
    expected = (estimate["prompt_tokens"] + 6 * 1000 * 10) / 1_000_000
    assert estimate["cost_usd_at_most"] == pytest.approx(expected, abs=1e-4)
    assert estimate["price"] == "$1 in, $10 out per million tokens (--price)"


def test_a_table_of_the_users_own_goes_before_the_shipped_one(tmp_path: Path) -> None:
    table = tmp_path / "mine.yaml"
    table.write_text("as_of: 2026-11\nmodels:\n  gpt-4o-mini: {input: 1, output: 2}\n")
    price = price_of("gpt-4o-mini", str(table))
    assert price is not None
    assert (price.input_usd, price.output_usd, price.origin) == (1.0, 2.0, "mine.yaml, as of 2026-11")
    assert price_of("another", str(table)) is None


BAD = ("free", "in=1", "in=1,out=x", "in=1,out=2,tip=3", "in=-1,out=2", "nowhere.yaml", "in=nan,out=1")


@pytest.mark.parametrize("given", BAD)
def test_what_is_no_price_is_one_sentence_with_the_form(given: str) -> None:
    with pytest.raises(TextbooksError, match=r"write it as in=0\.15,out=0\.60") as caught:
        price_of("m", given)
    assert "\n" not in str(caught.value)
