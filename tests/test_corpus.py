"""The corpus of the default recipe, built once from the shipped recordings: what is in it, and that it loads."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from textbooks import build as building
from textbooks import job as jobs
from textbooks.corpus.tally import waterfall

COLUMNS = (
    "id text recipe language model snippets claims_checked claims_corrected repairs imports python_version isolation "
    "wall_seconds cpu_seconds peak_memory_bytes prompt_tokens completion_tokens cost_usd custom_ids duplicate_cluster "
    "contamination"
).split()


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def load(corpus: Path, tmp_path: Path, name: str = "default", *, streaming: bool = False) -> dict[str, list[dict]]:
    from datasets import load_dataset

    loaded = load_dataset(str(corpus), name, cache_dir=str(tmp_path / "cache"), streaming=streaming)
    return {split: list(data) for split, data in loaded.items()}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> building.Built:
    """A real build from the shipped recordings."""
    out = tmp_path_factory.mktemp("shipped") / "run"
    return building.run_job(jobs.prepare("phi1-textbook"), out=out, workers=2)


def test_every_assignment_is_accepted_or_rejected(shipped: building.Built) -> None:
    tally = shipped.tally
    rejected = sum(count for reasons in tally["rejected"].values() for count in reasons.values())
    assert tally["assignments"] == tally["accepted"] + rejected >= 150
    assert tally["to_do"] == 0
    assert len(rows(shipped.corpus / "data")) == tally["accepted"]
    assert len(rows(shipped.corpus / "rejected")) == rejected
    assert waterfall(tally)[-1] == ("accepted", 0, tally["accepted"])


def test_accepted_rows_hold_prose_and_a_snippet_that_ran(shipped: building.Built) -> None:
    accepted = rows(shipped.corpus / "data")
    assert len(accepted) > 100
    for row in accepted:
        assert set(COLUMNS) <= set(row)
        assert {"subject", "topic", "audience", "style", "position", "setting"} <= set(row)
        assert row["snippets"]
        assert {snippet["status"] for snippet in row["snippets"]} == {"ok"}
        assert all(snippet["code"].splitlines()[0] in row["text"] for snippet in row["snippets"])
        assert row["text"].index("```") > 100
        assert row["claims_checked"] > 0
        assert (row["isolation"], row["recipe"], row["language"]) == ("A", "phi1-textbook", "en")
    assert len({row["id"] for row in accepted}) == len(accepted)
    assert len({row["topic"] for row in accepted}) == len(accepted)


@pytest.mark.parametrize("streaming", [False, True])
def test_the_folder_loads_offline_in_every_configuration(
    shipped: building.Built, tmp_path: Path, streaming: bool
) -> None:
    accepted = load(shipped.corpus, tmp_path, streaming=streaming)
    assert set(accepted) == {"train", "test"}
    assert sum(len(data) for data in accepted.values()) == shipped.tally["accepted"]
    rejected = load(shipped.corpus, tmp_path, "rejected", streaming=streaming)["train"]
    assert all(row["step"] and row["reason"] and row["evidence"] and row["text"] for row in rejected)
    snippets = load(shipped.corpus, tmp_path, "snippets", streaming=streaming)["train"]
    assert len(snippets) == sum(shipped.tally["snippets"].values())


def test_the_card_has_a_header_for_the_hub_and_the_waterfall(shipped: building.Built) -> None:
    card = (shipped.corpus / "README.md").read_text()
    _, header, body = card.split("---\n", 2)
    parsed = yaml.safe_load(header)
    assert parsed["license"] == "cc-by-4.0"
    assert [config["config_name"] for config in parsed["configs"]] == ["default", "rejected", "snippets"]
    assert f"| assignments |  | {shipped.tally['assignments']} |" in body
    assert f"| accepted |  | {shipped.tally['accepted']} |" in body
