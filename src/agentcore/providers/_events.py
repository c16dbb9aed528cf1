"""The events that can be logged and kept, and which of their arguments hold nothing that anybody said."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import filter as fitting
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

from agentcore.errors import ConfigError, nearest

__all__ = ["EVENTS", "FACTS", "EventPattern", "chosen"]

EVENTS: Final = (
    "agent_start",
    "agent_complete",
    "agent_error",
    "model_start",
    "model_retry",
    "model_complete",
    "model_error",
    "tool_start",
    "tool_execute",
    "tool_error",
    "context_fork",
    "knowledge_update",
    "plugin_error",
)
"""Not the pieces of answers: ``model_complete`` has the whole."""

FACTS: Final = ("agent", "model", "tool", "plugin", "hook", "call_id", "outcome", "duration", "attempt", "delay")
"""Who, what, how long, and how it ended."""


def _fits(pattern: str) -> str:
    if not fitting(EVENTS, pattern):
        raise ConfigError(f"no event is named {pattern!r}", hint=nearest(pattern, EVENTS))
    return pattern


EventPattern: TypeAlias = Annotated[str, AfterValidator(_fits)]
"""The name of an event, or a pattern as ``tool_*``."""


def chosen(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the events that one of *patterns* fits."""
    found = {name for pattern in patterns for name in fitting(EVENTS, pattern)}
    return tuple(each for each in EVENTS if each in found)
