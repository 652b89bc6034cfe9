"""What a recipe can say of its chat calls, and what of a key never shows."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ANSWER, Endpoint
from textbooks import build as building
from textbooks import job as jobs
from textbooks.errors import TextbooksError

BROKEN = ANSWER.replace("2 * x", "2 * y")
UNLIKELY = "sk-zzz-not-to-be-seen-anywhere"


def with_teacher(recipe: Path, *, steps: str = "", teacher: str = "") -> Path:
    text = recipe.read_text()
    if steps:
        text = text.replace("  - {name: ask, template: ask.md.jinja}\n", steps)
    recipe.write_text(text.replace("  model: test-model\n", f"  model: test-model\n{teacher}"))
    (recipe.parent / "system.md.jinja").write_text("You teach in {{ recipe.language }}.\n")
    (recipe.parent / "draft.md.jinja").write_text("Outline {{ thing.name }}.\n")
    return recipe


def build(recipe: Path, endpoint: Endpoint, out: Path) -> Any:
    job = jobs.prepare(str(recipe), base_url=endpoint.url, samples=2)
    return building.run_job(job, out=out, workers=1)


def test_a_step_has_a_system_message_and_parameters_of_its_own(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    steps = """\
  - {name: draft, template: draft.md.jinja, sampling: {temperature: 1.2}}
  - {name: ask, template: ask.md.jinja, system: system.md.jinja, sampling: {reasoning: {effort: low}}}
"""
    (recipe.parent / "ask.md.jinja").write_text("{{ draft }} for {{ reader.name }}, {{ tone.name }}")
    teacher = "  sampling: {temperature: 0.3, max_completion_tokens: 900, chat_template_kwargs: {thinking: false}}\n"
    build(with_teacher(recipe, steps=steps, teacher=teacher), endpoint, tmp_path / "run")
    draft = next(body for body in endpoint.bodies if body["messages"][0]["content"].startswith("Outline"))
    ask = next(body for body in endpoint.bodies if len(body["messages"]) == 2)
    assert (draft["temperature"], ask["temperature"]) == (1.2, 0.3)
    assert ask["messages"][0] == {"role": "system", "content": "You teach in en."}
    assert ask["messages"][1]["content"].startswith("Prose about the topic."), "it sees the earlier answer"
    assert ask["reasoning"] == {"effort": "low"}, "whatever an endpoint knows is passed on as it stands"
    assert ask["chat_template_kwargs"] == {"thinking": False}
    assert "reasoning" not in draft


def test_seeds_differ_from_prompt_to_prompt_and_stay_the_same(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    build(with_teacher(recipe, teacher="  seeded: true\n"), endpoint, tmp_path / "one")
    first = {body["messages"][0]["content"]: body["seed"] for body in endpoint.bodies}
    assert len(set(first.values())) == 2
    assert all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in first.values())
    endpoint.bodies.clear()
    build(recipe, endpoint, tmp_path / "two")
    assert {body["messages"][0]["content"]: body["seed"] for body in endpoint.bodies} == first


def several(*texts: tuple[str, str]) -> tuple[int, str, str]:
    choices = [
        {"index": n, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        for n, (text, reason) in enumerate(texts)
    ]
    return 200, "application/json", json.dumps({"id": "x", "model": "m", "choices": choices})


CANDIDATES = "  - {name: ask, template: ask.md.jinja, candidates: 3}\n"


def test_the_first_candidate_that_passes_is_taken(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    good = ANSWER.replace("Prose about", "More prose about")
    endpoint.reply = lambda body: several((ANSWER[:60], "length"), (BROKEN, "stop"), (good, "stop"), (ANSWER, "stop"))
    built = build(with_teacher(recipe, steps=CANDIDATES), endpoint, tmp_path / "run")
    assert {body["n"] for body in endpoint.bodies} == {3}
    assert built.tally["accepted"] == 2
    assert all("More prose about" in text for text in column(built.corpus / "data", "text"))


def test_where_no_candidate_passes_the_first_one_says_why(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    endpoint.reply = lambda body: several((BROKEN, "stop"), ("No code.", "stop"))
    built = build(with_teacher(recipe, steps=CANDIDATES), endpoint, tmp_path / "run")
    assert built.tally["rejected"] == {"run": {"raised": 2}}
    assert column(built.corpus / "rejected", "text") == [BROKEN, BROKEN]


def column(folder: Path, name: str) -> list[Any]:
    import pyarrow.parquet as pq

    return [row[name] for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


REFUSED = [
    ("  - {name: ask, template: ask.md.jinja, sampling: {messages: []}}\n", "'messages' cannot be set here"),
    ("  - {name: ask, template: ask.md.jinja, sampling: {n: 2}}\n", "use 'candidates' of the last step"),
    ("  - {name: ask, template: ask.md.jinja, candidates: 0}\n", "candidates' is 0"),
    ("  - {name: ask, template: ask.md.jinja, system: none.jinja}\n", "no template '.*none.jinja'"),
    (CANDIDATES + "  - {name: more, template: draft.md.jinja}\n", "only the last step can have several candidates"),
]


@pytest.mark.parametrize(("steps", "said"), REFUSED)
def test_what_a_step_cannot_say_is_one_sentence(recipe: Path, steps: str, said: str) -> None:
    with pytest.raises(TextbooksError, match=said):
        jobs.prepare(str(with_teacher(recipe, steps=steps)), asks=False)


@pytest.mark.parametrize("status", [401, 400])
def test_a_key_shows_nowhere_even_when_the_endpoint_repeats_it(
    status: int, recipe: Path, tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in a file of the run, not on the screen, not in the log."""
    monkeypatch.setenv("OPENAI_API_KEY", UNLIKELY)
    seen = []

    def reply(body: dict[str, Any]) -> tuple[int, str, str]:
        seen.append(body)
        if len(seen) < 3:
            return 200, "application/json", endpoint_answer()
        return status, "application/json", json.dumps({"error": {"message": f"bad key {UNLIKELY}", "param": UNLIKELY}})

    endpoint.reply = reply
    command = [sys.executable, "-m", "textbooks", "build", str(recipe), "--base-url", endpoint.url]
    command += ["--out", str(tmp_path / "r")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert len(seen) >= 3
    assert UNLIKELY not in done.stdout + done.stderr
    assert "[key]" in done.stderr or status == 400
    written = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert len(written) > 2
    assert not [path for path in written if re.search(UNLIKELY.encode(), path.read_bytes())]


def test_an_address_with_a_password_is_refused_without_showing_it(recipe: Path) -> None:
    with pytest.raises(TextbooksError, match="leave them out, and put the key in OPENAI_API_KEY") as caught:
        jobs.prepare(str(recipe), base_url=f"http://user:{UNLIKELY}@127.0.0.1:9/v1")
    assert UNLIKELY not in str(caught.value)


def endpoint_answer() -> str:
    from tests.conftest import completion

    return completion(ANSWER)[2]
