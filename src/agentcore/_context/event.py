"""The envelope of an event."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from random import getrandbits
from typing import ClassVar, Final

from agentcore._context.details import details_of
from agentcore._context.execution import ExecutionContext

__all__ = ["SCHEMA_VERSION", "Event", "RecordedEvent"]

SCHEMA_VERSION: Final = 1
"""Raised when a hook's arguments change their meaning; arguments that are added do not raise it."""


class Event:
    """Tells one sending of an event from every other.

    All implementations of one sending see the same.
    """

    __slots__ = ("_id", "_time", "attempt", "context", "name", "schema_version", "sequence")

    recorded: ClassVar[bool] = False
    """Whether it comes out of the journal, and so may have been delivered before, here or in another process."""

    def __init__(
        self,
        name: str,
        context: ExecutionContext | None = None,
        *,
        id: str | None = None,
        sequence: int | None = None,
        time_: float | None = None,
        schema_version: int = SCHEMA_VERSION,
        attempt: int = 1,
    ) -> None:
        self.name: str = name
        """The hook's name."""
        self.context: ExecutionContext | None = context
        """The run in which it happened; None for events of the process."""
        if sequence is None and context is not None:
            details = details_of(context)
            details.sequence = sequence = details.sequence + 1
        self.sequence: int = sequence or 0
        """Its number among the run's events that were observed, from 1; 0 for events of the process."""
        self.schema_version: int = schema_version
        """Of the hook's arguments."""
        self.attempt: int = attempt
        """Which delivery of this sending to one provider it is, from 1; more than 1 where it failed before."""
        self._id = id
        self._time = time.time() if time_ is None else time_

    @property
    def id(self) -> str:
        """Unique; stable for as long as this sending is delivered again."""
        if self._id is None:
            context = self.context
            if context is None:
                self._id = f"{getrandbits(128):032x}"
            else:
                self._id = f"{context.context_id}-{context._details.salt}{self.sequence:x}"
        return self._id

    @property
    def timestamp(self) -> float:
        """When it was sent, in seconds since the epoch."""
        return self._time

    @property
    def time(self) -> datetime:
        """When it was sent, in UTC."""
        return datetime.fromtimestamp(self._time, UTC)

    def __repr__(self) -> str:
        return f"<Event {self.name} {self.id}>"


class RecordedEvent(Event):
    """An event out of the journal."""

    __slots__ = ()

    recorded: ClassVar[bool] = True
