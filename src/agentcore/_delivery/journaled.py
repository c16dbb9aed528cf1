"""The journal as one lane sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from inspect import Signature
from typing import Any, NamedTuple, TypeAlias

from agentcore._delivery.decoding import decode
from agentcore._delivery.journal import Appended, LaneState, Passage
from agentcore._delivery.log import Log
from agentcore._delivery.parcel import Opened, Parcel

__all__ = ["JournalSource", "Shipped", "Specified", "Specify"]


class Specified(NamedTuple):
    """What is known of a hook."""

    function: Callable[..., Any]
    signature: Signature


Specify: TypeAlias = Callable[[str], Specified | None]
"""Looks a hook up; None where there is none of this name any more."""


class Shipped:
    """An event out of the journal."""

    __slots__ = ("_specify", "appended")

    def __init__(self, appended: Appended, specify: Specify) -> None:
        self.appended = appended
        self._specify = specify

    @property
    def position(self) -> int:
        return self.appended.position

    @property
    def hook(self) -> str:
        return self.appended.record.hook

    @property
    def run(self) -> str:
        return self.appended.record.run

    @property
    def attempt(self) -> int:
        return self.appended.attempt

    @property
    def again(self) -> bool:
        return self.appended.again

    @property
    def time(self) -> float:
        return self.appended.record.time

    def open(self) -> Opened:
        specified = self._specify(self.hook)
        if specified is None:
            raise LookupError(f"there is no hook {self.hook!r} any more")
        decoded = decode(self.appended, *specified)
        return Opened(decoded.arguments, decoded.context)


class JournalSource:
    """The events of one lane, read out of the journal on its thread."""

    def __init__(self, log: Log, lane: str, specify: Specify) -> None:
        self._log = log
        self._lane = lane
        self._specify = specify

    async def take(self, limit: int, now: float) -> Sequence[Parcel]:
        found = await self._log.call(lambda: self._log.journal.read(self._lane, limit, now))
        return [Shipped(each, self._specify) for each in found]

    async def settle(self, passage: Passage, untouched: Sequence[Parcel]) -> None:
        await self._log.call(lambda: self._log.journal.settle(self._lane, passage))

    async def blocked(self) -> Collection[str]:
        return await self._log.call(partial(self._log.journal.blocked, self._lane))

    async def next_due(self) -> float | None:
        return await self._log.call(partial(self._log.journal.next_due, self._lane))

    async def pause(self, until: float | None) -> None:
        await self._log.call(lambda: self._log.journal.pause(self._lane, until))

    async def own(self) -> bool:
        """Try to become the lane's owner."""
        return await self._log.own(self._lane)

    async def disown(self) -> None:
        """Let another have it."""
        await self._log.disown(self._lane)

    def listen(self, listener: Callable[[], None]) -> None:
        """Have *listener* told when there may be more."""
        self._log.listen(listener)

    def ignore(self, listener: Callable[[], None]) -> None:
        """Tell it no more."""
        self._log.ignore(listener)

    async def last(self) -> int:
        """Return the position of the newest event, when all that has been posted is in the journal."""
        await self._log.appended(self._log.posted)
        return await self._log.call(self._log.journal.last)

    async def has_passed(self, position: int) -> bool:
        """Whether nothing up to *position* waits any more."""
        state = await self.state()
        return (state.cursor >= position and not state.retrying) or not state.waiting

    @property
    def unwritten(self) -> int:
        """How many events wait to be written to the journal, whoever they are for."""
        return self._log.waiting

    async def state(self) -> LaneState:
        """Return the lane's state."""
        lanes = await self._log.call(self._log.journal.lanes)
        return next(each for each in lanes if each.lane == self._lane)
