"""Exporters that keep what a collector does not take, and say so once a minute."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

__all__ = ["KEPT", "PatientMetricExporter", "PatientSpanExporter", "Trouble"]

KEPT: Final = 20_000
"""Spans that wait for a collector, about 40 MB; the oldest are dropped, and counted."""

_MINUTE: Final = 60.0

logger = logging.getLogger("agentcore.metrics")


class Trouble:
    """Tells of what cannot be delivered: at once, then once a minute, and when it is over."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._told_at: float | None = None

    def failed(self, what: str) -> None:
        """Something was not delivered."""
        if self._told_at is None or monotonic() - self._told_at >= _MINUTE:
            self._told_at = monotonic()
            logger.warning("telemetry cannot be delivered to %r: %s", self._url, what)

    def succeeded(self) -> None:
        """Something was delivered."""
        if self._told_at is not None:
            self._told_at = None
            logger.info("telemetry is delivered to %r again", self._url)


class PatientSpanExporter(SpanExporter):
    """Tries again with the next batch what was not taken, and does nothing in a forked child.

    There the spans are the parent's, who exports them itself.
    """

    def __init__(self, exporter: SpanExporter, trouble: Trouble) -> None:
        self._exporter = exporter
        self._trouble = trouble
        self._pid = os.getpid()
        self._kept: deque[ReadableSpan] = deque()
        self.dropped = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if os.getpid() != self._pid:
            return SpanExportResult.SUCCESS
        batch = [*self._kept, *spans]
        self._kept.clear()
        if self._exporter.export(batch) is SpanExportResult.SUCCESS:
            self._trouble.succeeded()
            return SpanExportResult.SUCCESS
        lost = max(0, len(batch) - KEPT)
        self.dropped += lost
        self._kept.extend(batch[lost:])
        self._trouble.failed(f"{len(self._kept)} spans wait" + (f", {self.dropped} are lost" if self.dropped else ""))
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        if os.getpid() != self._pid:
            return
        if self._kept and self.export(()) is not SpanExportResult.SUCCESS:
            logger.warning("%d spans are lost: their collector does not answer", len(self._kept))
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class PatientMetricExporter(MetricExporter):
    """The same for metrics, of which nothing must be kept: the next export has the sums of all."""

    def __init__(
        self,
        exporter: MetricExporter,
        trouble: Trouble,
        *,
        temporality: dict[type, AggregationTemporality] | None = None,
        aggregation: dict[type, Any] | None = None,
    ) -> None:
        super().__init__(preferred_temporality=temporality, preferred_aggregation=aggregation)
        # Its arguments by name have no types.
        self._inner: Any = exporter
        self._trouble = trouble
        self._pid = os.getpid()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        if os.getpid() != self._pid:
            return MetricExportResult.SUCCESS
        result: MetricExportResult = self._inner.export(metrics_data, timeout_millis)
        if result is MetricExportResult.SUCCESS:
            self._trouble.succeeded()
        else:
            self._trouble.failed("the metrics of this minute wait for the next")
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return bool(self._inner.force_flush(timeout_millis))

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        if os.getpid() == self._pid:
            self._inner.shutdown(timeout_millis)
