"""What became of each plugin."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import define, field

__all__ = ["PluginStatus", "Stage", "StatusName"]

StatusName: TypeAlias = Literal["loaded", "disabled", "blocked", "failed"]

Stage: TypeAlias = Literal["import", "config", "validation", "setup"]
"""Where a plugin failed before it could be used."""


@define(kw_only=True)
class PluginStatus:
    """One plugin that is installed or registered."""

    name: str
    status: StatusName
    source: str
    """The entry point's value, a module's name, or ``registered by the program``."""
    distribution: str | None = None
    """The package that brought it; None where the program registered it itself."""
    version: str | None = None
    reason: str = ""
    """Why it is disabled, blocked or required; empty where there is nothing to say."""
    hooks: tuple[str, ...] = ()
    """The hooks it implements, in the order of a run."""
    load_time: float | None = None
    """Seconds its import and construction took; None where it was not loaded by discovery."""
    required: bool = False
    """Whether the program refuses to start without it."""
    stage: Stage | None = None
    """Where it failed; None where it did not."""
    error: BaseException | None = field(default=None, eq=False)
    """The latest failure; None where there was none.  A ``loaded`` plugin may have one from a run."""
    failures: int = 0
    """How often an implementation failed since the program started."""
