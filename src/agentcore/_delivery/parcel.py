"""One event on its way to one provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from agentcore._context import ExecutionContext

__all__ = ["Opened", "Parcel"]


class Opened(NamedTuple):
    """What the provider is called with."""

    arguments: Mapping[str, Any]
    """All of the hook's."""
    context: ExecutionContext | None


class Parcel(Protocol):
    """One event on its way."""

    @property
    def position(self) -> int:
        """Its place in the lane's order."""
        ...

    @property
    def hook(self) -> str: ...

    @property
    def run(self) -> str:
        """The run to whose order it belongs; empty for none."""
        ...

    @property
    def attempt(self) -> int:
        """Which delivery this is, from 1."""
        ...

    @property
    def again(self) -> bool:
        """Whether it has waited for its time: it failed before, or what was before it did."""
        ...

    @property
    def time(self) -> float:
        """When it was sent, in seconds since the epoch."""
        ...

    def open(self) -> Opened:
        """Return what the provider is called with; called on the lane's thread."""
        ...
