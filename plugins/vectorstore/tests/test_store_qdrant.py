"""Qdrant's embedded engine passes the contract, and a server that is named does, too."""

import os
import time
import uuid
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from agentcore.errors import ConfigError
from agentcore_vectorstore import Document, Fusion, open_store_sync
from agentcore_vectorstore.errors import StoreAccessError, StoreLockedError, StoreNotFoundError
from agentcore_vectorstore.testing import VectorStoreContract, WordEmbedder

FUSIONS: list[Fusion] = ["zscore", "rrf", "vector", "bm25"]

SERVER = os.environ.get("AGENTCORE_TEST_QDRANT", "")
"""The connection string of a server, up to the collection, as ``qdrant://localhost:6333``."""


class TestEmbedded(VectorStoreContract):
    """A folder."""

    shared: ClassVar[Literal["together", "in turn", "never"]] = "in turn"

    @pytest.fixture
    def url(self) -> str:
        return "qdrant:///memory"


if SERVER:

    class TestServer(VectorStoreContract):
        """A server."""

        @pytest.fixture
        def url(self) -> str:
            return f"{SERVER}/test_{uuid.uuid4().hex}"


def test_store_lasts(tmp_path: Path) -> None:
    """Another store finds it; collections of one folder are apart."""
    for name in ("", "?collection=other"):
        with open_store_sync(f"qdrant:///q{name}", embedder=WordEmbedder(), folder=tmp_path) as store:
            assert store.count() == 0
            store.add([Document(id="a", text=f"red apples {name}")])
    with open_store_sync("qdrant:///q", embedder=WordEmbedder(), folder=tmp_path) as store:
        assert [hit.document.text for hit in store.search("apple")] == ["red apples "]


def test_what_expires_is_known_in_the_next_process(tmp_path: Path) -> None:
    """Whether anything does is looked up once, and then followed."""
    with open_store_sync("qdrant:///q", embedder=WordEmbedder(), folder=tmp_path) as store:
        store.add([Document(id="a", text="red apples")])
        assert [hit.document.id for hit in store.search("apple")] == ["a"]
        store.add([Document(id="b", text="green apples")], ttl=0.2)
        assert {hit.document.id for hit in store.search("apple")} == {"a", "b"}
    with open_store_sync("qdrant:///q", embedder=WordEmbedder(), folder=tmp_path) as store:
        time.sleep(0.25)
        for fusion in FUSIONS:
            assert [hit.document.id for hit in store.search("apple", fusion=fusion)] == ["a"]


def test_folder_that_is_open_already(tmp_path: Path) -> None:
    """The error says what holds it."""
    with (
        open_store_sync("qdrant:///q", embedder="none", folder=tmp_path),
        pytest.raises(StoreLockedError, match="is open in another process"),
    ):
        open_store_sync("qdrant:///q?timeout=0.05", embedder="none", folder=tmp_path)


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is not made by looking."""
    with pytest.raises(StoreNotFoundError):
        open_store_sync("qdrant:///q", embedder="none", folder=tmp_path, create=False)
    with open_store_sync("qdrant:///q", embedder="none", folder=tmp_path):
        pass
    with pytest.raises(StoreNotFoundError):
        open_store_sync("qdrant:///q?collection=other", embedder="none", folder=tmp_path, create=False)
    assert [path.name for path in tmp_path.iterdir()] == ["q"]


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("qdrant://localhost:1", StoreAccessError, "qdrant://localhost:1 cannot be reached"),
        ("qdrant://", ConfigError, "names neither a server nor a folder"),
        ("qdrant://me@localhost", ConfigError, "api_key=env:NAME"),
        ("qdrant://localhost?api_key=hunter2", ConfigError, "option 'api_key'"),
        ("qdrant://localhost?https=yes", ConfigError, "write 'true' or 'false'"),
        ("qdrant:///q?apikey=x", ConfigError, "has no option 'apikey'"),
    ],
)
def test_place_that_cannot_be_used(tmp_path: Path, url: str, error: type[Exception], message: str) -> None:
    """The error says what is wrong, and no key."""
    with pytest.raises(error) as caught:
        open_store_sync(url, embedder="none", folder=tmp_path)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
