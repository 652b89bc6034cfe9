"""What a run costs: known where the price is, unavailable where it is not, never guessed."""

from pathlib import Path

import pytest

from textbooks import estimate as estimating
from textbooks.calls import Response, Usage
from textbooks.errors import TextbooksError
from textbooks.teacher.prices import price_of

MILLION = Usage(prompt_tokens=1_000_000, cached_tokens=0, completion_tokens=1_000_000)
HALF_CACHED = Usage(prompt_tokens=1_000_000, cached_tokens=500_000, completion_tokens=0)


def test_the_shipped_table_is_dated_and_names_its_sources() -> None:
    price = price_of("gpt-4o-mini")
    assert price is not None
    assert price.origin == "prices.yaml, as of 2026-06"
    assert price.cost_usd(MILLION) == pytest.approx(0.75)


def test_cached_tokens_and_batches_cost_what_the_table_says() -> None:
    price = price_of("gpt-4o-mini")
    assert price is not None
    assert price.cost_usd(HALF_CACHED) == pytest.approx(0.075 + 0.0375)
    assert price.cost_usd(MILLION, is_batched=True) == pytest.approx(0.375)


def test_a_discount_that_is_not_stated_is_not_granted() -> None:
    price = price_of("m", "in=1,out=2")
    assert price is not None
    assert price.cost_usd(HALF_CACHED) == pytest.approx(1.0)
    assert price.cost_usd(MILLION, is_batched=True) == pytest.approx(3.0)


def answer(usage: object, *, line_id: str = "resp-1", status: int = 200) -> Response:
    return Response(custom_id="1", status_code=status, body={"choices": [], "usage": usage}, line_id=line_id)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"prompt_tokens": 1000, "completion_tokens": 100}, 0.0012),
        ({"prompt_tokens": 1000, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 600}}, 0.00046),
        ({"prompt_tokens": 1000, "completion_tokens": 0, "prompt_cache_hit_tokens": 600}, 0.00046),
        ({"prompt_tokens": 10, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": 10**9}}, 0.000001),
        ({"prompt_tokens": 10, "completion_tokens": 0, "prompt_tokens_details": None}, 0.00001),
        ({"prompt_tokens": "many", "completion_tokens": 0}, None),
        (None, None),
    ],
)
def test_what_an_answer_cost_is_read_from_what_the_endpoint_reports(usage: object, cost: float | None) -> None:
    price = price_of("m", "in=1,out=2,cached=0.1,batch=0.5")
    assert price is not None
    assert price.paid_usd(answer(usage)) == (None if cost is None else pytest.approx(cost))
    batched = price.paid_usd(answer(usage, line_id="batch_req_1"))
    assert batched == (None if cost is None else pytest.approx(cost / 2))
    assert price.paid_usd(answer(usage, status=400)) == 0


def test_an_unknown_price_is_unavailable(recipe: Path) -> None:
    assert price_of("a-model-of-mine") is None
    estimate = estimating.plan(str(recipe))
    assert (estimate["price"], estimate["cost_usd"], estimate["cost_usd_at_most"]) == (None, None, None)


def test_a_typed_price_makes_the_estimate(recipe: Path) -> None:
    limit = "teacher.sampling.max_completion_tokens=1000"
    estimate = estimating.plan(str(recipe), settings=[limit, "repair.rounds=0"], price="in=1,out=10")
    expected = (estimate["prompt_tokens"] + 6 * 1000 * 10) / 1_000_000
    assert estimate["cost_usd_at_most"] == pytest.approx(expected, abs=1e-4)
    mended = estimating.plan(str(recipe), settings=[limit, "repair.rounds=2"], price="in=1,out=10")
    again = 6 * (estimate["prompt_tokens"] / 6 + 1000 + estimating.REPAIR_TOKENS + 1000 * 10) / 1_000_000
    assert mended["cost_usd_at_most"] == pytest.approx(expected + 2 * again, abs=1e-4)
    assert (estimate["repairs_at_most"], mended["repairs_at_most"]) == (0, 12)
    assert estimate["price"] == "$1 in, $10 out per million tokens (--price)"
    assert estimate["cost_usd"] is None, "no answers are at hand that would tell how long they are"


def test_the_shipped_answers_tell_how_long_answers_are() -> None:
    estimate = estimating.plan("phi1-textbook", samples=168, model="gpt-4o-mini")
    assert estimate["completions"] == "as long as 168 recorded answers"
    assert 0 < estimate["cost_usd"] < estimate["cost_usd_at_most"]
    assert estimate["cost_usd_in_batches"] == pytest.approx(estimate["cost_usd"] / 2, abs=1e-4)


def test_a_table_of_the_users_own_goes_before_the_shipped_one(tmp_path: Path) -> None:
    table = tmp_path / "mine.yaml"
    table.write_text("as_of: 2026-11\nmodels:\n  gpt-4o-mini: {input: 1, output: 2}\n")
    price = price_of("gpt-4o-mini", str(table))
    assert price is not None
    assert (price.input_usd, price.output_usd, price.origin) == (1.0, 2.0, "mine.yaml, as of 2026-11")
    assert price_of("another", str(table)) is None


BAD = ("free", "in=1", "in=1,out=x", "in=1,out=2,tip=3", "in=-1,out=2", "nowhere.yaml", "in=nan,out=1")
BAD += ("in=1,out=2,batch=2", "in=1,out=2,cached=-1")


@pytest.mark.parametrize("given", BAD)
def test_what_is_no_price_is_one_sentence_with_the_form(given: str) -> None:
    with pytest.raises(TextbooksError, match=r"write it as in=0\.15,out=0\.60") as caught:
        price_of("m", given)
    assert "\n" not in str(caught.value)
