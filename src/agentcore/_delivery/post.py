"""From the call of a hook to the lanes of those who do not answer at once."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

from agentcore._context import Event, ExecutionContext
from agentcore._context.details import details_of
from agentcore._context.record import snapshot
from agentcore._delivery.encoding import encode
from agentcore._delivery.lane import BackgroundLane
from agentcore._delivery.log import Log
from agentcore._delivery.queue import Sent
from agentcore._delivery.snapshot import copied

__all__ = ["Post"]


class Post:
    """Sends the events of one hook on their ways.  A call never raises, and blocks nobody.

    Args:
        names: Of the hook's arguments, without the context and the event.
        background: The lanes in memory.
        log: The journal; None where the event does not go there.
        durable: The lanes to which it is promised there; where there are none it is kept for the record.
        ack_event: Whether each call waits until the event is safe, and not only its run.
        keeper: What must live until the event has been delivered.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        background: Sequence[BackgroundLane],
        log: Log | None,
        durable: tuple[str, ...],
        ack_event: bool,
        keeper: object,
    ) -> None:
        self._names = names
        self._lanes = background
        self._puts = [each.queue.put for each in background]
        self._log = log
        self._durable = durable
        self._ack_event = ack_event
        self._keeper = keeper

    def __call__(
        self, event: Event, context: ExecutionContext | None, arguments: tuple[Any, ...]
    ) -> Awaitable[None] | None:
        """Send one event; what is returned is to be awaited by the caller before it goes on."""
        crowded = False
        if self._puts:
            twin = None if context is None else snapshot(context)
            try:
                values = copied(arguments)
            except Exception:
                values = [_copied_if_possible(each) for each in arguments]
            sent: Sent = (event, twin, self._names, values, self._keeper)
            for put in self._puts:
                crowded |= not put(sent)
        if self._log is not None:
            ticket = self._log.post(encode(event, dict(zip(self._names, arguments, strict=True)), self._durable))
            if self._durable:
                if self._ack_event or context is None or context.plugins is None:
                    # Outside of a run nobody else would wait for it.
                    return self._safe(ticket)
                details_of(context).ticket = ticket
        return self._rooms() if crowded else None

    async def _safe(self, ticket: int) -> None:
        if self._log is not None:
            await self._log.acknowledged(ticket)
        await self._rooms()

    async def _rooms(self) -> None:
        for lane in self._lanes:
            await lane.room()


def _copied_if_possible(value: Any) -> Any:
    try:
        return copied(value)
    except Exception:
        # It lies in itself, or does not let itself be read: the provider sees the agent's own.
        return value
