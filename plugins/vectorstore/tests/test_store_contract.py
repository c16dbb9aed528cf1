"""The embedded backends pass the contract."""

from typing import ClassVar, Literal

import pytest

from agentcore_vectorstore.testing import VectorStoreContract


class TestSQLite(VectorStoreContract):
    """A file."""

    @pytest.fixture
    def url(self) -> str:
        return "sqlite:///memory.db"


class TestMemory(VectorStoreContract):
    """Nothing but memory."""

    shared: ClassVar[Literal["together", "in turn", "never"]] = "never"

    @pytest.fixture
    def url(self) -> str:
        return "memory://"
