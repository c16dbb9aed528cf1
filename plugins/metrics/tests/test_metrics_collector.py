"""OpenTelemetry by OTLP, against a collector that is a real one."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from metrics_support import Events, query
from metrics_telemetry import (
    PARTS,
    PICO,
    Collector,
    Truth,
    check_sums,
    client_of,
    collecting,
    free_port,
    labels,
    plugins_of,
    provider_of,
    run_many,
    run_nested,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from agentcore import ExecutionContext
from agentcore.errors import PluginError
from agentcore_metrics._names import INSTRUMENTS
from agentcore_metrics.otel import _exporting
from agentcore_metrics.otel._exporting import Trouble


@pytest.mark.parametrize("dialect", ["1.41.1", "latest"])
async def test_every_run_arrives_once_at_the_collector(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, dialect: Any
) -> None:
    """200 nested runs at once, streaming, failing and cancelled: spans are the tree of contexts, sums are the truth."""
    truth = Truth()
    async with collecting() as collector:
        provider = provider_of(tmp_path / "metrics.db", otlp=collector.url, dialect=dialect)
        async with plugins_of(tmp_path, provider, truth) as plugins:
            await run_many(plugins, 200)
        expected = len(truth.parents) + truth_calls(truth) + sum(truth.tools.values())
        await collector.wait(lambda: len(collector.spans) >= expected)
    assert len(collector.spans) == expected
    check_tree(collector, truth)
    check_sums(collector, truth, INSTRUMENTS[dialect])
    check_ledger(tmp_path / "metrics.db", truth)
    assert provider.dropped == 0
    assert caplog.messages == []


def truth_calls(truth: Truth) -> int:
    return sum(truth.calls.values())


def check_tree(collector: Collector, truth: Truth) -> None:
    runs = {each.span_id.hex(): each for each in collector.spans if each.name.startswith("invoke_agent ")}
    assert len(runs) == len(truth.parents)
    for context_id, parent_id in truth.parents.items():
        span = runs[context_id[16:]]
        assert labels(span)["agentcore.context_id"] == context_id
        assert span.trace_id.hex() == truth.roots[context_id]
        assert span.parent_span_id.hex() == ("" if parent_id is None else parent_id[16:])
        assert span.end_time_unix_nano >= span.start_time_unix_nano
    others = [each for each in collector.spans if each.span_id.hex() not in runs]
    assert all(each.parent_span_id.hex() in runs for each in others)
    assert len({each.span_id for each in collector.spans}) == len(collector.spans)
    assert Counter(
        (labels(each)["gen_ai.agent.name"], labels(each)["agentcore.outcome"]) for each in runs.values()
    ) == (truth.outcomes)


def check_ledger(path: Path, truth: Truth) -> None:
    sums = ", ".join(f"sum({each})" for each in (*PARTS, "cost"))
    for agent, *numbers in query(path, f"SELECT agent, {sums} FROM model_calls GROUP BY 1"):
        usage = truth.usage[agent]
        assert usage.cost is not None
        assert numbers == [*(getattr(usage, each) for each in PARTS), int(usage.cost * PICO)]
    assert query(path, "SELECT sum(total_cost) - sum(cost) FROM runs WHERE parent_id IS NULL") == query(
        path, "SELECT sum(cost) FROM runs WHERE parent_id IS NOT NULL"
    )


PROGRAM = """
import asyncio, os, signal, sys, warnings
from pathlib import Path
sys.path.insert(0, {folder!r})
from metrics_telemetry import run_many, run_nested
from agentcore import PluginManager, Settings
from agentcore.types import ModelResponse
from agentcore_metrics import MetricsProvider

def manager(path):
    config = MetricsProvider.Config.model_validate({{"path": path, "otel": {{"otlp": sys.argv[2], "interval": 3600}}}})
    plugins = PluginManager(Settings(state_dir=Path(path).parent, autoload=False))
    plugins.register(MetricsProvider.from_config(config))
    return plugins

plugins = manager(sys.argv[1])
"""

ENDINGS = {
    "normal": ("asyncio.run(run_many(plugins, 10))", 1),
    "sys.exit": ("asyncio.run(run_many(plugins, 10)); sys.exit(0)", 1),
    "SIGTERM": (
        """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
asyncio.run(run_many(plugins, 10))
os.kill(os.getpid(), signal.SIGTERM)
""",
        1,
    ),
    "fork": (
        """
import multiprocessing
warnings.simplefilter("ignore", DeprecationWarning)
asyncio.run(run_many(plugins, 10))
child = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(run_many(plugins, 10)))
child.start(); child.join()
assert child.exitcode == 0
""",
        2,
    ),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.parametrize(("ending", "times"), ENDINGS.values(), ids=ENDINGS.keys())
async def test_nothing_is_lost_when_a_process_ends(tmp_path: Path, ending: str, times: int) -> None:
    """Nobody shuts the plugins down: at exit all that was noted is sent, and a forked child sends its own alone."""
    program = PROGRAM.format(folder=str(Path(__file__).parent)) + ending
    async with collecting() as collector:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(tmp_path / "m.db"), collector.url, stderr=subprocess.PIPE
        )
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")
        runs = query(tmp_path / "m.db", "SELECT count(*) FROM runs")[0][0]
        await collector.wait(lambda: sum(each.name.startswith("invoke_agent") for each in collector.spans) >= runs)
        await collector.wait(lambda: len(collector.metrics) > 0)
    assert runs == 20 * times
    assert sum(each.name.startswith("invoke_agent") for each in collector.spans) == runs
    ids = Counter(each.span_id for each in collector.spans)
    assert set(ids.values()) == {1}
    # Each process is an instance of its own: what one has sent is not part of what the other sends.
    sent = [each for each in collector.metrics if each.name == "agentcore.cost.picodollars"]
    known = query(tmp_path / "m.db", "SELECT sum(cost) FROM model_calls")[0][0]
    assert sum(point.as_int for each in sent for point in each.sum.data_points) == known


AT_ONCE = """
from agentcore import ExecutionContext, Usage

provider = plugins.get_plugin("metrics")
provider.settle(Path(sys.argv[1]).parent)

def run_once():
    context = ExecutionContext("triage")
    provider.model_complete(context, "house:small", ModelResponse(), "1", Usage(requests=1, input_tokens=7), 1.0, "ok")
    provider.agent_complete(context, "triage", Usage(), 1.0, "ok")
"""

QUICK_ENDINGS = {
    "process": "run_once()",
    "child of multiprocessing": """
import multiprocessing
child = multiprocessing.get_context("fork").Process(target=run_once)
child.start(); child.join()
assert child.exitcode == 0
""",
    "forked process": """
if os.fork() == 0:
    run_once()
    sys.exit(0)
assert os.wait()[1] == 0
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
@pytest.mark.parametrize("ending", QUICK_ENDINGS.values(), ids=QUICK_ENDINGS.keys())
async def test_nothing_is_lost_when_a_process_ends_at_once(tmp_path: Path, ending: str) -> None:
    """Telemetry has not been set up when the only run ends, and while the interpreter ends it cannot be any more."""
    program = PROGRAM.format(folder=str(Path(__file__).parent)) + AT_ONCE + ending
    async with collecting() as collector:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(tmp_path / "metrics.db"), collector.url, stderr=subprocess.PIPE
        )
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")
        await collector.wait(lambda: len(collector.spans) >= 2 and len(collector.metrics) > 0)
    assert sorted(each.name for each in collector.spans) == ["chat small", "invoke_agent triage"]
    assert collector.total("gen_ai.client.token.usage", **{"gen_ai.token.type": "input"}) == 7
    assert query(tmp_path / "metrics.db", "SELECT count(*) FROM runs") == [(1,)]


async def test_a_collector_that_is_away_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Spans wait for it, and arrive when it is back; no run has noticed."""
    port = free_port()
    provider = provider_of(tmp_path / "metrics.db", otlp=f"http://127.0.0.1:{port}", metrics=False)
    with caplog.at_level(logging.INFO, "agentcore.metrics"):
        async with plugins_of(tmp_path, provider) as plugins:
            for _ in range(2):
                await run_nested(plugins)
                await asyncio.to_thread(provider.flush)
                await asyncio.to_thread(client_of(provider).flush)
            async with collecting(port) as collector:
                await run_nested(plugins)
                await asyncio.to_thread(provider.flush)
                await asyncio.to_thread(client_of(provider).flush)
                await collector.wait(lambda: len(collector.spans) >= 24)
    warnings = [each.message for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert re.fullmatch(rf"telemetry cannot be delivered to 'http://127.0.0.1:{port}': \d+ spans wait", warnings[0])
    assert caplog.messages[-1].endswith("again")


# --- ways to a collector ---


class Grpc(TraceServiceServicer, MetricsServiceServicer):
    """A collector that speaks gRPC: one class, for both services call their method the same."""

    def __init__(self) -> None:
        self.spans: list[str] = []
        self.metrics: list[str] = []
        self.headers: dict[str, str] = {}

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - the services call it so
        self.headers |= dict(context.invocation_metadata())
        if isinstance(request, ExportTraceServiceRequest):
            scopes = [scope for each in request.resource_spans for scope in each.scope_spans]
            self.spans += [span.name for scope in scopes for span in scope.spans]
            return ExportTraceServiceResponse()
        measured = [scope for each in request.resource_metrics for scope in each.scope_metrics]
        self.metrics += [each.name for scope in measured for each in scope.metrics]
        return ExportMetricsServiceResponse()


async def test_a_collector_may_speak_grpc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same spans and metrics, with the headers."""
    monkeypatch.setenv("OTLP_TOKEN", "s3cret")
    collector = Grpc()
    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(collector, server)
    add_MetricsServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    table = {"otlp": f"http://127.0.0.1:{port}", "protocol": "grpc", "headers": {"authorization": "env:OTLP_TOKEN"}}
    async with plugins_of(tmp_path, provider_of(tmp_path / "m.db", **table)) as plugins:
        await run_nested(plugins)
    server.stop(None).wait()
    assert len(collector.spans) == 8
    assert "agentcore.cost.picodollars" in collector.metrics
    assert collector.headers["authorization"] == "s3cret"


def test_grpc_that_is_not_installed_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install; the plugin then fails to load, and says why."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)
    with pytest.raises(PluginError, match=r"(?s)is not installed.*'agentcore-metrics\[otel-grpc\]'"):
        provider_of(path, otlp="http://127.0.0.1:1", protocol="grpc")


def test_spans_that_wait_for_a_collector_are_bounded(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are dropped; how many is told with the warning, and at the end."""
    monkeypatch.setattr("agentcore_metrics.otel._exporting.KEPT", 5)
    monkeypatch.setattr("agentcore_metrics.otel._exporting._MINUTE", 0.0)
    provider = provider_of(path, otlp=f"http://127.0.0.1:{free_port()}", metrics=False)
    for number in range(8):
        Events(provider).tool(ExecutionContext("triage"), tool=f"tool-{number}")
    provider.flush()
    client_of(provider).flush()
    provider.close()
    assert any("5 spans wait, 3 are lost" in each for each in caplog.messages)
    assert caplog.messages[-1] == "5 spans are lost: their collector does not answer"


def test_trouble_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """At once, then no sooner than after a minute; when it is over, and at once when it begins again."""
    clock = [0.0]
    monkeypatch.setattr(_exporting, "monotonic", lambda: clock[0])
    trouble = Trouble("http://127.0.0.1:1")
    with caplog.at_level(logging.INFO, "agentcore.metrics"):
        for now, what in ((0.0, "first"), (59.0, "second"), (60.0, "third"), (61.0, "fourth")):
            clock[0] = now
            trouble.failed(what)
        trouble.succeeded()
        trouble.succeeded()
        trouble.failed("fifth")
    told = [each.rpartition(": ")[2] for each in caplog.messages]
    assert told == ["first", "third", "telemetry is delivered to 'http://127.0.0.1:1' again", "fifth"]
