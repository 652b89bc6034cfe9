"""Real parts for the tests: a box, an OpenAI-compatible server on a real socket, small recipes on disk."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import settings

from textbooks.sandbox import Sandbox
from textbooks.sandbox.policy import shipped

settings.register_profile("untimed", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("untimed")

ANSWER = """Prose about the topic. It has some words in it.

```python
def double(x):
    return 2 * x


print(double(21))  # 42
```
"""


class Endpoint:
    """What a test says to, and learns from, the server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[dict] = []
        self.reply: Callable[[dict], tuple[int, str, str]] = lambda body: completion(ANSWER, model=body["model"])
        self.lock = threading.Lock()


def completion(text: str | None, *, model: str = "test-model", finish_reason: str = "stop") -> tuple[int, str, str]:
    """Return a whole chat completion as (status, content type, body)."""
    choices = [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}]
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": choices if text is not None else [],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }
    return 200, "application/json", json.dumps(body)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spread single tests over the processes, but keep together those that share something dear."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return shared(nodeid)

    return Scheduling(config, log)


def shared(nodeid: str) -> str:
    """What a test shares with others: the built corpus, the box of a tier and user; else nothing but its own name."""
    file, _, test = nodeid.partition("::")
    if file == "tests/test_corpus.py":
        return file
    return test.partition("-")[2] if test.startswith("test_the_box_stands[") else nodeid


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Serve chat completions on a loopback socket."""
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with state.lock:
                state.bodies.append(body)
            try:
                status, kind, text = state.reply(body)
            except ConnectionAbortedError:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            payload = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_endpoint_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests never see a real key or endpoint."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other as always, only sooner."""
    monkeypatch.setattr("textbooks.teacher.pacing.FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr("textbooks.teacher.pacing.LONGEST_DELAY_SECONDS", 0.05)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A box with a short limit of processor time; its wall limit leaves room for a busy machine."""
    policy = shipped().with_changes(cpu_seconds=1.0, wall_seconds=30.0, packages=("numpy",))
    with Sandbox(policy=policy) as box:
        yield box


@pytest.fixture(scope="session")
def impatient_sandbox() -> Iterator[Sandbox]:
    """A box whose wall limit comes soon, for programs that wait."""
    policy = shipped().with_changes(cpu_seconds=1.0, wall_seconds=2.0)
    with Sandbox(policy=policy) as box:
        yield box


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A small recipe of the user's own: 3 topics, 2 audiences, 2 tones."""
    return small_recipe(tmp_path)


def small_recipe(parent: Path) -> Path:
    """Write that recipe into a folder."""
    folder = parent / "recipe"
    folder.mkdir()
    (folder / "things.yaml").write_text("title: Things\nentries: [lists, tuples, sets]\n")
    (folder / "ask.md.jinja").write_text("Teach {{ thing.name }} to {{ reader.name }} in a {{ tone.name }} tone.\n")
    path = folder / "recipe.yaml"
    path.write_text(
        dedent("""\
        name: small
        about: A small recipe.
        seed: 3
        samples: 6
        draw:
          thing: {list: things.yaml}
          reader: {values: [child, adult]}
          tone: {values: [dry, warm]}
        rules:
          snippets: [1, 2]
          prints: true
        steps:
          - {name: ask, template: ask.md.jinja}
        teacher:
          model: test-model
        # The server gives everybody the same answer, unless a test has it say something else.
        curate: {prose_likeness: null, code_likeness: null}
        """)
    )
    return path
