"""From lists to a dataset folder: nothing is lost, nothing is asked twice, and what comes out loads."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ANSWER, Endpoint, completion
from tests.test_corpus import rows
from textbooks import build as building
from textbooks import estimate as estimating
from textbooks import job as jobs
from textbooks.corpus.tally import waterfall
from textbooks.errors import TextbooksError

MEASURED = {"wall_seconds", "cpu_seconds", "peak_memory_bytes"}


def test_exercises_hold_asserts_and_run_too(tmp_path: Path) -> None:
    built = building.run_job(jobs.prepare("phi1-exercises", samples=20), out=tmp_path / "run", workers=2)
    accepted = rows(built.corpus / "data")
    assert len(accepted) > 15
    for row in accepted:
        code = row["snippets"][0]["code"]
        assert f"def {row['function_name']}(" in code
        assert "assert " in code


def test_a_server_on_a_real_socket_serves_a_hundred_assignments(tmp_path: Path, endpoint: Endpoint) -> None:
    recipe = "phi1-textbook"
    endpoint.reply = lambda body: completion(ANSWER, model=body["model"])
    alike = ["rules.words=[1, 300]", "curate.prose_likeness=null", "curate.code_likeness=null"]
    job = jobs.prepare(recipe, samples=100, model="local", base_url=endpoint.url, settings=alike)
    built = building.run_job(job, out=tmp_path / "run", workers=2)
    assert (built.tally["assignments"], built.tally["accepted"], built.tally["requests"]) == (100, 100, 100)
    assert (built.tally["prompt_tokens"], built.tally["completion_tokens"]) == (10000, 5000)
    assert len({json.dumps(body, sort_keys=True) for body in endpoint.bodies}) == len(endpoint.bodies) == 100
    assert {row["model"] for row in rows(built.corpus / "data")} == {"local"}


def test_a_second_run_does_nothing_and_a_longer_one_asks_only_for_what_is_new(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    def run(samples: int) -> building.Built:
        endpoint.bodies.clear()
        job = jobs.prepare(str(recipe), samples=samples, base_url=endpoint.url)
        return building.run_job(job, out=tmp_path / "run", workers=1)

    assert not run(6).unchanged
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    assert run(6).unchanged
    assert endpoint.bodies == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before
    longer = run(12)
    assert (longer.unchanged, len(endpoint.bodies), longer.tally["reused"]) == (False, 6, 6)
    assert len(rows(longer.corpus / "data")) == 12


def test_a_setting_that_leaves_the_requests_alone_costs_no_request(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=tmp_path / "run", workers=1)
    endpoint.bodies.clear()
    job = jobs.prepare(str(recipe), base_url=endpoint.url, settings=["rules={snippets: [2, 2]}", "repair.rounds=0"])
    built = building.run_job(job, out=tmp_path / "run", workers=1)
    assert endpoint.bodies == []
    assert built.tally["rejected"] == {"contract": {"snippets": 6}}
    assert not list((built.corpus / "data").glob("*.parquet"))


def test_requests_go_out_as_a_batch_and_the_answers_come_back_in(recipe: Path, tmp_path: Path) -> None:
    requests = tmp_path / "batch" / "requests.jsonl"
    assert estimating.plan(str(recipe), requests=requests)["assignments"] == 6
    sent = [json.loads(line) for line in requests.read_text().splitlines()]
    answers = tmp_path / "answers.jsonl"
    with answers.open("w") as file:
        for line in reversed(sent):
            body = json.loads(completion(ANSWER, model=line["body"]["model"])[2])
            answer = {"status_code": 200, "request_id": "r", "body": body}
            item = {"id": "x", "custom_id": line["custom_id"], "response": answer, "error": None}
            file.write(json.dumps(item) + "\n")
    job = jobs.prepare(str(recipe), recorded=[answers])
    built = building.run_job(job, out=tmp_path / "run", workers=1)
    assert (built.tally["accepted"], built.tally["recorded"]) == (6, 6)


def test_missing_answers_are_to_do_and_said_so(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    building.run_job(jobs.prepare(str(recipe), samples=4, base_url=endpoint.url), out=tmp_path / "live", workers=1)
    answers = tmp_path / "live" / "journal" / "00000.responses.jsonl"
    built = building.run_job(jobs.prepare(str(recipe), recorded=[answers]), out=tmp_path / "run", workers=1)
    assert (built.tally["accepted"], built.tally["to_do"]) == (4, 2)
    assert waterfall(built.tally)[1] == ("no answer yet", 2, 4)


def test_an_interrupted_repackaging_is_not_taken_for_the_finished_corpus(
    recipe: Path, tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = jobs.prepare(str(recipe), base_url=endpoint.url)
    building.run_job(first, out=tmp_path / "run", workers=1)
    stricter = jobs.prepare(str(recipe), base_url=endpoint.url, settings=["rules={snippets: [2, 2]}"])
    with monkeypatch.context() as patch:
        patch.setattr("textbooks.corpus.card.card", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            building.run_job(stricter, out=tmp_path / "run", workers=1)
    again = building.run_job(first, out=tmp_path / "run", workers=1)
    assert (again.unchanged, len(rows(again.corpus / "data"))) == (False, 6)


def test_a_changed_template_is_a_changed_run_even_if_it_changes_meanwhile(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    template = recipe.parent / "ask.md.jinja"
    job = jobs.prepare(str(recipe), base_url=endpoint.url)
    template.write_text(template.read_text() + "Be brief.\n")
    building.run_job(job, out=tmp_path / "run", workers=1)
    endpoint.bodies.clear()
    building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=tmp_path / "run", workers=1)
    assert len(endpoint.bodies) == 6
    assert "Be brief." in str(endpoint.bodies[0])


def test_growing_a_run_examines_only_what_is_new(
    recipe: Path, tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "SHARD", 4)
    building.run_job(jobs.prepare(str(recipe), samples=8, base_url=endpoint.url), out=tmp_path / "run", workers=1)
    parts = {path.name for path in (tmp_path / "run" / "parts").iterdir()}
    built = building.run_job(
        jobs.prepare(str(recipe), samples=12, base_url=endpoint.url), out=tmp_path / "run", workers=1
    )
    assert parts < {path.name for path in (tmp_path / "run" / "parts").iterdir()}
    assert len(rows(built.corpus / "data")) == 12


def processes_below(pid: int) -> list[int]:
    """The living descendants of a process."""
    found = [pid]
    for process in found:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found[1:]


def test_ending_a_build_politely_leaves_no_process_and_no_folder(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    endpoint.reply = lambda _: completion("A.\n\n```python\nimport time\n\ntime.sleep(15)\n```\n")
    command = [sys.executable, "-m", "textbooks", "build", str(recipe), "--base-url", endpoint.url, "--workers", "2"]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen([*command, "--out", str(tmp_path / "run")], env=environment, stderr=subprocess.DEVNULL)
    before, below = [], [process.pid]
    while before != below or len(below) < 6:  # the build's own processes, servers, and snippets that sleep
        before = below
        time.sleep(1)
        below = processes_below(process.pid)
    process.terminate()
    assert process.wait(timeout=60) == 143
    deadline = time.monotonic() + 30
    while (left := [pid for pid in below if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    assert not [path for path in (tmp_path / "tmp").iterdir() if path.name.startswith("textbooks-box")]


def test_the_python_twin_takes_the_options_of_the_command(tmp_path: Path) -> None:
    built = building.build("phi1-textbook", samples=4, out=tmp_path / "run", workers=1)
    assert built.tally["assignments"] == 4


def test_requests_are_never_written_over_something_else(recipe: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.jsonl"
    thesis.write_text('{"chapter": 1}\n')
    for path in (thesis, tmp_path):
        with pytest.raises(TextbooksError, match="--requests"):
            estimating.plan(str(recipe), requests=path)
    assert thesis.read_text() == '{"chapter": 1}\n'
    estimating.plan(str(recipe), samples=2, requests=tmp_path / "new.jsonl")
    estimating.plan(str(recipe), samples=3, requests=tmp_path / "new.jsonl")
    assert len((tmp_path / "new.jsonl").read_text().splitlines()) == 3


def test_an_endpoint_that_only_fails_is_told_with_its_own_words(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    endpoint.reply = lambda _: (500, "application/json", '{"error": {"message": "out of memory"}}')
    job = jobs.prepare(str(recipe), samples=2, base_url=endpoint.url)
    with pytest.raises(TextbooksError, match="HTTP 500: out of memory"):
        building.run_job(job, out=tmp_path / "run", workers=1)


def test_answers_to_other_requests_are_not_taken(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=tmp_path / "live", workers=1)
    answers = tmp_path / "live" / "journal" / "00000.responses.jsonl"
    job = jobs.prepare(str(recipe), recorded=[answers], model="another")
    with pytest.raises(TextbooksError, match="none of the first requests of recipe 'small' for model 'another'"):
        building.run_job(job, out=tmp_path / "run", workers=1)
    assert not (tmp_path / "run").exists()


def test_later_steps_see_earlier_answers(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    recipe.write_text(
        recipe.read_text().replace(
            "  - {name: ask,", "  - {name: outline, template: outline.md.jinja}\n  - {name: ask,"
        )
    )
    (recipe.parent / "outline.md.jinja").write_text("Outline {{ thing.name }}.")
    (recipe.parent / "ask.md.jinja").write_text("{{ outline }} {{ thing.name }} {{ reader.name }} {{ tone.name }}")
    endpoint.reply = lambda body: completion(
        "AN OUTLINE" if body["messages"][0]["content"].startswith("Outline") else ANSWER
    )
    built = building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=tmp_path / "run", workers=1)
    assert built.tally["accepted"] == 6
    assert sum(body["messages"][0]["content"].startswith("AN OUTLINE") for body in endpoint.bodies) == 6
    assert {len(row["custom_ids"]) for row in rows(built.corpus / "data")} == {2}


def test_a_later_step_that_cannot_be_asked_loses_no_answer_under_way(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    outline = "  - {name: outline, template: outline.md.jinja}\n"
    recipe.write_text(recipe.read_text().replace("  - {name: ask,", outline + "  - {name: ask,"))
    (recipe.parent / "outline.md.jinja").write_text("Outline {{ thing.name }} {{ reader.name }} {{ tone.name }}.")
    (recipe.parent / "ask.md.jinja").write_text("{{ 1 // (outline | length - 3) }}")

    def reply(body: dict) -> tuple[int, str, str]:
        if "lists" in str(body):
            return completion("abc")
        time.sleep(1)
        return completion("abcd")

    endpoint.reply = reply
    with pytest.raises(TextbooksError, match=r"ask\.md\.jinja: .*zero"):
        building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=tmp_path / "run", workers=1)
    journaled = (tmp_path / "run" / "journal" / "00000.responses.jsonl").read_text().splitlines()
    assert len(journaled) == len(endpoint.bodies)


def test_identical_prompts_are_rejected_as_copies(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    (recipe.parent / "ask.md.jinja").write_text("{{ thing.name }} {{ reader.name }} {{ tone.name | length }}")
    job = jobs.prepare(str(recipe), samples=12, base_url=endpoint.url, settings=["draw.tone.values=[dry, wet]"])
    built = building.run_job(job, out=tmp_path / "run", workers=1)
    assert built.tally["rejected"] == {"teacher": {"same_request": 6}}
    assert built.tally["accepted"] == 6
    assert len(endpoint.bodies) == 6


FOREIGN = {
    "another recipe's run": lambda out: (out / "recipe.yaml").write_text("recipe: {name: other}\n"),
    "other things": lambda out: (out / "thesis.tex").write_text("x"),
    "a broken recipe": lambda out: (out / "recipe.yaml").write_text("["),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_folder_that_is_not_this_runs_is_refused_untouched(
    case: str, recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    out = tmp_path / "run"
    out.mkdir()
    FOREIGN[case](out)
    before = sorted(out.rglob("*"))
    with pytest.raises(TextbooksError, match=r"name (a new|another) (folder|--out)"):
        building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=out, workers=1)
    assert sorted(out.rglob("*")) == before
    assert endpoint.bodies == []


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_asked(recipe: Path, endpoint: Endpoint) -> None:
    with pytest.raises(TextbooksError, match="cannot write in '/proc/run'"):
        building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=Path("/proc/run"), workers=1)
    assert endpoint.bodies == []


def test_a_killed_build_goes_on_where_it_was_and_ends_in_the_same_rows(
    recipe: Path, tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(body: dict) -> tuple[int, str, str]:
        time.sleep(0.05)
        return completion(ANSWER + "\n<!-- " + body["messages"][0]["content"] + " -->\n")

    endpoint.reply = slow
    arguments = ["build", str(recipe), "--samples", "12", "--base-url", endpoint.url, "--workers", "1"]
    command = [sys.executable, "-m", "textbooks", *arguments, "--set", "rules={}"]
    killed = subprocess.Popen([*command, "--out", str(tmp_path / "a")], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while len(endpoint.bodies) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    for out in ("a", "b"):
        subprocess.run([*command, "--out", str(tmp_path / out)], check=True, capture_output=True)
    resumed, undisturbed = (
        [
            {key: value for key, value in row.items() if key not in MEASURED}
            for row in rows(tmp_path / out / "corpus/data")
        ]
        for out in ("a", "b")
    )
    assert len(resumed) == 12
    assert resumed == undisturbed


def test_growing_a_list_pays_only_for_the_new_entries(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    building.run_job(jobs.prepare(str(recipe), samples=12, base_url=endpoint.url), out=tmp_path / "run", workers=1)
    endpoint.bodies.clear()
    (recipe.parent / "things.yaml").write_text("title: Things\nentries: [lists, tuples, sets, queues]\n")
    building.run_job(jobs.prepare(str(recipe), samples=16, base_url=endpoint.url), out=tmp_path / "run", workers=1)
    assert len(endpoint.bodies) == 4
    assert all("queues" in body["messages"][0]["content"] for body in endpoint.bodies)


def test_two_corpora_are_told_apart_by_one_cache(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    """Folders named alike, with cards alike: what is loaded is what is there, also once it has grown."""
    from datasets import load_dataset

    def rows(name: str, samples: int) -> int:
        job = jobs.prepare(str(recipe), samples=samples, base_url=endpoint.url, settings=["publish.test_percent=0"])
        built = building.run_job(job, out=tmp_path / name, workers=1)
        loaded = load_dataset(str(built.corpus), split="train", cache_dir=str(tmp_path / "cache"))
        assert loaded.num_rows == built.tally["accepted"]
        return int(loaded.num_rows)

    assert [rows("one", 4), rows("two", 5), rows("one", 6)] == [4, 5, 6]


def test_a_run_is_rebuilt_from_its_journal_without_an_endpoint(
    recipe: Path, tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.prepare(str(recipe), base_url=endpoint.url)
    first = building.run_job(job, out=tmp_path / "run", workers=1)
    (tmp_path / "run/tally.json").unlink()
    monkeypatch.delenv("OPENAI_API_KEY")
    again = building.run_job(jobs.prepare(str(recipe)), out=tmp_path / "run", workers=1)
    assert again.tally["accepted"] == first.tally["accepted"] == 6
    assert again.tally["requests"] == 0
