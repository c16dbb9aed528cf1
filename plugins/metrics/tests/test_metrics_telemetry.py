"""OpenTelemetry in the providers of the application, and the endpoint."""

from __future__ import annotations

import re
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from metrics_support import Events, query
from metrics_telemetry import (
    collecting,
    plugins_of,
    provider_of,
    run_many,
    run_nested,
    scraped,
)
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from pydantic import ValidationError

from agentcore import DeniedError, ExecutionContext, Usage
from agentcore_metrics import MetricsProvider
from agentcore_metrics._names import INSTRUMENTS
from agentcore_metrics.otel import OpenTelemetryClient

# --- the application's own providers ---


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


def application(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, sampler: Any = None, **options: Any
) -> OpenTelemetryClient:
    tracer_provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
    return OpenTelemetryClient(MeterProvider([reader], shutdown_on_exit=False), tracer_provider, **options)


def measured(reader: InMemoryMetricReader, name: str) -> list[Any]:
    data = reader.get_metrics_data()
    assert data is not None
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
    return [point for scope in scopes for each in scope.metrics if each.name == name for point in each.data.data_points]


async def test_providers_of_the_application_are_used_and_left_running(
    tmp_path: Path, spans: InMemorySpanExporter, reader: InMemoryMetricReader
) -> None:
    """They are flushed with the plugin, and not shut down; their other tracers make ids of their own."""
    client = application(spans, reader)
    for _ in range(2):
        async with plugins_of(tmp_path, MetricsProvider(client)) as plugins:
            await run_nested(plugins)
    names = Counter(each.name for each in spans.get_finished_spans())
    assert names == {
        "invoke_agent triage": 2,
        "invoke_agent researcher": 2,
        "chat small": 4,
        "chat large": 4,
        "execute_tool researcher": 2,
        "execute_tool look": 2,
    }
    assert sum(each.count for each in measured(reader, "gen_ai.client.operation.duration")) == 16


@pytest.mark.parametrize("sampler", [ALWAYS_OFF, ParentBased(ALWAYS_OFF), ParentBased(TraceIdRatioBased(0.5))], ids=str)
async def test_a_trace_is_sampled_whole_or_not_at_all(
    tmp_path: Path, spans: InMemorySpanExporter, reader: InMemoryMetricReader, sampler: Any
) -> None:
    """Although children end before their parents; metrics count all of them."""
    async with plugins_of(tmp_path, MetricsProvider(application(spans, reader, sampler))) as plugins:
        for _ in range(30):
            await run_nested(plugins)
    traces = Counter(each.context.trace_id for each in spans.get_finished_spans() if each.context is not None)
    assert set(traces.values()) <= {8}
    assert len(traces) < 30
    assert sum(each.count for each in measured(reader, "gen_ai.client.operation.duration")) == 240


def test_spans_belong_to_the_trace_that_a_run_came_from(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader
) -> None:
    """Its parent lives in another process, and is known by its headers."""
    provider = MetricsProvider(application(spans, reader))
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    context = ExecutionContext.from_headers(headers, "triage")
    Events(provider).run(context)
    provider.close()
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert trace.format_trace_id(span.context.trace_id) == "0af7651916cd43dd8448eb211c80319c"
    assert trace.format_span_id(span.parent.span_id) == "b7ad6b7169203331"
    assert trace.format_span_id(span.context.span_id) == context.span_id


def test_spans_tell_what_was_used(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, context: ExecutionContext
) -> None:
    """By the names of the conventions; times are those of the record, and an error is the span's status."""
    provider = MetricsProvider(application(spans, reader))
    usage = Usage(requests=1, input_tokens=9, output_tokens=4, cached_tokens=2)
    Events(provider).model(context, model="openai:x", usage=usage, duration=2.0, outcome="timeout", first_token=0.5)
    provider.close()
    (span,) = spans.get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == (
        "chat x",
        trace.SpanKind.CLIENT,
        trace.StatusCode.ERROR,
    )
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time - span.start_time == 2_000_000_000
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "x",
        "gen_ai.agent.name": "triage",
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "agentcore.usage.input_audio_tokens": 0,
        "agentcore.usage.output_audio_tokens": 0,
        "agentcore.from_cache": False,
        "gen_ai.response.time_to_first_chunk": 0.5,
        "agentcore.outcome": "timeout",
        "error.type": "TimeoutError",
    }


def test_incidents_are_counted(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, context: ExecutionContext
) -> None:
    """Denials by plugin and hook, retries by model, failures by plugin; they have no spans."""
    provider = MetricsProvider(application(spans, reader))
    provider.model_retry(context, "small", ValueError())
    provider.plugin_error(None, "vectorstore", "import", ImportError())
    denied = DeniedError(plugin="guard", hook="tool_call", reason="no")
    provider.tool_error(context, "delete", denied, "1", 0.0, "denied")
    provider.close()
    (denial,) = measured(reader, "agentcore.denials")
    assert dict(denial.attributes) == {
        "error.type": "DeniedError",
        "gen_ai.agent.name": "triage",
        "agentcore.plugin": "guard",
        "agentcore.hook": "tool_call",
    }
    assert [each.value for each in measured(reader, "agentcore.model.retries")] == [1]
    assert [dict(each.attributes)["agentcore.plugin"] for each in measured(reader, "agentcore.plugin.errors")] == [
        "vectorstore"
    ]
    assert [each.name for each in spans.get_finished_spans()] == ["execute_tool delete"]


def test_names_beyond_the_bound_become_other_and_are_counted(
    spans: InMemorySpanExporter, reader: InMemoryMetricReader, context: ExecutionContext
) -> None:
    """A model may invent a tool with each call; spans keep its name, metrics do not, and no id is part of them."""
    provider = MetricsProvider(application(spans, reader, max_values=5))
    for number in range(50):
        Events(provider).tool(context, tool=f"tool-{number}")
    provider.close()
    points = measured(reader, "gen_ai.client.operation.duration")
    assert {each.attributes["gen_ai.tool.name"]: each.count for each in points} == {
        **{f"tool-{number}": 1 for number in range(5)},
        "other": 45,
    }
    assert all(context.context_id not in each.attributes.values() for each in points)
    (others,) = measured(reader, "agentcore.metrics.others")
    assert (others.value, dict(others.attributes)) == (45, {"agentcore.attribute": "gen_ai.tool.name"})
    assert len({each.name for each in spans.get_finished_spans()}) == 50


def test_a_client_that_fails_harms_nobody(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The ledger is written all the same, and the failure is told."""

    class Broken(OpenTelemetryClient):
        def record(self, record: object) -> None:
            raise RuntimeError("out of order")

    provider = MetricsProvider(Broken(), path=path)
    Events(provider).run(ExecutionContext("triage"))
    assert provider.flush()
    assert caplog.messages == ["the client of the metrics failed"]
    caplog.clear()
    provider.close()
    assert query(path, "SELECT count(*) FROM runs") == [(1,)]


# --- the endpoint ---


async def test_the_endpoint_says_what_the_collector_is_sent(tmp_path: Path) -> None:
    """By the names in the table, in the same units; on this machine alone unless told otherwise."""
    async with collecting() as collector:
        provider = provider_of(tmp_path / "metrics.db", prometheus=0, otlp=collector.url)
        async with plugins_of(tmp_path, provider) as plugins:
            await run_many(plugins, 20)
            provider.flush()
            text = await scraped(provider)
        await collector.wait(lambda: len(collector.points("agentcore.cost.picodollars")) > 0)
        for key, each in INSTRUMENTS["1.41.1"].items():
            name = f"{each.prometheus}_sum" if each.buckets else each.prometheus
            lines = [line for line in text.splitlines() if re.match(rf"{name}(\{{|\s)", line) and each.selector in line]
            shown = sum(float(line.rpartition(" ")[2]) for line in lines)
            assert shown == pytest.approx(collector.total(each.name, **each.fixed)), key


async def test_a_port_that_is_taken_is_told_and_metrics_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two programs have the same configuration: the second has a ledger, and no endpoint."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        provider = provider_of(tmp_path / "metrics.db", prometheus={"port": port})
        async with plugins_of(tmp_path, provider) as plugins:
            await run_nested(plugins)
    assert caplog.messages == [
        f"Prometheus cannot be served on 127.0.0.1 port {port}: Address already in use; metrics go on without it"
        " (each process needs a port of its own: set otel.prometheus.port in the metrics plugin's config)"
    ]
    assert query(tmp_path / "metrics.db", "SELECT count(*) FROM runs") == [(2,)]


def test_console_writes_to_stderr(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Results on stdout stay alone."""
    provider = provider_of(path, console=True)
    provider.settle(path.parent)
    Events(provider).run(ExecutionContext("triage"))
    provider.close()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "invoke_agent triage" in shown.err
    assert "gen_ai.client.operation.duration" in shown.err


async def test_exponential_histograms_are_sent_where_asked_for(tmp_path: Path) -> None:
    """Their percentiles are right to some percent, whatever the times."""
    async with collecting() as collector:
        provider = provider_of(tmp_path / "m.db", otlp=collector.url, histograms="exponential", traces=False)
        async with plugins_of(tmp_path, provider) as plugins:
            await run_nested(plugins)
        await collector.wait(lambda: len(collector.metrics) > 0)
    kinds = {each.name: each.WhichOneof("data") for each in collector.metrics}
    assert kinds["gen_ai.client.operation.duration"] == "exponential_histogram"


@pytest.mark.parametrize(
    "table",
    [
        {"prometheus": 9464, "histograms": "exponential"},
        {"dialect": "1.2"},
        {"otlp": "localhost:4318"},
        {"prometheus": 70_000},
        {"interval": 0},
        {"exporter": "jaeger"},
    ],
    ids=["no such endpoint", "dialect", "no URL", "no port", "no time", "unknown key"],
)
def test_config_that_does_not_fit_is_refused(path: Path, table: dict[str, Any]) -> None:
    """At once, by a message, and not by telemetry that never comes."""
    with pytest.raises(ValidationError):
        provider_of(path, **table)


def test_secrets_in_headers_are_given_by_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written out is refused, and what is read is not shown."""
    monkeypatch.setenv("OTLP_TOKEN", "Bearer s3cret")
    table = {"otlp": "http://127.0.0.1:1", "headers": {"authorization": "env:OTLP_TOKEN"}}
    config = MetricsProvider.Config.model_validate({"otel": table})
    assert "s3cret" not in repr(config)
    with pytest.raises(ValidationError) as caught:
        MetricsProvider.Config.model_validate({"otel": {**table, "headers": {"authorization": "Bearer s3cret"}}})
    assert "s3cret" not in str(caught.value)


def test_an_endpoint_may_be_asked_for_without_a_port() -> None:
    """Then it has the usual one."""
    config = MetricsProvider.Config.model_validate({"otel": {"prometheus": True}})
    assert config.otel is not None
    assert config.otel.prometheus is not None
    assert (config.otel.prometheus.host, config.otel.prometheus.port) == ("127.0.0.1", 9464)
