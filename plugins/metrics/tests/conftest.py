"""A provider with a ledger of its own, and what tests do with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from metrics_support import Command, Events, Rows, query

from agentcore import ExecutionContext
from agentcore_metrics import MetricsProvider


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is to be."""
    return tmp_path / "metrics.db"


@pytest.fixture
def provider(path: Path) -> Iterator[MetricsProvider]:
    """Keeps rows for ever: tests tell of days that are fixed, and go back further each day."""
    provider = MetricsProvider(path=path, retention_days=math.inf)
    yield provider
    provider.close()


@pytest.fixture
def events(provider: MetricsProvider) -> Events:
    return Events(provider)


@pytest.fixture
def context() -> ExecutionContext:
    return ExecutionContext("triage")


@pytest.fixture
def rows(path: Path) -> Rows:
    return partial(query, path)


@pytest.fixture
def command(provider: MetricsProvider) -> Command:
    return Command(provider)
