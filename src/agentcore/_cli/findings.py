"""What ``agentcore doctor`` finds."""

from __future__ import annotations

from typing import Literal, TypeAlias

from agentcore._data import data
from agentcore.errors import AgentCoreError

__all__ = ["Finding", "Level"]

Level: TypeAlias = Literal["ok", "warning", "problem"]
"""A warning may be meant so; with a problem something will not work."""


@data
class Finding:
    """One thing that was looked at."""

    check: str
    """What was looked at."""
    level: Level
    message: str
    """How it is."""
    advice: str = ""
    """What to do about it, or to learn more; may be empty."""

    @classmethod
    def of_error(cls, check: str, level: Level, error: AgentCoreError) -> Finding:
        """Make a finding of what an error says."""
        return cls(check, level, error.message, error.hint)
