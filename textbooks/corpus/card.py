"""The dataset card: a YAML header that the hub accepts, then what the corpus is, the waterfall and how to rebuild it.

Says only what was counted; what was not checked is said to be unchecked.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from textbooks.corpus import curated
from textbooks.corpus.tally import waterfall

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
PATTERNS = {"train": "data/train-*.parquet", "test": "data/test-*.parquet"}


def card(frozen: Mapping[str, Any], tally: Mapping[str, Any], rows: Mapping[str, int], sizes: Mapping[str, int]) -> str:
    """Return the text of the card, by the run's recipe.yaml `frozen`, and the rows and bytes of each file."""
    recipe = frozen["recipe"]
    has_code = bool(tally["snippets"])
    header = yaml.safe_dump(_header(recipe, rows, sizes, has_code=has_code), sort_keys=False, allow_unicode=True)
    sections = [
        f"---\n{header}---\n",
        f"# {recipe['name']}\n\n{recipe['about']}\n",
        _summary(frozen, tally),
        _waterfall(tally),
        *([_snippets(tally)] if tally["snippets"] else []),
        _loading(rows),
        _making(frozen),
        *_curation(frozen, tally),
    ]
    return "\n".join(sections)


def _header(
    recipe: Mapping[str, Any], rows: Mapping[str, int], sizes: Mapping[str, int], *, has_code: bool
) -> dict[str, Any]:
    total = rows.get("train", 0) + rows.get("test", 0)
    configs: list[dict[str, Any]] = []
    splits = [{"split": split, "path": PATTERNS[split]} for split in PATTERNS if rows.get(split)]
    if splits:
        configs.append({"config_name": "default", "data_files": splits})
    for name in ("rejected", "snippets"):
        if rows.get(name):
            files = [{"split": "train", "path": f"{name}/{name}-*.parquet"}]
            configs.append({"config_name": name, "data_files": files})
    return {
        "license": recipe["publish"]["license"],
        "language": [recipe["language"]],
        "task_categories": ["text-generation"],
        "tags": ["synthetic", *(("code", "python", "textbook", "executed") if has_code else ())],
        "pretty_name": recipe["name"],
        "size_categories": [next((name for limit, name in SIZES if total < limit), "n>1M")],
        "configs": configs,
        # The cache of `datasets` tells folders of the same name apart by this header alone.
        "dataset_info": [
            {"config_name": one["config_name"], "splits": [_split(file, rows, sizes) for file in one["data_files"]]}
            for one in configs
        ],
    }


def _split(file: Mapping[str, str], rows: Mapping[str, int], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return the facts of one split; a configuration with one file names it after itself."""
    name = file["path"].rpartition("/")[2].removesuffix("-*.parquet")
    return {"name": file["split"], "num_bytes": sizes[name], "num_examples": rows[name]}


def _summary(frozen: Mapping[str, Any], tally: Mapping[str, Any]) -> str:
    found = sum(tally["snippets"].values())
    ran = found - tally["snippets"].get("syntax_error", 0)
    tokens = tally["completion_tokens"]
    lines = [
        f"Written by `{frozen['model']}` from {tally['assignments']} prompts drawn by the recipe "
        f"`{frozen['recipe']['name']}`; {tally['accepted']} samples were accepted.",
        f"{found} Python snippets were found in accepted and rejected answers; the {ran} that parse ran in the box "
        f"(isolation {tally['isolation']}, Python {frozen['versions']['python']})."
        if found
        else "No Python snippet was found in the answers, so nothing was run.",
        f"{tally['claims']['checked']} outputs that the texts claim were compared with what came out; "
        f"{tally['claims']['corrected']} were corrected.",
        f"Completion tokens: {'not reported by the teacher' if tokens is None else tokens}. {_cost(frozen, tally)}",
    ]
    repairs = tally["repairs"]
    if repairs["rounds"]:
        each = f" for ${repairs['cost_per_saved_usd']:.4f} each" if repairs["cost_per_saved_usd"] is not None else ""
        lines.append(f"Repair saved {repairs['saved']} samples{each}, in {repairs['rounds']} rounds.")
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _cost(frozen: Mapping[str, Any], tally: Mapping[str, Any]) -> str:
    if tally["cost_usd"] is None:
        return "Cost: unavailable."
    words = f"Cost: ${tally['cost_usd']:.4f}, at {frozen['price']}"
    if tally["accepted"]:
        words += f"; ${tally['cost_per_accepted_usd']:.6f} for each accepted sample"
    if tally["cost_per_million_accepted_tokens_usd"] is not None:
        words += f", ${tally['cost_per_million_accepted_tokens_usd']:.2f} for a million accepted tokens"
    return words + "."


def _waterfall(tally: Mapping[str, Any]) -> str:
    lines = ["## Waterfall", "", "| step | rejected | left |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {lost or ''} | {left} |" for name, lost, left in waterfall(tally)]
    return "\n".join(lines) + "\n\nEvery rejected row is in the configuration `rejected`, whole, with its evidence.\n"


def _snippets(tally: Mapping[str, Any]) -> str:
    lines = ["## Snippets", "", "| verdict | count |", "| --- | ---: |"]
    lines += [f"| {status} | {count} |" for status, count in tally["snippets"].items()]
    return "\n".join(lines) + "\n"


def _curation(frozen: Mapping[str, Any], tally: Mapping[str, Any]) -> list[str]:
    found = tally["curation"]
    files = [f"`{name}`" for name in frozen["recipe"]["curate"]["problems"]]
    per_dollar = tally["accepted"] / tally["cost_usd"] if tally["cost_usd"] else None
    return [
        curated.contamination(found["contamination"], " and ".join(["HumanEval", *files])),
        curated.duplicates(found["duplicates"], found["boilerplate"]),
        curated.diversity(found["diversity"], found["coverage"], per_dollar),
    ]


def _loading(rows: Mapping[str, int]) -> str:
    names = {"rejected": "rejected", "snippets": "snippets"}
    lines = [f'{split} = load_dataset("path/to/corpus", split="{split}")' for split in PATTERNS if rows.get(split)]
    lines += [f'{n} = load_dataset("path/to/corpus", "{n}", split="train")' for n in names if rows.get(n)]
    counts = ", ".join(f"{rows[name]} {name}" for name in (*PATTERNS, *names) if rows.get(name))
    code = "\n".join(lines)
    return f"## Load it\n\nRows: {counts}.\n\n```python\nfrom datasets import load_dataset\n\n{code}\n```\n"


def _making(frozen: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in frozen["versions"].items())
    target = " ".join(f"--{name} {frozen[name]}" for name in ("samples", "accepted") if name in frozen)
    if frozen["model"] != frozen["recipe"]["teacher"]["model"]:
        target += f" --model {frozen['model']}"
    return f"""## Rebuild it

The run's `recipe.yaml` records every setting, the digests of lists and templates, and the seed. The same recipe with
the same lists, built in the run's own folder (`textbooks build {frozen["recipe"]["name"]} {target}
--out RUN`, or the recipe's path in place of its name), gives the same rows without asking any model again, because the
run's journal holds the answers. Versions: {versions}.
"""
