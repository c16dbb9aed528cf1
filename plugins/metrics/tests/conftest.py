"""A provider with a ledger of its own, and what tests do with it."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from metrics_support import LONG_NAME, Command, Events, Rows, query

from agentcore import ExecutionContext, Usage
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


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as a warning or worse, as it comes."""
    messages: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    caplog.set_level(logging.INFO, "agentcore.metrics")
    logger = logging.getLogger("agentcore.metrics")
    handler = Collect(logging.WARNING)
    logger.addHandler(handler)
    return messages


@pytest.fixture
def history(provider: MetricsProvider, events: Events, monkeypatch: pytest.MonkeyPatch) -> ExecutionContext:
    """Two days of runs, with everything that a table can have to show; returns the root of the nested ones."""
    clock = 1_790_000_000.0
    monkeypatch.setattr("agentcore_metrics._hooks.time", lambda: clock)
    old = ExecutionContext(LONG_NAME)
    events.model(old, model="house:gpt-5-mini", usage=Usage(requests=1, input_tokens=1_234_567, output_tokens=98_765))
    events.run(old, duration=75.5)
    clock += 86_400
    monkeypatch.setattr("agentcore_metrics._command.time", lambda: clock + 60)
    root = ExecutionContext("triage")
    child = root.fork("researcher")
    priced = Usage(requests=1, input_tokens=1200, output_tokens=80, cached_tokens=200, cost=Decimal("0.00123"))
    events.model(child, model="large", usage=priced, duration=0.8)
    events.tool(child, tool="search", duration=0.0123, outcome="error")
    events.run(child, duration=0.9)
    events.tool(root, tool="researcher", duration=0.95)
    events.tool(root, tool="delete", duration=0.0, outcome="denied")
    provider.model_retry(root, "small", ValueError("again"))
    events.model(root, model="small", usage=Usage(requests=1, input_tokens=10, output_tokens=5), duration=0.25)
    events.run(root, duration=1.5)
    for outcome in ("error", "timeout", "cancelled"):
        events.run(ExecutionContext("triage"), duration=3.0, outcome=outcome)
    provider.plugin_error(None, "vectorstore", "import", ImportError("gone"))
    return root
