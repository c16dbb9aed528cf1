"""Embedders that ask a server, and vectors that are given."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.errors import EmbedderError, EmbedderMismatchError, EmbedderNotFoundError
from agentcore_vectorstore.testing import WordEmbedder

Answer = tuple[int, dict[str, str], Any]


class Server(ThreadingHTTPServer):
    """Answers as an embeddings server; what it is to answer first stands in *answers*."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None, Any]] = []
        self.answers: list[Answer] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers.get("Authorization"), body))
        rows = WordEmbedder(dimension=2048).embed(body["input"])
        data = [{"index": n, "embedding": row.tolist()} for n, row in enumerate(rows)]
        status, headers, answer = self.server.answers.pop(0) if self.server.answers else (200, {}, {"data": data[::-1]})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine, which the environment names."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_server_makes_the_vectors(server: Server) -> None:
    """In batches, in order whatever the order of the answer, with the key; the store knows the model."""
    with open_store_sync("memory://", embedder="openai:words") as store:
        assert store.embedder is not None
        assert (store.embedder.id, store.embedder.dimension) == ("openai:words", 2048)
        store.add(Document(id=str(n), text=f"apple number{n}") for n in range(300))
        assert store.search("apple number7", fusion="vector", limit=1)[0].document.id == "7"
    paths, keys, bodies = zip(*server.requests, strict=True)
    assert set(paths) == {"/v1/embeddings"}
    assert set(keys) == {"Bearer hunter2"}
    assert [len(body["input"]) for body in bodies] == [1, 128, 128, 44, 1]
    assert {body["model"] for body in bodies} == {"words"}


def test_server_that_asks_to_wait_is_asked_again(server: Server) -> None:
    """After as long as it says."""
    server.answers = [(429, {"Retry-After": "0"}, {}), (503, {"Retry-After": "0.01"}, {})]
    with open_store_sync("memory://", embedder="openai:words") as store:
        store.add([Document(text="x")])
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((401, {}, {"error": "bad key"}), "refused the key"),
        ((400, {}, {"error": "no such model"}), "status 400: "),
        ((200, {}, b"<html>"), "no JSON"),
        ((200, {}, {"data": [{"no": 1}]}), "holds no embeddings"),
        ((200, {}, []), "holds no embeddings"),
        ((200, {}, {"data": []}), "answered with 0 vectors for 1 texts"),
        ((200, {}, {"data": [{"embedding": ["x"]}]}), "no array of numbers"),
    ],
    ids=str,
)
def test_answer_that_cannot_be_used(server: Server, answer: Answer, message: str) -> None:
    """The error names server and model, and no key."""
    server.answers = [answer]
    with pytest.raises(EmbedderError) as caught:
        open_store_sync("memory://", embedder="openai:words")
    assert message in str(caught.value)
    assert "'openai:words'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_server_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, and then told."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(EmbedderError, match="cannot be reached"):
        open_store_sync("memory://", embedder="openai:words")


def test_model_must_be_named() -> None:
    """The error shows how."""
    with pytest.raises(EmbedderNotFoundError, match="needs the name of a model"):
        open_store_sync("memory://", embedder="openai")


def test_vectors_may_be_given() -> None:
    """Then no model is there, and whoever forgets them is told."""
    vectors = np.eye(3, dtype=np.float32)
    with open_store_sync("memory://", embedder="given:3") as store:
        store.add([Document(id=str(n), text=f"text {n}") for n in range(3)], vectors=vectors)
        assert store.search(vector=vectors[1], limit=1)[0].document.id == "1"
        assert store.search("text", fusion="bm25", limit=1)
        with pytest.raises(EmbedderError, match="vectors that are given, and none were"):
            store.add([Document(text="forgotten")])
        for wrong in ([[1.0, 2.0]], [[np.nan, 0, 0]], [["x", "y", "z"]], [[0.0, 0.0, 0.0]]):
            with pytest.raises(EmbedderError, match="the caller passed"):
                store.add([Document(text="wrong")], vectors=wrong)
        assert store.count() == 3
    for wrong_name in ("given", "given:0", "given:many"):
        with pytest.raises(EmbedderNotFoundError, match="write 'given:384'"):
            open_store_sync("memory://", embedder=wrong_name)


def test_other_embedder_makes_all_vectors_anew(tmp_path: Path) -> None:
    """Refused by default; reembed() keeps the documents and drops the old vectors."""
    with open_store_sync("sqlite:///m.db", embedder=WordEmbedder(), folder=tmp_path) as store:
        store.add(Document(id=str(n), text=f"apple number{n}") for n in range(300))
        store.search("apple", fusion="vector")
        other = WordEmbedder(id="other", dimension=2048)
        with pytest.raises(EmbedderMismatchError, match="reembed"):
            open_store_sync("sqlite:///m.db", embedder=other, folder=tmp_path)
        seen: list[int] = []
        with open_store_sync("sqlite:///m.db", embedder=other, folder=tmp_path, reembed=seen.append) as again:
            assert sum(seen) == 300
            assert again.search("apple number7", fusion="vector", limit=1)[0].document.id == "7"
        with open_store_sync("sqlite:///m.db", embedder=other, folder=tmp_path) as again:
            assert again.count() == 300
