"""Answers: found where they are, journaled, and never asked for twice; endpoints that cannot be used say so."""

import contextlib
import json
import time
from pathlib import Path

import pytest

from tests.conftest import ANSWER, Endpoint, completion
from textbooks import build as building
from textbooks import job as jobs
from textbooks.calls import Request, Response
from textbooks.errors import TextbooksError
from textbooks.storage import digest
from textbooks.teacher.answers import Answers
from textbooks.teacher.journal import Journal


def answer(number: int, text: str = ANSWER) -> tuple[Request, Response]:
    body = {"model": "m", "messages": [{"role": "user", "content": str(number)}]}
    custom_id = digest(body)
    said = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
    response = Response(custom_id=custom_id, status_code=200, body=said, line_id=f"resp-{custom_id[:24]}")
    return Request(custom_id=custom_id, body=body), response


def keep(journal: Journal, shard: int, request: Request, response: Response) -> None:
    journal.sent(shard, request)
    journal.record(shard, response)


def test_the_journal_finds_what_it_recorded_now_and_later(tmp_path: Path) -> None:
    pairs = [answer(number, f"text {number} ü") for number in range(50)]
    with Journal(tmp_path) as journal:
        for number, pair in enumerate(pairs):
            keep(journal, number // 20, *pair)
            assert journal.find(pair[0].custom_id) == pair[1]
    with Journal(tmp_path) as journal:
        assert [journal.find(request.custom_id) for request, _ in pairs] == [response for _, response in pairs]
    assert len(list(tmp_path.glob("*.responses.jsonl"))) == 3


def test_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        keep(journal, 0, *answer(0))
        keep(journal, 0, *answer(1))
    path = tmp_path / "00000.responses.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with Journal(tmp_path) as journal:
        assert journal.find(answer(0)[0].custom_id) is not None
        assert journal.find(answer(1)[0].custom_id) is None
        keep(journal, 0, *answer(1))
    assert len(Answers([path])) == 2


def test_journal_lines_are_batch_api_lines(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        keep(journal, 0, *answer(0))
    request = json.loads((tmp_path / "00000.requests.jsonl").read_text())
    response = json.loads((tmp_path / "00000.responses.jsonl").read_text())
    assert set(request) == {"custom_id", "method", "url", "body"}
    assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
    assert set(response) == {"id", "custom_id", "response", "error"}
    assert set(response["response"]) == {"status_code", "request_id", "body"}


def test_failed_batch_items_do_not_count_as_answers(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    lines = [
        {"id": "1", "custom_id": "a", "response": None, "error": {"code": "batch_expired", "message": "late"}},
        {"id": "2", "custom_id": "b", "response": {"status_code": 500, "request_id": "", "body": {}}, "error": None},
        {"id": "3", **answer(3)[1].line()},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(Answers([path])) == 1


def test_a_file_that_is_no_batch_output_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text(json.dumps(answer(0)[0].line()) + "\n")
    with pytest.raises(TextbooksError, match=r"requests\.jsonl:1: not a batch output line"):
        Answers([path])


UNUSABLE = {
    "wrong key": (401, "application/json", '{"error": {"message": "bad key"}}', "refuses the key"),
    "forbidden": (403, "application/json", '{"error": {"message": "no"}}', "refuses the key"),
    "wrong model": (
        404,
        "application/json",
        '{"error": {"message": "no model"}}',
        "no such path or model 'test-model'",
    ),
    "HTML": (200, "text/html", "<html>welcome</html>", "no chat completion .*'<html>welcome"),
    "other JSON": (200, "application/json", '{"hello": 1}', "no chat completion"),
    "empty choices": (*completion(None), "empty choices"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_endpoint_is_one_sentence_and_leaves_nothing(
    case: str, recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    status, kind, body, said = UNUSABLE[case]
    endpoint.reply = lambda _: (status, kind, body)
    job = jobs.prepare(str(recipe), base_url=endpoint.url)
    with pytest.raises(TextbooksError, match=said) as caught:
        building.run_job(job, out=tmp_path / "run", workers=1)
    assert "\n" not in str(caught.value)
    assert "test-key" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_an_endpoint_that_refuses_connections_is_one_sentence(recipe: Path, tmp_path: Path) -> None:
    job = jobs.prepare(str(recipe), base_url="http://127.0.0.1:9/v1")
    with pytest.raises(TextbooksError, match=r"'http://127.0.0.1:9/v1' cannot be reached"):
        building.run_job(job, out=tmp_path / "run", workers=1)
    assert not (tmp_path / "run").exists()


BAD_ANSWERS = {
    "cut off": (completion(ANSWER, finish_reason="length"), "finish_length"),
    "filtered": (completion(ANSWER, finish_reason="content_filter"), "finish_content_filter"),
    "refused": ((400, "application/json", '{"error": {"message": "too long"}}'), "refused_400"),
    "empty": (completion(None), "empty_answer"),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_one_bad_answer_is_a_rejection_with_its_reason(
    case: str, recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    bad, reason = BAD_ANSWERS[case]
    endpoint.reply = lambda body: bad if "sets to child in a dry" in str(body) else completion(ANSWER)
    job = jobs.prepare(str(recipe), samples=12, base_url=endpoint.url)
    built = building.run_job(job, out=tmp_path / "run", workers=1)
    assert built.tally["rejected"] == {"teacher": {reason: 1}}
    assert built.tally["accepted"] == 11


def test_a_server_error_leaves_the_assignment_to_do_and_the_next_run_asks_only_for_it(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    failing = (500, "application/json", '{"error": {"message": "overloaded"}}')
    endpoint.reply = lambda body: failing if "sets to child in a dry" in str(body) else completion(ANSWER)
    job = jobs.prepare(str(recipe), samples=12, base_url=endpoint.url)
    first = building.run_job(job, out=tmp_path / "run", workers=1)
    assert (first.tally["to_do"], first.tally["accepted"]) == (1, 11)
    endpoint.bodies.clear()
    endpoint.reply = lambda _: completion(ANSWER)
    second = building.run_job(job, out=tmp_path / "run", workers=1)
    assert (second.tally["to_do"], second.tally["accepted"]) == (0, 12)
    assert len(endpoint.bodies) == 1


def test_a_line_that_lacks_only_its_newline_is_no_answer_yet(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        keep(journal, 0, *answer(0))
        keep(journal, 0, *answer(1, "the second"))
    path = tmp_path / "00000.responses.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with Journal(tmp_path) as journal:
        keep(journal, 0, *answer(2, "the third"))
        assert journal.find(answer(1)[0].custom_id) is None
        assert journal.find(answer(2)[0].custom_id) == answer(2, "the third")[1]


def test_two_builds_do_not_write_one_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        keep(journal, 0, *answer(0))
        with pytest.raises(TextbooksError, match="another build is working in"):
            Journal(tmp_path / "journal")
    Journal(tmp_path / "journal").close()


def test_many_shards_keep_few_files_open(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for number in range(300):
            keep(journal, number, *answer(number))
        assert len(list(Path("/proc/self/fd").iterdir())) < 200
    assert len(Journal(tmp_path)) == 300


ODD_BODIES = {
    "null choice": '{"choices": [null]}',
    "choices as a mapping": '{"choices": {"a": 1}}',
    "message as a text": '{"choices": [{"message": "hi", "finish_reason": "stop"}]}',
    "usage as a list": '{"choices": [{"message": {"content": null}}], "usage": [1]}',
}


@pytest.mark.parametrize("case", ODD_BODIES)
def test_an_odd_body_is_an_empty_answer(case: str, recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    odd = (200, "application/json", ODD_BODIES[case])
    endpoint.reply = lambda body: odd if "sets to child in a dry" in str(body) else completion(ANSWER)
    job = jobs.prepare(str(recipe), samples=12, base_url=endpoint.url)
    assert building.run_job(job, out=tmp_path / "run", workers=1).tally["rejected"] == {"teacher": {"empty_answer": 1}}


def test_a_dropped_connection_costs_no_answer_that_was_under_way(
    recipe: Path, tmp_path: Path, endpoint: Endpoint
) -> None:
    """The first reply breaks off before any other has come; the others are slower, and paid for."""

    answered = []

    def reply(body: dict) -> tuple[int, str, str]:
        if "lists to" in str(body):
            raise ConnectionAbortedError
        time.sleep(3)
        answered.append(body)
        return completion(ANSWER)

    endpoint.reply = reply
    job = jobs.prepare(str(recipe), samples=12, base_url=endpoint.url)
    with contextlib.suppress(TextbooksError):
        building.run_job(job, out=tmp_path / "run", workers=1)
    endpoint.bodies.clear()
    endpoint.reply = lambda _: completion(ANSWER)
    built = building.run_job(job, out=tmp_path / "run", workers=1)
    assert built.tally["accepted"] == 12
    assert answered
    assert not [body for body in endpoint.bodies if body in answered]


def test_the_key_reaches_no_file(recipe: Path, tmp_path: Path, endpoint: Endpoint) -> None:
    building.run_job(jobs.prepare(str(recipe), base_url=endpoint.url), out=tmp_path / "run", workers=1)
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if b"test-key" in path.read_bytes()]
