"""A run through a real server with a Batch API: nothing is submitted twice, what fails goes again alone."""

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from tests.conftest import ANSWER, completion
from tests.teacher.test_faults import big
from textbooks import batch
from textbooks import build as building
from textbooks import estimate as estimating
from textbooks import job as jobs
from textbooks.errors import TextbooksError

PRICE = "in=1000,out=2000,batch=0.5"


class Batchery:
    """Files and batches in memory. A batch is over when the test says so."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.chats = 0
        self.lose_the_answer_to_create = False
        self.refuse_create: str | None = None
        self.fates: dict[str, str] = {}
        """Prompt → what becomes of it once, in place of an answer: `expired`, `500`, `404` or `400`."""
        self.is_wrong_at_first = False
        """Whether what is claimed holds only once it was sent back."""
        self.url = ""

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        file_id = f"file-{len(self.files)}"
        self.files[file_id] = form["file"].file.read()  # type: ignore[union-attr]
        return web.json_response({"id": file_id, "object": "file", "bytes": 1, "created_at": 1, "filename": "x"})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.refuse_create:
            return web.json_response({"error": {"message": self.refuse_create}}, status=400)
        made = {
            "id": f"batch_{len(self.batches)}",
            "object": "batch",
            "created_at": 1,
            "completion_window": body["completion_window"],
            "endpoint": body["endpoint"],
            "input_file_id": body["input_file_id"],
            "status": "in_progress",
            "request_counts": {"total": 1, "completed": 0, "failed": 0},
        }
        self.batches[made["id"]] = made
        if self.lose_the_answer_to_create:
            self.lose_the_answer_to_create = False
            return web.json_response({"error": {"message": "oops"}}, status=500)
        return web.json_response(made)

    async def one(self, request: web.Request) -> web.Response:
        return web.json_response(self.batches[request.match_info["id"]])

    async def every(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": list(self.batches.values())[::-1], "has_more": False})

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    async def chat(self, request: web.Request) -> web.Response:
        self.chats += 1
        return web.Response(text=completion(ANSWER)[2], content_type="application/json")

    def finish(self, status: str = "completed") -> None:
        """Let every batch that is in progress end."""
        for made in self.batches.values():
            if made["status"] == "in_progress":
                self.end(made, status)

    def answer(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        text = ANSWER.replace("# 42", "# 43") if self.is_wrong_at_first and len(messages) == 1 else ANSWER
        return {**json.loads(completion(text)[2]), "usage": {"prompt_tokens": 10, "completion_tokens": 50}}

    def end(self, made: dict[str, Any], status: str) -> None:
        answered, failed = [], []
        for text in self.files[made["input_file_id"]].decode().splitlines():
            line = json.loads(text)
            prompt = line["body"]["messages"][-1]["content"]
            self.asked[prompt] += 1
            fate = self.fates.pop(prompt, None)
            if fate == "expired":
                failed.append({"id": "batch_req_x", "custom_id": line["custom_id"], "response": None})
                failed[-1]["error"] = {"code": "batch_expired", "message": "not executed in time"}
            elif fate:
                said = {"status_code": int(fate), "request_id": "r", "body": {"error": {"message": f"no: {fate}"}}}
                failed.append({"id": "batch_req_y", "custom_id": line["custom_id"], "response": said, "error": None})
            else:
                said = {"status_code": 200, "request_id": "r", "body": self.answer(line["body"]["messages"])}
                answered.append({"id": "batch_req_z", "custom_id": line["custom_id"], "response": said, "error": None})
        made["status"] = status
        for name, lines in (("output_file_id", answered), ("error_file_id", failed)):
            if lines:
                made[name] = f"file-{len(self.files)}"
                self.files[made[name]] = "".join(json.dumps(line) + "\n" for line in lines).encode()


@contextmanager
def serving(batchery: Batchery) -> Iterator[Batchery]:
    loop = asyncio.new_event_loop()
    app = web.Application(client_max_size=2**30)
    app.router.add_post("/v1/files", batchery.upload)
    app.router.add_get("/v1/files/{id}/content", batchery.content)
    app.router.add_post("/v1/batches", batchery.create)
    app.router.add_get("/v1/batches", batchery.every)
    app.router.add_get("/v1/batches/{id}", batchery.one)
    app.router.add_post("/v1/chat/completions", batchery.chat)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        batchery.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield batchery
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Batchery]:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    with serving(Batchery()) as batchery:
        yield batchery


def collected(run: Path) -> building.Built:
    _, built = batch.collect(run)
    assert built
    return built


def prompts(recipe: Path) -> list[str]:
    job = jobs.prepare(str(recipe), asks=False)
    return [request.body["messages"][0]["content"] for request in job.first_requests()]


def test_submit_status_collect(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    run = tmp_path / "run"
    submitted = batch.submit(run, str(recipe), base_url=provider.url, price=PRICE)
    assert submitted.view()["requests"] == 6
    assert [state["state"] for state in batch.status(run)] == ["in_progress"]
    with pytest.raises(TextbooksError, match=r"has an answer yet .* collect again later"):
        batch.collect(run)
    provider.finish()
    built = collected(run)
    assert (built.tally["accepted"], built.tally["to_do"]) == (6, 0)
    assert built.tally["cost_usd"] == pytest.approx(6 * (10 * 1000 + 50 * 2000) / 1e6 / 2), "at the price of a batch"
    assert built.tally["spent_usd"] == built.tally["cost_usd"]
    assert batch.status(run)[0]["state"] == "collected (completed)"
    again = collected(run)
    assert again.unchanged
    assert not batch.submit(run).batches, "everything has an answer"
    assert provider.chats == 0


def test_batches_are_split_to_the_limits(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    submitted = batch.submit(tmp_path / "run", str(recipe), base_url=provider.url, most_requests=4)
    assert [one.requests for one in submitted.batches] == [4, 2]
    size = len(provider.files["file-0"]) // 4
    small = batch.submit(tmp_path / "small", str(recipe), base_url=provider.url, most_bytes=2 * size + 20)
    assert [one.requests for one in small.batches] == [2, 2, 2]
    assert all(len(text) <= 2 * size + 20 for text in list(provider.files.values())[2:])
    provider.finish()
    built = collected(tmp_path / "small")
    assert built.tally["accepted"] == 6


def test_what_failed_or_expired_goes_again_alone(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    first, second, third, fourth, *_ = prompts(recipe)
    provider.fates = {first: "expired", second: "500", third: "404", fourth: "400"}
    run = tmp_path / "run"
    batch.submit(run, str(recipe), base_url=provider.url)
    provider.finish("expired")
    built = collected(run)
    assert (built.tally["accepted"], built.tally["to_do"]) == (2, 3)
    assert built.tally["rejected"] == {"teacher": {"refused_400": 1}}, "a refusal of one request is its outcome"
    lines = [json.loads(line) for line in (run / "journal/00000.responses.jsonl").read_text().splitlines()]
    assert sorted(line["error"]["message"] for line in lines if line["error"]) == [
        "no: 404",
        "no: 500",
        "not executed in time",
    ]
    assert [one.requests for one in batch.submit(run).batches] == [3]
    provider.finish()
    whole = collected(run)
    assert (whole.tally["accepted"], whole.tally["to_do"]) == (5, 0)
    assert max(provider.asked.values()) == 2
    assert sum(provider.asked.values()) == 9


def test_a_batch_that_was_made_and_not_noted_is_found_again(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    run = tmp_path / "run"
    provider.lose_the_answer_to_create = True
    with pytest.raises(TextbooksError, match="the same command goes on"):
        batch.submit(run, str(recipe), base_url=provider.url)
    assert len(provider.batches) == 1
    (again,) = batch.submit(run).batches
    assert (again.batch_id, len(provider.batches), len(provider.files)) == ("batch_0", 1, 1)


@pytest.mark.parametrize("kept", range(4))
def test_a_submission_that_was_killed_anywhere_goes_on(
    kept: int, recipe: Path, tmp_path: Path, provider: Batchery
) -> None:
    """The ledger is cut after each of its lines, and in the middle of the next."""
    run = tmp_path / "run"
    batch.submit(run, str(recipe), base_url=provider.url)
    ledger = run / "batches.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    torn = lines[kept][:10] if kept < len(lines) else b""
    ledger.write_bytes(b"".join(lines[:kept]) + torn)
    batch.submit(run)
    provider.finish()
    built = collected(run)
    assert (built.tally["accepted"], built.tally["to_do"]) == (6, 0)
    known_to_have_been_sent = kept >= 2
    assert len(provider.batches) == (1 if known_to_have_been_sent else 2)


def test_a_refused_batch_says_why_and_is_sent_again(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    run = tmp_path / "run"
    provider.refuse_create = "Enqueued token limit reached"
    with pytest.raises(TextbooksError, match=r"does not take it \(HTTP 400: Enqueued token limit reached\)"):
        batch.submit(run, str(recipe), base_url=provider.url)
    assert batch.status(run)[0]["state"] == "not submitted"
    provider.refuse_create = None
    assert len(batch.submit(run).batches) == 1
    assert len(provider.files) == 1, "it was uploaded already"


def test_a_later_step_is_submitted_when_the_earlier_one_is_there(
    recipe: Path, tmp_path: Path, provider: Batchery
) -> None:
    (recipe.parent / "more.md.jinja").write_text("Go on from: {{ ask }} for {{ reader.name }} {{ tone.name }}")
    more = "  - {name: ask, template: ask.md.jinja}\n  - {name: more, template: more.md.jinja}\n"
    recipe.write_text(recipe.read_text().replace("  - {name: ask, template: ask.md.jinja}\n", more))
    run = tmp_path / "run"
    batch.submit(run, str(recipe), samples=3, base_url=provider.url)
    provider.finish()
    assert batch.collect(run)[1] is None, "there is nothing to package yet"
    assert [one.requests for one in batch.submit(run).batches] == [3]
    provider.finish()
    whole = collected(run)
    assert whole.tally["to_do"] == 0


def test_what_does_not_hold_goes_back_in_the_next_batch(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    provider.is_wrong_at_first = True
    run = tmp_path / "run"
    batch.submit(run, str(recipe), base_url=provider.url, price=PRICE)
    provider.finish()
    first = collected(run)
    assert (first.tally["rejected"], first.tally["repairs_unanswered"]) == ({"claims": {"wrong_output": 6}}, 6)
    assert [one.requests for one in batch.submit(run).batches] == [6]
    assert not batch.submit(run).batches, "the repairs are on their way"
    assert collected(run).tally["accepted"] == 0, "and not there yet"
    provider.finish()
    whole = collected(run)
    assert (whole.tally["accepted"], whole.tally["repairs"]["saved"], whole.tally["repairs_unanswered"]) == (6, 6, 0)
    assert whole.tally["cost_usd"] == pytest.approx(12 * (10 * 1000 + 50 * 2000) / 1e6 / 2)
    assert not batch.submit(run).batches
    assert not list((run / "parts").glob("*/repairs.jsonl"))
    assert provider.chats == 0


def test_a_budget_holds_for_batches_too(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    options: dict[str, Any] = {"price": PRICE, "settings": ["teacher.sampling.max_completion_tokens=60"]}
    run = tmp_path / "run"
    submitted = batch.submit(run, str(big(recipe, 60)), base_url=provider.url, budget_usd=1.0, **options)
    assert 0 < submitted.view()["requests"] < 60
    assert submitted.left_out == 60 - submitted.view()["requests"]
    assert not batch.submit(run, budget_usd=1.0).batches, "what is outstanding counts"
    provider.finish()
    built = collected(run)
    assert built.tally["spent_usd"] < 1.0


def test_a_live_build_does_not_pay_for_what_is_on_its_way(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    run = tmp_path / "run"
    batch.submit(run, str(recipe), base_url=provider.url)
    job = jobs.prepare(str(recipe), base_url=provider.url)
    with pytest.raises(TextbooksError, match=r"1 batch\(es\) .* would be paid for twice; run: textbooks batch collect"):
        building.run_job(job, out=run)
    provider.finish()
    batch.collect(run)
    assert building.run_job(job, out=run, workers=1).tally["accepted"] == 6
    assert provider.chats == 0


def test_the_commands_say_what_comes_next(recipe: Path, tmp_path: Path, provider: Batchery) -> None:
    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "textbooks", "batch", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    run = str(tmp_path / "run")
    missing = typed("status", run)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "has no batches; begin with: textbooks batch submit" in missing.stderr
    first = typed("submit", run, str(recipe), "--base-url", provider.url)
    assert first.returncode == 0, first.stderr
    assert first.stdout == "batch_0: 6 requests\n"
    assert f"Next: textbooks batch status {run}" in first.stderr
    assert "in_progress" in typed("status", run).stdout
    provider.finish()
    assert json.loads(typed("status", run, "--json").stdout)[0]["state"] == "completed"
    last = typed("collect", run)
    assert last.returncode == 0, last.stderr
    assert "accepted" in last.stdout
    assert "corpus: " in last.stdout


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VllmRequest(Strict):
    """What `vllm run-batch` reads a line as (BatchRequestInput of vllm.entrypoints.openai)."""

    custom_id: str
    method: str
    url: str
    body: dict[str, Any]


def test_the_same_requests_run_through_vllm_and_come_back(recipe: Path, tmp_path: Path) -> None:
    """The input is what `vllm run-batch` reads; an output of the form that it writes becomes a corpus."""
    asked, answered = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
    estimating.plan(str(recipe), requests=asked)
    requests = [VllmRequest.model_validate_json(line) for line in asked.read_text().splitlines()]
    assert {(one.method, one.url) for one in requests} == {("POST", "/v1/chat/completions")}
    lines: list[dict[str, Any]] = [
        {
            "id": f"vllm-{number:032x}",
            "custom_id": one.custom_id,
            "response": {
                "status_code": 200,
                "request_id": f"vllm-batch-{number:032x}",
                "body": json.loads(completion(ANSWER)[2]),
            },
            "error": None,
        }
        for number, one in enumerate(requests)
    ]
    said = {"object": "error", "message": "too long", "type": "BadRequestError", "code": 400}
    lines[0] |= {"response": {"status_code": 400, "request_id": "vllm-batch-0", "body": None}, "error": said}
    answered.write_text("".join(json.dumps(line) + "\n" for line in lines))
    job = jobs.prepare(str(recipe), recorded=[answered])
    tally = building.run_job(job, out=tmp_path / "run", workers=1).tally
    assert (tally["accepted"], tally["to_do"]) == (5, 1)
