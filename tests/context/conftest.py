"""Fixtures of the contexts' tests."""

import pytest

from agentcore import ContextManager, ExecutionContext


@pytest.fixture
def parent() -> ExecutionContext:
    """A context with metadata."""
    return ExecutionContext("parent", metadata={"tenant": "acme", "tags": ["a"]})


@pytest.fixture
def contexts() -> ContextManager:
    """A manager that holds nothing yet."""
    return ContextManager()
