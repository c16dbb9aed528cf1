"""All that a backend must do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_vectorstore import SyncStore, open_store_sync
from agentcore_vectorstore.testing._adding import AddingContract
from agentcore_vectorstore.testing._deleting import DeletingContract
from agentcore_vectorstore.testing._embedder import WordEmbedder
from agentcore_vectorstore.testing._filters import FiltersContract
from agentcore_vectorstore.testing._listing import ListingContract
from agentcore_vectorstore.testing._namespaces import NamespacesContract
from agentcore_vectorstore.testing._processes import ProcessesContract
from agentcore_vectorstore.testing._ranking import RankingContract
from agentcore_vectorstore.testing._searching import SearchingContract
from agentcore_vectorstore.testing._using import UsingContract

__all__ = ["VectorStoreContract"]


class VectorStoreContract(
    AddingContract,
    DeletingContract,
    SearchingContract,
    RankingContract,
    FiltersContract,
    NamespacesContract,
    ListingContract,
    UsingContract,
    ProcessesContract,
):
    """Subclass it with a fixture ``url``, and pytest runs it.

    Example:
        >>> import pytest
        >>> class TestMyBackend(VectorStoreContract):
        ...     @pytest.fixture
        ...     def url(self, tmp_path):
        ...         return f"mine:///{tmp_path}/store"

    Every test needs an empty place of its own; relative paths start in the test's ``tmp_path``.
    """

    @pytest.fixture
    def url(self) -> str:
        """The connection string of a place where nothing is stored yet."""
        raise NotImplementedError("a subclass has a fixture 'url'")

    @pytest.fixture
    def store(self, url: str, tmp_path: Path) -> Iterator[SyncStore]:
        """An empty store."""
        with open_store_sync(url, embedder=WordEmbedder(), folder=tmp_path) as store:
            yield store
