"""What the tests of the models share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import environ
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import pytest

from agentcore.models import LocalModel
from agentcore.models._weights import SMOLLM2, ensure_weights
from agentcore.types import Message, ModelDelta, ModelRequest, ModelSettings


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tester's own keys, servers and models out."""
    for name in [name for name in environ if name.endswith(("_API_KEY", "_BASE_URL", "OLLAMA_HOST"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("AGENTCORE_LOCAL_MODEL", raising=False)


@pytest.fixture(scope="session")
def weights() -> Path:
    """The embedded model's file, fetched into the user's cache if it is not there yet."""
    return ensure_weights(SMOLLM2, environ=environ, check=lambda: None, name="local")


@pytest.fixture(scope="session")
def local(weights: Path) -> LocalModel:
    """The embedded model; its engine is freed when the process ends."""
    assert weights.is_file()
    return LocalModel()


@pytest.fixture
def ask() -> Callable[..., ModelRequest]:
    """Makes a request of one user message."""

    def ask(text: str = "Which city?", *, schema: Mapping[str, Any] | None = None, **settings: Any) -> ModelRequest:
        return ModelRequest(messages=[Message("user", text)], output_schema=schema, settings=ModelSettings(**settings))

    return ask


class Deltas:
    """Keeps the pieces of a streamed answer."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, delta: ModelDelta) -> None:
        self.texts.append(delta.text)


@pytest.fixture
def deltas() -> Deltas:
    return Deltas()


class Seen(NamedTuple):
    """A request as the server got it."""

    path: str
    headers: Mapping[str, str]
    body: Any


class Page(BaseHTTPRequestHandler):
    """Hands each request to its site."""

    protocol_version = "HTTP/1.1"
    site: Site

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.site.seen.append(Seen(self.path, dict(self.headers), json.loads(body)))
        replies = self.site.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def do_GET(self) -> None:
        reply = self.site.pages.get(self.path)
        if reply is None:
            self.send_error(404)
        else:
            reply(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


Reply = Callable[[Page], None]
"""Writes one answer."""


class Server(ThreadingHTTPServer):
    # The usual 5 turn callers away that come at once.
    request_queue_size = 64


class Site:
    """An HTTP server on this machine; it gives the answers that it was told, in order, and the last one for ever."""

    def __init__(self, url: str) -> None:
        self.root = url
        self.url = f"{url}/v1"
        self.replies: list[Reply] = []
        self.pages: dict[str, Reply] = {}
        self.seen: list[Seen] = []
        self.gone = Event()
        """Set when a client has hung up in the middle of an answer."""
        self.release = Event()
        """Lets a reply go on that waits."""

    @staticmethod
    def reply(body: object = b"", *, status: int = 200, type: str = "application/json", **headers: str) -> Reply:
        """An answer with *body*; what is neither bytes nor text becomes JSON."""
        if not isinstance(body, bytes | str):
            body = json.dumps(body)
        content = body if isinstance(body, bytes) else body.encode()

        def write(page: Page) -> None:
            page.send_response(status)
            page.send_header("Content-Type", type)
            page.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                page.send_header(name.replace("_", "-"), value)
            page.end_headers()
            page.wfile.write(content)

        return write

    def will_answer(self, text: str = "Paris", **extra: Any) -> None:
        """Answer *text*, whole, as OpenAI writes it."""
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
        self.replies.append(self.reply({"model": "the-model-0613", "choices": [choice], "usage": usage, **extra}))

    def will_fail(self, status: int, body: object = b"", **headers: str) -> None:
        """Answer with an error."""
        self.replies.append(self.reply(body, status=status, **headers))

    def will_stream(self, *chunks: object, done: bool = True) -> None:
        """Answer with server-sent events; a text is one as it is."""
        lines = [chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk)}" for chunk in chunks]
        text = "".join(f"{line}\n\n" for line in [*lines, *["data: [DONE]"] * done])
        self.replies.append(self.reply(text, type="text/event-stream"))

    @staticmethod
    def piece(text: str | None = None, *, finish: str | None = None, **delta: Any) -> dict[str, Any]:
        """A chunk of a streamed answer."""
        choice = {"index": 0, "finish_reason": finish, "delta": {"content": text, **delta}}
        return {"model": "the-model-0613", "choices": [choice]}

    def will_hang(self, *chunks: object) -> None:
        """Stream *chunks*, then keep the connection open until the client has hung up or *release* is set."""

        def write(page: Page) -> None:
            page.send_response(200)
            page.send_header("Content-Type", "text/event-stream")
            page.end_headers()
            for chunk in chunks:
                page.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                page.wfile.flush()
            page.close_connection = True
            page.connection.settimeout(0.02)
            while not self.release.is_set():
                try:
                    if not page.connection.recv(1):
                        self.gone.set()
                        return
                except TimeoutError:
                    continue
                except OSError:
                    self.gone.set()
                    return

        self.replies.append(write)


@pytest.fixture
def site() -> Iterator[Site]:
    page = type("Page", (Page,), {})
    with Server(("127.0.0.1", 0), page) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}")
        page.site = site  # type: ignore[attr-defined]  # made at run time
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        site.release.set()
        server.shutdown()
        thread.join()
