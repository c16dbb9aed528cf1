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
from agentcore._delivery.queue import Posted
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
        self._background = background
        self._log = log
        self._durable = durable
        self._ack_event = ack_event
        self._keeper = keeper

    def __call__(
        self, event: Event, context: ExecutionContext | None, arguments: tuple[Any, ...]
    ) -> Awaitable[None] | None:
        """Send one event; what is returned is to be awaited by the caller before it goes on."""
        full = self._post(event, context, arguments) if self._background else ()
        if self._log is None:
            return _rooms(full) if full else None
        ticket = self._log.post(encode(event, dict(zip(self._names, arguments, strict=True)), self._durable))
        if self._durable:
            if self._ack_event or context is None or context.plugins is None:
                # Outside of a run nobody else would wait for it.
                return _safe(self._log, ticket, full)
            details_of(context).ticket = ticket
        return _rooms(full) if full else None

    def _post(
        self, event: Event, context: ExecutionContext | None, arguments: tuple[Any, ...]
    ) -> Sequence[BackgroundLane]:
        """Put the event into the lanes in memory; returns those that are full, and for which the agent is to wait."""
        twin = None if context is None else snapshot(context)
        values = [_copied(each) for each in arguments]
        posted = [(lane, Posted(event, twin, self._names, values, self._keeper)) for lane in self._background]
        return [lane for lane, each in posted if not lane.put(each)]


def _copied(value: Any) -> Any:
    try:
        return copied(value)
    except Exception:
        # It lies in itself, or does not let itself be read: the provider sees the agent's own.
        return value


async def _rooms(lanes: Sequence[BackgroundLane]) -> None:
    for lane in lanes:
        await lane.room()


async def _safe(log: Log, ticket: int, full: Sequence[BackgroundLane]) -> None:
    await log.acknowledged(ticket)
    await _rooms(full)
