"""Events that come out of the journal, and so may come twice: each counts once, wherever it is counted."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from metrics_support import connect, query
from metrics_telemetry import LARGE, PARTS, SMALL, Truth, run_many, run_nested
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agentcore import PluginManager, hookimpl, load_settings
from agentcore_metrics import MetricsProvider, _sql, _writer
from agentcore_metrics._writer import LedgerWriter
from agentcore_metrics.otel import OpenTelemetryClient

DURABLE = {"delivery": {"metrics": {"mode": "durable", "timeout": "20s"}}}
JOURNALLED = {"journal": {"events": ["*"]}}


class Keeper:
    """Has a journal kept, of which metrics come inline."""

    name = "keeper"
    delivery = "durable"

    @hookimpl
    def agent_complete(self) -> None:
        """Do nothing."""


TABLES = ("runs", "model_calls", "tool_calls", "incidents", "knowledge")


def manager(folder: Path, *registered: object, **overrides: Any) -> PluginManager:
    """A manager whose state is in *folder*."""
    settings = load_settings(start=folder, environ={}, overrides={"state_dir": folder, "autoload": False, **overrides})
    plugins = PluginManager(settings)
    for each in registered:
        plugins.register(each)
    return plugins


def rows(path: Path) -> dict[str, list[Any]]:
    """Every row without its number, in an order that does not depend on when it came."""
    found: dict[str, list[Any]] = {}
    for table in TABLES:
        names = [name for _, name, *_ in query(path, f"PRAGMA table_info({table})")]
        columns = ", ".join(name for name in names if name != "id")
        found[table] = query(path, f"SELECT {columns} FROM {table} ORDER BY context_id, started, event")
    return found


def check_truth(path: Path, truth: Truth) -> None:
    sums = ", ".join(f"sum({each})" for each in (*PARTS, "cost"))
    found = {agent: numbers for agent, *numbers in query(path, f"SELECT agent, {sums} FROM model_calls GROUP BY 1")}
    for agent, usage in truth.usage.items():
        assert found[agent] == [*(getattr(usage, each) for each in PARTS), int((usage.cost or 0) * 10**12)]
    runs = {agent: numbers for agent, *numbers in query(path, f"SELECT agent, {sums} FROM runs GROUP BY 1")}
    assert runs == found
    total = query(path, "SELECT sum(total_cost) FROM runs WHERE parent_id IS NULL")
    assert total == [(sum(numbers[-1] for numbers in found.values()),)]
    assert query(path, "SELECT count(*) FROM runs") == [(len(truth.parents),)]


async def test_durable_metrics_are_the_truth(tmp_path: Path) -> None:
    """Nested runs at once, failing and cancelled; the cost of each run is that of its calls, own and total."""
    truth, provider = Truth(), MetricsProvider()
    async with manager(tmp_path, provider, truth, **DURABLE) as plugins:
        await run_many(plugins, 20)
        assert await plugins.flush(timeout=60)
    check_truth(tmp_path / "metrics.db", truth)
    assert provider.dropped == 0
    assert provider.metrics["run_duration"].count == len(truth.parents)


class Counted:
    """A provider with telemetry, and what that has counted."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.spans = InMemorySpanExporter()
        tracer_provider = TracerProvider(shutdown_on_exit=False)
        tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        meter_provider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.provider = MetricsProvider(OpenTelemetryClient(meter_provider, tracer_provider))

    @property
    def numbers(self) -> tuple[int, int, dict[str, int]]:
        self.provider.flush()
        data = self.reader.get_metrics_data()
        assert data is not None
        metrics = [each for found in data.resource_metrics for scope in found.scope_metrics for each in scope.metrics]
        (durations,) = (each for each in metrics if each.name == "gen_ai.client.operation.duration")
        measured = sum(point.count for point in durations.data.data_points)  # type: ignore[union-attr]
        return (
            measured,
            len(self.spans.get_finished_spans()),
            {name: series.count for name, series in self.provider.metrics.items()},
        )


@pytest.mark.parametrize("overrides", [DURABLE, JOURNALLED], ids=["durable", "inline"])
async def test_a_replay_counts_nothing_again(tmp_path: Path, overrides: dict[str, Any]) -> None:
    """In the ledger, in memory and in telemetry; whichever way the events came the first time."""
    counted = Counted()
    async with manager(tmp_path, counted.provider, Keeper(), **overrides) as plugins:
        await run_many(plugins, 10)
        assert await plugins.flush(timeout=60)
        counted.provider.flush()
        before, numbers = rows(tmp_path / "metrics.db"), counted.numbers
        for _ in range(2):
            replayed = await plugins.replay("metrics", restart=True)
            assert replayed
            assert replayed.delivered >= 80
        assert rows(tmp_path / "metrics.db") == before
        assert counted.numbers == numbers


async def test_what_was_lost_comes_back_out_of_the_journal(tmp_path: Path) -> None:
    """Somebody has deleted the ledger: a replay writes every row as it was, the cost of nested runs included."""
    first = MetricsProvider()
    async with manager(tmp_path, first, Keeper(), **JOURNALLED) as plugins:
        await run_many(plugins, 10)
    path = tmp_path / "metrics.db"
    before = rows(path)
    assert sum(map(len, before.values())) > 60
    path.unlink()
    async with manager(tmp_path, MetricsProvider(), Keeper(), **JOURNALLED) as plugins:
        assert await plugins.replay("metrics")
    assert rows(path) == before


async def test_an_event_that_could_not_be_written_is_delivered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is locked for a while: the journal keeps what it cannot take, and nothing is dropped or doubled."""
    monkeypatch.setattr(_sql, "BUSY_SECONDS", 0.05)
    truth, provider = Truth(), MetricsProvider()
    async with manager(tmp_path, provider, truth, **DURABLE) as plugins:
        await run_nested(plugins)
        assert await plugins.flush(timeout=60)
        blocker = connect(tmp_path / "metrics.db")
        blocker.execute("BEGIN IMMEDIATE")
        refused = asyncio.Event()
        loop, keep = asyncio.get_running_loop(), LedgerWriter._keep

        def watched(writer: LedgerWriter, note: Any) -> None:
            try:
                keep(writer, note)
            except Exception:
                loop.call_soon_threadsafe(refused.set)
                raise

        monkeypatch.setattr(LedgerWriter, "_keep", watched)
        await run_nested(plugins)
        await refused.wait()
        blocker.execute("ROLLBACK")
        blocker.close()
        assert await plugins.flush(timeout=60)
    check_truth(tmp_path / "metrics.db", truth)
    assert provider.dropped == 0


async def test_what_the_journal_has_handed_over_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hands it over once, and so nothing waits for a batch to fill, nor for a thread that may be killed."""
    monkeypatch.setattr(_writer, "WINDOW_SECONDS", 3_600.0)
    async with manager(tmp_path, MetricsProvider(), **DURABLE) as plugins:
        await run_nested(plugins)
        assert await plugins.flush(timeout=60)
        counts = [query(tmp_path / "metrics.db", f"SELECT count(*) FROM {table}") for table in TABLES[:3]]
    assert counts == [[(2,)], [(4,)], [(2,)]]


PROGRAM = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from metrics_telemetry import run_nested
from test_metrics_once import DURABLE, manager
from agentcore_metrics import MetricsProvider

async def main():
    plugins = manager(Path(sys.argv[1]), MetricsProvider(), **DURABLE)
    async with plugins:
        if sys.argv[2] == "last":
            assert await plugins.flush(timeout=60)
            return
        while True:
            await asyncio.gather(*(run_nested(plugins) for _ in range(5)))
            # Those runs have returned, and so are promised.
            os.write(1, b"5\\n")

asyncio.run(main())
"""

KILLS = 4


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no SIGKILL")
@pytest.mark.timeout(180)
def test_kill_9_neither_loses_nor_doubles_anything(tmp_path: Path) -> None:
    """Processes are killed at any time: what had returned is counted, once, with its exact cost."""
    program = PROGRAM.format(folder=str(Path(__file__).parent))
    choice, promised = random.Random(3), 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", program, str(tmp_path), "run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(choice.randrange(1, 6)):
                promised += int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            promised += sum(map(int, process.stdout.read().split()))
    subprocess.run([sys.executable, "-c", program, str(tmp_path), "last"], check=True, timeout=120)
    path = tmp_path / "metrics.db"
    for table in TABLES[:3]:
        assert query(path, f"SELECT context_id, event FROM {table} GROUP BY 1, 2 HAVING count(*) > 1") == []
    over = query(path, "SELECT total_cost, total_requests FROM runs WHERE parent_id IS NULL AND outcome = 'ok'")
    assert len(over) >= promised >= 5 * KILLS
    cost = 2 * ((SMALL.cost or Decimal(0)) + (LARGE.cost or Decimal(0)))
    assert set(over) == {(int(cost * 10**12), 4)}
