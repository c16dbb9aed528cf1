"""What is noted of each event: no more than the run can spare the time for, and all that the ledger needs."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from agentcore.types import Outcome, Usage

__all__ = ["Incident", "IncidentRecord", "ModelRecord", "Record", "RunRecord", "ToolRecord"]

Incident: TypeAlias = Literal["denial", "retry", "plugin_error"]
"""What is counted beside runs and calls."""


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
    call_id: str
    usage: Usage


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
    """The plugin that denied or failed, or the model that is asked again; None where a denial names no plugin."""
    hook: str | None
    """Where the plugin denied or failed; None of a retry."""
    error: str


Record: TypeAlias = RunRecord | ModelRecord | ToolRecord | IncidentRecord
