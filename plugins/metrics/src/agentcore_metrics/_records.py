"""What is known of everything that ended, complete: who consumes it asks nothing more of the run."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from agentcore.types import Outcome, Usage

__all__ = [
    "CostSource",
    "Incident",
    "IncidentRecord",
    "Knowledge",
    "KnowledgeRecord",
    "ModelRecord",
    "Record",
    "RunRecord",
    "ToolRecord",
]

Incident: TypeAlias = Literal["denial", "retry", "plugin_error", "budget"]
"""What is counted beside runs and calls; ``budget`` is one that was reached and only warned of."""

Knowledge: TypeAlias = Literal["query", "update"]
"""What is done with knowledge: the stores are asked, or get documents to remember."""

CostSource: TypeAlias = Literal["reported", "configured", "genai-prices", "cache"]
"""Where the cost of a call is known from: the model's server, the price table in the configuration, the package;
or that it was answered without asking the model."""


class RunRecord(NamedTuple):
    """A run ended."""

    context_id: str
    parent_id: str | None
    root_id: str
    agent: str
    ended: float
    """Seconds since the epoch."""
    duration: float
    """In seconds, as the event told it."""
    outcome: Outcome
    error: str | None
    """The name of the error's class; None where there was none."""
    usage: Usage
    """The run's own."""
    total_usage: Usage
    """The run's own with that of its children."""
    cost: int | None = None
    """The run's own, of the calls whose cost is known, in 10^-12 US dollars; None where it is known of none."""
    total_cost: int | None = None
    """The run's own with that of its children."""
    event_id: str | None = None
    """Of the event that told of it; None where none did."""


class ModelRecord(NamedTuple):
    """A model call ended."""

    context_id: str
    parent_id: str | None
    root_id: str
    agent: str
    ended: float
    duration: float
    outcome: Outcome
    error: str | None
    model: str
    """The name by which it was asked."""
    call_id: str
    usage: Usage
    provider: str | None = None
    """Who runs the model, as its name tells: what stands before the colon."""
    response_model: str | None = None
    """The model's own name for itself; None where it did not say."""
    first_token: float | None = None
    """Seconds until the first piece of the answer; None where it was not streamed."""
    cost: int | None = None
    """In 10^-12 US dollars; None where it is not known."""
    cost_source: CostSource | None = None
    from_cache: bool = False
    """Whether the answer was given before, and the model not asked."""
    event_id: str | None = None


class ToolRecord(NamedTuple):
    """A tool call ended."""

    context_id: str
    parent_id: str | None
    root_id: str
    agent: str
    ended: float
    duration: float
    outcome: Outcome
    error: str | None
    tool: str
    call_id: str
    event_id: str | None = None


class KnowledgeRecord(NamedTuple):
    """The stores were asked, or got documents to remember."""

    context_id: str | None
    """None where it did not happen in a run, and so are *root_id* and *agent*."""
    root_id: str | None
    agent: str | None
    ended: float
    """Seconds since the epoch."""
    duration: float | None
    """In seconds, of a query, around all stores; None of an update, which ends later in each store."""
    outcome: Outcome
    error: str | None
    kind: Knowledge
    items: int
    """Hits of a query, documents of an update."""
    event_id: str | None = None


class IncidentRecord(NamedTuple):
    """Something else happened that an operator counts."""

    context_id: str | None
    """None where it did not happen in a run, and so are *root_id* and *agent*."""
    root_id: str | None
    agent: str | None
    at: float
    """Seconds since the epoch."""
    kind: Incident
    subject: str | None
    """The plugin that denied or failed, the model that is asked again, the budget; None where a denial names no plugin.
    """
    hook: str | None
    """Where the plugin denied or failed; None of others."""
    error: str
    event_id: str | None = None


Record: TypeAlias = RunRecord | ModelRecord | ToolRecord | KnowledgeRecord | IncidentRecord
"""What the ledger keeps of one thing that happened."""
