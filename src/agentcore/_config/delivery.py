"""What may be configured of delivery."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from agentcore._config.durations import Duration, Timeout
from agentcore._config.sizes import Size
from agentcore.types import DeliveryMode, OnFull, Start

__all__ = ["FROZEN", "DeliveryOptions", "HookDeliveryOptions", "JournalOptions"]

# Built at first use: `import agentcore` must stay light, and many programs configure nothing.
FROZEN: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
"""What every model of the configuration is."""


class HookDeliveryOptions(BaseModel):
    """``[delivery.<plugin>.hooks.<hook>]``."""

    model_config = FROZEN

    mode: DeliveryMode | None = None
    timeout: Timeout | None = None
    """For each execution."""


class DeliveryOptions(BaseModel):
    """``[delivery.<plugin>]``: what is set here is taken instead of what the plugin declares.

    The fields are those of :class:`agentcore.Delivery`.
    """

    model_config = FROZEN

    mode: DeliveryMode | None = None
    timeout: Timeout | None = None
    """For each execution of each of the plugin's implementations."""
    retries: Annotated[int, Field(ge=0)] | None = None
    """How often a failed execution is repeated; where nobody says, 8 times for durable events, and else not at all."""
    queue: Annotated[int, Field(gt=0)] | None = None
    on_full: OnFull | None = None
    start: Start | None = None
    worker: StrictBool | None = None
    hooks: Mapping[str, HookDeliveryOptions] = {}
    """For single hooks."""

    def of(self, hook: str) -> HookDeliveryOptions:
        """Return what is set for one hook."""
        return self.hooks.get(hook) or HookDeliveryOptions()


class JournalOptions(BaseModel):
    """``[journal]``: the log behind durable delivery."""

    model_config = FROZEN

    path: Path = Path("journal.db")
    """The file; a relative path starts in the state folder."""
    ack: Literal["run", "event"] = "run"
    """When an event is promised: before its run returns, or before its hook call does."""
    durability: Literal["disk", "process"] = "disk"
    """What a promised event survives: the loss of power, or the death of the process alone."""
    keep: Duration = 7 * 86_400.0
    """How long events stay that everybody has."""
    max_size: Size = 1024**3
    """Bytes on disk above which the oldest events that everybody has are deleted before their time."""
    events: tuple[str, ...] = (
        "agent_*",
        "model_complete",
        "model_error",
        "model_retry",
        "tool_execute",
        "tool_error",
        "knowledge_update",
    )
    """Hooks whose events are kept even where no durable provider asks for them, as patterns: what ``agentcore trace``
    shows, and ``agentcore replay`` can send to a provider that is installed later."""
