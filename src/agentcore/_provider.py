"""Providers as classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentcore.types import Delivery, DeliveryMode

__all__ = ["Provider"]


class Provider:
    """A plugin written as a class: one method that gets the events it lists.

    Register it like any plugin, or pass it to an agent: ``Agent(..., providers=[MyProvider()])``.

    Example:
        >>> class Printer(Provider):
        ...     name = "printer"
        ...     events = ("tool_execute",)
        ...
        ...     async def handle_event(self, event, data):
        ...         print(data["tool"], data["duration"])
    """

    name: str = ""
    """The name to register under; empty takes the class's name in lower case."""
    events: Sequence[str] = ()
    """The hooks to be called for; value hooks, too, where :meth:`handle_event` returns the replacement."""
    priority: int = 0
    """Higher ones run earlier among the implementations of a hook that are neither ``tryfirst`` nor ``trylast``."""
    delivery: DeliveryMode | Delivery = "inline"
    """How events get here: awaited by the agent, or from a lane of the provider's own, which has a thread and an event
    loop; :meth:`~agentcore.Provider.initialize` and :meth:`~agentcore.Provider.aclose` run there, too."""

    async def initialize(self) -> None:
        """Open what is needed; runs once, before the first event.  A failure makes the plugin ``failed``."""

    async def aclose(self) -> None:
        """Flush and close; runs once, after the last event."""

    async def handle_event(self, event: str, data: Mapping[str, Any]) -> Any:
        """Handle one event.

        Args:
            event: The hook's name.
            data: Its arguments by name, with the context under ``"context"`` and the envelope under ``"event"``.

        Returns:
            Ignored for events; for value hooks the replacement, or None.
        """
        raise NotImplementedError(f"{type(self).__name__} lists events and does not handle them")
