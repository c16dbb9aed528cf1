"""Embedders of the library fastembed, which fetches its models itself: here from a server on this machine."""

import io
import json
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

from agentcore_minilm import MiniLMEmbedder
from agentcore_minilm import _weights as weights
from agentcore_vectorstore import Document, open_store_sync
from agentcore_vectorstore.errors import EmbedderError, EmbedderNotFoundError

TEXTS = ["Red apples are ripe.", "The gateway's certificate expired."]


def archive(name: str) -> bytes:
    """A model as fastembed wants it served: a folder of its name with weights and tokenizer."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=1) as file:
        file.add(weights.model_path(), f"{name}/model.onnx")
        file.add(weights.tokenizer_path(), f"{name}/tokenizer.json")
        settings: dict[str, Any] = {
            "config": {"pad_token_id": 0},
            "tokenizer_config": {"model_max_length": weights.MAX_TOKENS, "pad_token": "[PAD]"},
            "special_tokens_map": {},
        }
        for each, content in settings.items():
            data = json.dumps(content).encode()
            about = tarfile.TarInfo(f"{name}/{each}.json")
            about.size = len(data)
            file.addfile(about, io.BytesIO(data))
    return made.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Serves what its server has, by path."""

    def do_GET(self) -> None:
        content: bytes | None = getattr(self.server, "content", {}).get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", f"{len(content or b'')}")
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, bytes | None], None]]:
    """Makes fastembed know a model by name, with what its hub serves for it; None serves nothing."""
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path / "models"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    content: dict[str, bytes] = {}
    monkeypatch.setattr(server, "content", content, raising=False)

    def know(name: str, served: bytes | None) -> None:
        if served is not None:
            content[f"/{name}.tar.gz"] = served
        source = ModelSource(url=f"http://127.0.0.1:{server.server_port}/{name}.tar.gz")
        TextEmbedding.add_custom_model(
            f"house/{name}",
            # The model that comes with agentcore-minilm takes the mean itself.
            pooling=PoolingType.DISABLED,
            normalization=True,
            sources=source,
            dim=weights.DIMENSION,
            model_file="model.onnx",
        )

    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield know
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def name() -> str:
    """Another one each time: the library forgets none."""
    return f"tiny-{uuid4().hex}"


def test_library_makes_the_vectors(hub: Callable[[str, bytes | None], None], name: str) -> None:
    """It fetches the model that is named, and the vectors are that model's."""
    hub(name, archive(name))
    with open_store_sync(f"memory://?embedder=fastembed:house/{name}") as store:
        assert store.embedder is not None
        assert (store.embedder.id, store.embedder.dimension) == (f"fastembed:house/{name}", weights.DIMENSION)
        assert store.embedder.fingerprint == f"fastembed {version('fastembed')}"
        store.add([Document(id="apples", text=TEXTS[0]), Document(id="certificate", text=TEXTS[1])])
        assert store.search("Why did TLS fail?", fusion="vector", limit=1)[0].document.id == "certificate"
        assert np.allclose(store.embedder.embed(TEXTS), MiniLMEmbedder().embed(TEXTS), atol=1e-3)


def test_model_that_cannot_be_fetched(
    hub: Callable[[str, bytes | None], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the embedder, and says what the library says after its attempts."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub(name, None)
    with pytest.raises(EmbedderError, match=rf"embedder 'fastembed:house/{name}' cannot be loaded: .*{name}"):
        open_store_sync(f"memory://?embedder=fastembed:house/{name}")


def test_model_that_the_library_does_not_know() -> None:
    """In the library's own words."""
    with pytest.raises(EmbedderError, match=r"'fastembed:x' cannot be loaded: .*x is not supported"):
        open_store_sync("memory://", embedder="fastembed:x")


def test_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "fastembed", None)
    with pytest.raises(EmbedderNotFoundError) as caught:
        open_store_sync("memory://", embedder="fastembed")
    assert "pip install 'agentcore-vectorstore[fastembed]'" in caught.value.hint
