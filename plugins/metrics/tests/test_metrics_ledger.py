"""The ledger: what is in it, and how long."""

from __future__ import annotations

import math
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Events, Rows, query, run_once

from agentcore import ExecutionContext, Usage
from agentcore.types import ModelResponse, Outcome
from agentcore_metrics import MetricsProvider

DAY = 86_400


# --- what is in it ---


def test_rows_hold_what_the_events_told(provider: MetricsProvider, events: Events, rows: Rows) -> None:
    """Durations are the events' own floats, tokens and cost are whole numbers, times are microseconds in UTC."""
    context = ExecutionContext("triage")
    usage = Usage(
        requests=1,
        input_tokens=9,
        output_tokens=8,
        cached_tokens=3,
        reasoning_tokens=2,
        cache_write_tokens=4,
        input_audio_tokens=5,
        output_audio_tokens=6,
        cost=Decimal("0.000000000001"),
    )
    began = time.time()
    events.model(context, model="small", usage=usage, duration=0.1)
    events.tool(context, tool="search", duration=0.2)
    events.run(context, duration=0.3)
    provider.close()
    ids = (context.context_id, None, context.context_id, "triage")
    ((*row, started),) = rows(
        "SELECT context_id, parent_id, root_id, agent, model, call_id, duration, outcome, error, requests,"
        " input_tokens, output_tokens, cached_tokens, reasoning_tokens, cache_write_tokens, input_audio_tokens,"
        " output_audio_tokens, cost, started FROM model_calls"
    )
    assert row == [*ids, "small", "1", 0.1, "ok", None, 1, 9, 8, 3, 2, 4, 5, 6, 1]
    assert (began - 0.2) * 1e6 <= started <= time.time() * 1e6
    assert rows(
        "SELECT context_id, parent_id, root_id, agent, tool, call_id, duration, outcome, error FROM tool_calls"
    ) == [(*ids, "search", "2", 0.2, "ok", None)]
    ((*row, _),) = rows(
        "SELECT context_id, parent_id, root_id, agent, duration, outcome, error, requests, input_tokens, output_tokens,"
        " cached_tokens, reasoning_tokens, cache_write_tokens, input_audio_tokens, output_audio_tokens, cost,"
        " total_requests, total_input_tokens, total_output_tokens, total_cached_tokens, total_reasoning_tokens,"
        " total_cache_write_tokens, total_input_audio_tokens, total_output_audio_tokens, total_cost, started FROM runs"
    )
    assert row == [*ids, 0.3, "ok", None, *(1, 9, 8, 3, 2, 4, 5, 6, 1) * 2]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [("error", "ValueError"), ("timeout", "TimeoutError"), ("cancelled", "CancelledError"), ("denied", "DeniedError")],
)
def test_every_outcome_is_kept_with_its_error(
    provider: MetricsProvider, events: Events, rows: Rows, outcome: Outcome, error: str
) -> None:
    """Runs, model calls and tool calls alike; the usage of what failed counts."""
    context = ExecutionContext("triage")
    events.model(context, outcome=outcome)
    events.tool(context, outcome=outcome)
    events.run(context, outcome=outcome)
    provider.close()
    for table in ("model_calls", "tool_calls", "runs"):
        assert rows(f"SELECT outcome, error FROM {table}") == [(outcome, error)]
    assert rows("SELECT input_tokens FROM model_calls UNION ALL SELECT input_tokens FROM runs") == [(10,), (10,)]


def test_own_and_total_usage_are_distinct(provider: MetricsProvider, events: Events, rows: Rows) -> None:
    """Added up over all runs, the own usage is that of all model calls: nested runs count once."""
    parent = ExecutionContext("parent")
    for child in (parent.fork("child"), parent.fork("child")):
        grandchild = child.fork("grandchild")
        events.model(grandchild)
        events.run(grandchild)
        events.model(child)
        events.run(child)
    events.model(parent)
    events.run(parent)
    provider.close()
    assert rows("SELECT sum(input_tokens), sum(requests) FROM runs") == [(50, 5)]
    assert rows("SELECT sum(input_tokens), count(*) FROM model_calls") == [(50, 5)]
    assert rows("SELECT input_tokens, total_input_tokens FROM runs WHERE parent_id IS NULL") == [(10, 50)]
    assert rows("SELECT total_input_tokens FROM runs WHERE agent = 'child'") == [(20,), (20,)]


def test_incidents_are_kept(provider: MetricsProvider, events: Events, rows: Rows, context: ExecutionContext) -> None:
    """Denials, retries and failures of plugins, with whose they are."""
    events.tool(context, outcome="denied")
    provider.model_retry(context, "small", ValueError("again"))
    provider.plugin_error(context, "vectorstore", "agent_complete", OSError("disk"))
    provider.close()
    assert rows("SELECT kind, subject, hook, error, agent, context_id FROM incidents ORDER BY id") == [
        (*incident, "triage", context.context_id)
        for incident in (
            ("denial", "guard", "tool_call", "DeniedError"),
            ("retry", "small", None, "ValueError"),
            ("plugin_error", "vectorstore", "agent_complete", "OSError"),
        )
    ]


@pytest.mark.parametrize(
    ("cost", "kept"),
    [
        (None, None),
        (Decimal(0), 0),
        (Decimal("0.0375") / 1_000_000, 37_500),
        (Decimal("1234.567890123456"), 1_234_567_890_123_456),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (Decimal("1e999"), None),
    ],
    ids=str,
)
def test_cost_is_kept_in_whole_units(
    provider: MetricsProvider, events: Events, rows: Rows, cost: Decimal | None, kept: int | None
) -> None:
    """Of 10^-12 dollars; what is no amount of money is unknown, and not 0."""
    events.model(ExecutionContext("triage"), usage=Usage(requests=1, cost=cost))
    provider.close()
    assert rows("SELECT cost FROM model_calls") == [(kept,)]


def test_names_that_are_no_text_are_kept_escaped(provider: MetricsProvider, events: Events, rows: Rows) -> None:
    """A model may ask for a tool by half a surrogate pair; the row is not lost, nor those beside it."""
    context = ExecutionContext("triage")
    events.tool(context, tool="search\ud800")
    events.tool(context, tool="größe")
    provider.close()
    assert rows("SELECT tool FROM tool_calls ORDER BY id") == [("search\\ud800",), ("größe",)]


@pytest.mark.parametrize("duration", [math.nan, math.inf, -math.inf, 1e300], ids=str)
def test_what_no_row_can_hold_is_dropped_alone(
    provider: MetricsProvider, rows: Rows, warnings: list[str], duration: float
) -> None:
    """A duration that is none is counted as dropped, visibly, and the rows around it are written."""
    for each in (1.0, duration, 2.0):
        run_once(provider, duration=each)
    assert provider.flush()
    assert rows("SELECT duration FROM runs ORDER BY id") == [(1.0,), (2.0,)]
    assert provider.dropped == 1
    assert warnings == ["1 records of metrics were dropped"]


@pytest.mark.parametrize("tokens", [-1, 10**13, "many"], ids=str)
def test_tokens_that_nobody_can_have_used_are_dropped(provider: MetricsProvider, rows: Rows, tokens: Any) -> None:
    """They would spoil every sum that they are part of."""
    context = ExecutionContext("triage")
    provider.model_complete(context, "small", ModelResponse(), "1", Usage(requests=1, input_tokens=tokens), 0.1, "ok")
    run_once(provider)
    assert provider.flush()
    assert rows("SELECT count(*) FROM model_calls") == [(0,)]
    assert rows("SELECT count(*) FROM runs") == [(1,)]
    assert provider.dropped == 1


# --- how long ---


def test_old_rows_are_deleted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of everything that began before the retention time; what is younger stays."""
    old = MetricsProvider(path=path)
    context = ExecutionContext("old")
    monkeypatch.setattr("agentcore_metrics._hooks.time", lambda: time.time() - 8 * DAY)
    Events(old).model(context)
    Events(old).tool(context)
    old.model_retry(context, "small", ValueError())
    Events(old).run(context)
    monkeypatch.undo()
    old.close()
    provider = MetricsProvider(path=path, retention_days=7)
    run_once(provider)
    provider.close()
    for table in ("model_calls", "tool_calls", "incidents"):
        assert query(path, f"SELECT count(*) FROM {table}") == [(0,)]
    assert query(path, "SELECT agent FROM runs") == [("triage",)]


def test_rows_are_kept_for_ever_where_retention_is_infinite(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of the beginning of time."""
    monkeypatch.setattr("agentcore_metrics._hooks.time", lambda: 10.0)
    provider = MetricsProvider(path=path, retention_days=math.inf)
    run_once(provider)
    provider.close()
    assert query(path, "SELECT count(*) FROM runs") == [(1,)]


def test_no_more_rows_are_kept_than_allowed(path: Path) -> None:
    """Of each kind the newest; a few thousand at a time, until enough are gone."""
    provider = MetricsProvider(path=path, max_rows=10)
    for number in range(4_500):
        run_once(provider, duration=float(number))
    remaining = 4_500
    while remaining > 10:
        run_once(provider, duration=9_999.0)
        assert provider.flush()
        ((remaining,),) = query(path, "SELECT count(*) FROM runs")
    assert remaining == 10
    provider.close()
    assert query(path, "SELECT max(duration) FROM runs") == [(9_999.0,)]
