"""Exact numbers about every run of every agent, in memory and in a ledger on disk."""

from agentcore_metrics._provider import MetricsProvider
from agentcore_metrics._series import Metrics, Observation, Series

__all__ = ["Metrics", "MetricsProvider", "Observation", "Series"]
