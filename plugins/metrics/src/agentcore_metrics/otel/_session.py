"""The providers of telemetry: those that the configuration asks for, or the application's."""

from __future__ import annotations

import logging
import os
import sys
import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
)

from agentcore.errors import PluginError
from agentcore_metrics._config import OpenTelemetry
from agentcore_metrics.otel._exporting import PatientMetricExporter, PatientSpanExporter, Trouble

if TYPE_CHECKING:
    from agentcore_metrics.otel._endpoint import Endpoint

__all__ = ["GivenSession", "OwnSession", "Session", "check_installed"]

_QUEUE: Final = 20_000
_TIMEOUT: Final = 5.0
"""Seconds for one export, its repetitions included."""

_FLUSH_MILLIS: Final = 10_000

_NOISY: Final = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
)
"""They tell of each failed try; ours tell of the failure."""

logger = logging.getLogger("agentcore.metrics")


class Session(Protocol):
    """Two providers, and what ends with them."""

    meter_provider: metrics.MeterProvider | None
    tracer_provider: trace.TracerProvider | None

    def flush(self) -> None: ...
    def close(self) -> None: ...


class GivenSession:
    """The application's own providers: ours to flush, and not to shut down."""

    def __init__(
        self, meter_provider: metrics.MeterProvider | None, tracer_provider: trace.TracerProvider | None
    ) -> None:
        self.meter_provider = meter_provider
        self.tracer_provider = tracer_provider

    def flush(self) -> None:
        for each in (self.meter_provider, self.tracer_provider):
            if isinstance(each, (MeterProvider, TracerProvider)):
                each.force_flush(_FLUSH_MILLIS)

    def close(self) -> None:
        self.flush()


class OwnSession:
    """Providers of our own, as the configuration describes them."""

    def __init__(self, config: OpenTelemetry) -> None:
        self._endpoint: Endpoint | None = None
        self._silenced = _silence() if config.otlp is not None else []
        resource = Resource.create(
            {"service.name": config.service_name, "service.instance.id": str(uuid.uuid4()), "process.pid": os.getpid()}
        )
        self._meter_provider = self._measuring(config, resource) if config.metrics else None
        self._tracer_provider = _tracing(config, resource) if config.traces else None
        self.meter_provider: metrics.MeterProvider | None = self._meter_provider
        self.tracer_provider: trace.TracerProvider | None = self._tracer_provider

    def _measuring(self, config: OpenTelemetry, resource: Resource) -> MeterProvider:
        readers: list[MetricReader] = []
        aggregation: dict[type, Any] = {}
        if config.histograms == "exponential":
            aggregation[Histogram] = ExponentialBucketHistogramAggregation()
        exporters: list[MetricExporter] = []
        if config.otlp is not None:
            exporter = _otlp_metric_exporter(config)
            exporters.append(PatientMetricExporter(exporter, Trouble(config.otlp), aggregation=aggregation))
        if config.console:
            exporters.append(ConsoleMetricExporter(out=sys.stderr, preferred_aggregation=aggregation))
        readers += [PeriodicExportingMetricReader(each, config.interval * 1000) for each in exporters]
        if config.prometheus is not None:
            from agentcore_metrics.otel._endpoint import Endpoint

            self._endpoint = Endpoint(config.prometheus)
            if self._endpoint.reader is not None:
                readers.append(self._endpoint.reader)
        return MeterProvider(readers, resource, shutdown_on_exit=False)

    @property
    def port(self) -> int:
        """Where Prometheus is served; 0 where it is not."""
        return 0 if self._endpoint is None else self._endpoint.port

    def flush(self) -> None:
        for each in (self._meter_provider, self._tracer_provider):
            if each is not None:
                each.force_flush(_FLUSH_MILLIS)

    def close(self) -> None:
        # It exports what is left.
        for each in (self._tracer_provider, self._meter_provider):
            if each is not None:
                each.shutdown()
        if self._endpoint is not None:
            self._endpoint.close()
        for noisy in self._silenced:
            noisy.removeFilter(_quiet)


def _tracing(config: OpenTelemetry, resource: Resource) -> TracerProvider:
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if config.otlp is not None:
        exporter = PatientSpanExporter(_otlp_span_exporter(config), Trouble(config.otlp))
        provider.add_span_processor(BatchSpanProcessor(exporter, _QUEUE, 500))
    if config.console:
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
    return provider


def _otlp_metric_exporter(config: OpenTelemetry) -> MetricExporter:
    headers = _headers(config)
    if config.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter

        return GrpcExporter(endpoint=config.otlp, headers=tuple(headers.items()), timeout=_TIMEOUT)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter(endpoint=_signal(config, "metrics"), headers=headers, timeout=_TIMEOUT)


def _otlp_span_exporter(config: OpenTelemetry) -> SpanExporter:
    headers = _headers(config)
    if config.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

        return GrpcExporter(endpoint=config.otlp, headers=tuple(headers.items()), timeout=_TIMEOUT)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=_signal(config, "traces"), headers=headers, timeout=_TIMEOUT)


def _headers(config: OpenTelemetry) -> dict[str, str]:
    return {name: value.resolve() for name, value in config.headers.items()}


def _signal(config: OpenTelemetry, signal: str) -> str:
    return f"{(config.otlp or '').rstrip('/')}/v1/{signal}"


def _quiet(record: logging.LogRecord) -> bool:
    return record.levelno < logging.WARNING


def _silence() -> list[logging.Logger]:
    loggers = [logging.getLogger(name) for name in _NOISY]
    for each in loggers:
        each.addFilter(_quiet)
    return loggers


def check_installed(config: OpenTelemetry) -> None:
    """See whether what *config* needs can be imported.

    Raises:
        PluginError: It cannot; the hint says what to install.
    """
    try:
        if config.protocol == "grpc" and config.otlp is not None:
            import opentelemetry.exporter.otlp.proto.grpc as _grpc

            del _grpc
    except ImportError as error:
        raise PluginError(
            "OTLP over gRPC needs opentelemetry-exporter-otlp-proto-grpc, which is not installed",
            plugin="metrics",
            hint="python -m pip install 'agentcore-metrics[otel-grpc]', or protocol = \"http\".",
        ) from error
