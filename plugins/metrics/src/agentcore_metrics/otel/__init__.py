"""OpenTelemetry: metrics and spans by the conventions for generative AI.  Needs ``agentcore-metrics[otel]``."""

from agentcore_metrics.otel._client import OpenTelemetryClient

__all__ = ["OpenTelemetryClient"]
