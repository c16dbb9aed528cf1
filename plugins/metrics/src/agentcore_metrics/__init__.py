"""Exact numbers about every run of every agent, in memory and in a ledger on disk."""

from agentcore_metrics._client import Client
from agentcore_metrics._config import Budgets, Limit
from agentcore_metrics._prices import Price
from agentcore_metrics._provider import MetricsProvider
from agentcore_metrics._records import IncidentRecord, KnowledgeRecord, ModelRecord, Record, RunRecord, ToolRecord
from agentcore_metrics._series import Metrics, Observation, Series

__all__ = [
    "Budgets",
    "Client",
    "IncidentRecord",
    "KnowledgeRecord",
    "Limit",
    "Metrics",
    "MetricsProvider",
    "ModelRecord",
    "Observation",
    "Price",
    "Record",
    "RunRecord",
    "Series",
    "ToolRecord",
]
