"""Sends every record as OpenTelemetry's metrics and spans."""

from __future__ import annotations

from typing import Final, Self

from opentelemetry import metrics, trace

from agentcore_metrics._config import Dialect, OpenTelemetry
from agentcore_metrics._names import INSTRUMENTS
from agentcore_metrics._records import Record
from agentcore_metrics.otel._measuring import Measuring
from agentcore_metrics.otel._session import GivenSession, OwnSession, Session, check_installed
from agentcore_metrics.otel._spans import Spans

__all__ = ["OpenTelemetryClient"]

_SCOPE: Final = "agentcore_metrics"
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.41.1"


class OpenTelemetryClient:
    """Metrics and spans by the conventions for generative AI, with the trace and span ids of the contexts.

    Pass it to :class:`agentcore_metrics.MetricsProvider`, which calls it on a thread of its own.
    """

    def __init__(
        self,
        meter_provider: metrics.MeterProvider | None = None,
        tracer_provider: trace.TracerProvider | None = None,
        *,
        dialect: Dialect = "1.41.1",
        max_values: int = 200,
    ) -> None:
        """Use the application's providers, which are flushed and never shut down.

        Args:
            meter_provider: None takes the global one, also where it is set later.
            tracer_provider: Likewise.
            dialect: Of the conventions.
            max_values: Names of one kind, as agents or tools, that are told apart in metrics; further ones count as
                ``other``.
        """
        self._config = OpenTelemetry(dialect=dialect, max_values=max_values)
        self._given = meter_provider, tracer_provider
        self._session: Session | None = None
        self._measure: Measuring | None = None
        self._span: Spans | None = None

    @classmethod
    def from_config(cls, config: OpenTelemetry) -> Self:
        """Make the client that a configuration describes.

        Raises:
            PluginError: Something that it needs is not installed.
        """
        check_installed(config)
        client = cls()
        client._config = config
        return client

    @property
    def _is_own(self) -> bool:
        config = self._config
        return config.otlp is not None or config.prometheus is not None or config.console

    @property
    def port(self) -> int:
        """Where Prometheus is served; 0 where it is not."""
        return self._session.port if isinstance(self._session, OwnSession) else 0

    def open(self) -> None:
        """Take the providers, or set them up."""
        if self._session is None:
            self._use(OwnSession(self._config) if self._is_own else self._application())
        elif not self._is_own:
            found = self._application()
            session = self._session
            if found.meter_provider is not session.meter_provider or (
                found.tracer_provider is not session.tracer_provider
            ):
                self._use(found)

    def _application(self) -> GivenSession:
        meter_provider, tracer_provider = self._given
        return GivenSession(
            (meter_provider or metrics.get_meter_provider()) if self._config.metrics else None,
            (tracer_provider or trace.get_tracer_provider()) if self._config.traces else None,
        )

    def _use(self, session: Session) -> None:
        self._session = session
        names = INSTRUMENTS[self._config.dialect]
        self._measure = self._span = None
        if session.meter_provider is not None:
            meter = session.meter_provider.get_meter(_SCOPE, schema_url=_SCHEMA)
            self._measure = Measuring(meter, names, self._config.max_values)
        if session.tracer_provider is not None:
            self._span = Spans(session.tracer_provider.get_tracer(_SCOPE, schema_url=_SCHEMA))

    def record(self, record: Record) -> None:
        """Measure *record*, and make its span."""
        self.open()
        if self._measure is not None:
            self._measure(record)
        if self._span is not None:
            self._span(record)

    def flush(self) -> None:
        """Send what is left."""
        if self._session is not None:
            self._session.flush()

    def close(self) -> None:
        """Send what is left, and end what was set up from the configuration."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def after_fork_in_child(self) -> None:
        """Begin with nothing: what has been counted is the parent's, who tells it."""
        self._session = None
