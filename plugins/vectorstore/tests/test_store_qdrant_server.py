"""What a Qdrant server may answer, and what the store makes of it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from agentcore_vectorstore import open_store_sync
from agentcore_vectorstore.errors import StoreError, StoreReadOnlyError

pytest.importorskip("qdrant_client")


class Refusing(BaseHTTPRequestHandler):
    """Answers every request with the status that its path's collection names."""

    keys: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.keys.append(self.headers.get("api-key"))
        self.send_response(int(self.path.split("/")[2]))
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """The connection string of a server on this machine, without a collection."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"qdrant://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (401, StoreReadOnlyError, "refused the key"),
        (403, StoreReadOnlyError, "api_key=env:NAME"),
        (500, StoreError, "failed: 500"),
    ],
)
def test_server_that_refuses(
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: type[Exception],
    message: str,
) -> None:
    """The error names the server and says why; the key is sent, and not shown."""
    monkeypatch.setenv("QDRANT_KEY", "hunter2")
    with pytest.raises(error) as caught:
        open_store_sync(f"{server}/{status}?api_key=env:QDRANT_KEY", embedder="none")
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert Refusing.keys[-1] == "hunter2"
