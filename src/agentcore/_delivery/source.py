"""Where a lane takes its events from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from agentcore._delivery.journal import Passage
from agentcore._delivery.parcel import Parcel

__all__ = ["Source"]


class Source(Protocol):
    """The events of one lane; used on the lane's thread."""

    async def take(self, limit: int, now: float) -> Sequence[Parcel]:
        """Return what is to be delivered next, in order; nothing where nothing is ready.

        Args:
            limit: At most this many.
            now: In seconds since the epoch.
        """
        ...

    async def settle(self, passage: Passage, untouched: Sequence[Parcel]) -> None:
        """Note what became of what was taken; *untouched* is taken again."""
        ...

    async def blocked(self) -> Collection[str]:
        """Return the runs of which a failure waits to be repeated: what comes later of them must wait behind it."""
        ...

    async def next_due(self) -> float | None:
        """Return when the next failure is due, in seconds since the epoch; None where there is none."""
        ...

    async def pause(self, until: float | None) -> None:
        """Note for those who look until when the provider is left alone; None where it is not."""
        ...
