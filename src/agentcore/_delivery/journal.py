"""What a journal is: the log of events behind durable delivery.

A journal keeps events in the order in which they were appended, and for each lane (one provider's way through them) a
cursor, the events that failed and are due again, and the dead letters.
:class:`~agentcore._delivery.sqlite.SqliteJournal` is the one that every program has; another engine stands behind the
same lanes by implementing :class:`Journal` and passing its contract suite.

All methods of one journal are called on one event loop, that of the journal's own thread: they may block.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Literal, Protocol, TypeAlias

from agentcore._data import data
from agentcore.types import Start

__all__ = [
    "Appended",
    "DeadLetter",
    "Durability",
    "Failure",
    "Journal",
    "JournalStats",
    "LaneState",
    "Passage",
    "Record",
    "Selection",
]

Durability: TypeAlias = Literal["disk", "process"]
"""What an acknowledged event survives: ``disk`` the loss of power, ``process`` the death of the process alone."""


@data(kw_only=True)
class Record:
    """One event, as it is appended."""

    id: str
    """The event's; unique.  The same event sent again has the same."""
    hook: str
    run: str
    """The context id of the run; empty for events of the process."""
    root: str
    """The context id of the run's oldest ancestor; empty for events of the process."""
    agent: str
    """The run's agent; empty for events of the process."""
    time: float
    """When it was sent, in seconds since the epoch."""
    payload: bytes
    """The arguments and the context, as JSON; opaque to a journal."""
    lanes: tuple[str, ...]
    """To whom it is promised; empty for an event that is kept for the record."""


@data(kw_only=True)
class Appended:
    """One event as it is read from a journal."""

    position: int
    """Its place: from 1, growing, never used again."""
    record: Record
    attempt: int = 1
    """Which delivery to the lane this is, from 1."""
    again: bool = False
    """Whether it comes from the failures, where it waited for its time."""


@data(kw_only=True)
class Failure:
    """A delivery that is to be repeated or given up."""

    position: int
    run: str
    attempts: int
    """How often it was tried."""
    due: float
    """When to try again, in seconds since the epoch."""
    error: str
    """Of the last try, in one line; empty for one that waits behind another event of its run."""


@data(kw_only=True)
class Passage:
    """What became of a batch: settled in one step, or not at all."""

    cursor: int | None = None
    """The position up to which new events have been seen to; None leaves the cursor."""
    delivered: Collection[int] = ()
    """Positions."""
    retry: Sequence[Failure] = ()
    dead: Sequence[Failure] = ()
    """Given up."""


@data(kw_only=True)
class LaneState:
    """One lane, as the journal knows it."""

    lane: str
    hooks: tuple[str, ...]
    cursor: int
    waiting: int
    """Events promised to it that have not been delivered, those that are to be repeated included."""
    retrying: int
    """Those of them that failed, and what waits behind them."""
    dead: int
    delivered: int
    """Since the lane began."""
    retried: int
    """Deliveries repeated since the lane began."""
    oldest: float | None
    """When the oldest waiting event was sent, in seconds since the epoch; None where none waits."""
    owner: int | None
    """The id of the process that delivers it; None where none does."""
    paused_until: float | None
    """While its breaker is open, when the next probe is due, in seconds since the epoch."""


@data(kw_only=True)
class DeadLetter:
    """An event that was given up."""

    lane: str
    appended: Appended
    attempts: int
    error: str
    time: float
    """When it was given up, in seconds since the epoch."""


@data(kw_only=True)
class JournalStats:
    """How large a journal is."""

    events: int
    size: int
    """Bytes on disk."""
    first: int | None
    """The position of the oldest event; None where there is none."""
    last: int
    """The position of the newest event ever appended; 0 before the first."""
    oldest: float | None
    """When the oldest event was sent, in seconds since the epoch."""
    newest: float | None
    durability: Durability


@data(kw_only=True)
class Selection:
    """Which events to read, whoever they were promised to."""

    after: int = 0
    """Only those behind this position."""
    until: int | None = None
    """Only those up to this position; None for all."""
    hooks: tuple[str, ...] = ()
    """Only those of these hooks; empty for all."""
    run: str | None = None
    """Only those of this run and, where it is a root, of all the runs within it: the id, or the beginning of one."""
    since: float | None = None
    """Only those sent since, in seconds since the epoch."""


class Journal(Protocol):
    """An append-only log with a cursor for each lane.

    Every method raises :class:`~agentcore.errors.JournalError` where it cannot do what it promises, and has done
    nothing then.
    """

    @property
    def durability(self) -> Durability:
        """What :meth:`append` promises."""
        ...

    @property
    def place(self) -> str:
        """Where it is, as a person would look for it: a file, an address without secrets."""
        ...

    async def open(self) -> None:
        """Make it usable; make it where there is none, and migrate one of an older version."""
        ...

    async def aclose(self) -> None:
        """Let go of it, and of the lanes that it owns."""
        ...

    # --- events ---

    async def append(self, records: Sequence[Record]) -> int:
        """Add *records*, all or none; when it returns they are as safe as :attr:`durability` says.

        Returns:
            The position of the last one.
        """
        ...

    async def last(self) -> int:
        """Return the position of the newest event; cheap enough to be asked ten times a second."""
        ...

    def select(self, selection: Selection, *, batch: int = 500) -> AsyncIterator[Sequence[Appended]]:
        """Read events in order, *batch* at a time."""
        ...

    async def count(self, selection: Selection) -> int:
        """Count what :meth:`select` would read."""
        ...

    # --- lanes ---

    async def join(self, lane: str, hooks: Collection[str], start: Start) -> None:
        """Make *lane* known, with the hooks that it is for; one that is known keeps its cursor.

        One that starts at the beginning is owed every event of its hooks that is in the journal, promised or not.
        """
        ...

    async def own(self, lane: str) -> bool:
        """Try to become the one owner of *lane* among all processes; True where this journal is already.

        The lane is free again when the owner lets go of it or dies, however it dies.
        """
        ...

    async def disown(self, lane: str) -> None:
        """Let another process have *lane*."""
        ...

    async def read(self, lane: str, limit: int, now: float) -> Sequence[Appended]:
        """Return what *lane* is to deliver next: failures that are due, then new events promised to it, in order.

        Of the failures of one run only the oldest is ever returned.
        New events behind a failure of the same run are returned as well: who delivers them keeps the order of a run by
        settling them as failures that wait.
        """
        ...

    async def blocked(self, lane: str) -> Collection[str]:
        """Return the runs of which *lane* has failures."""
        ...

    async def settle(self, lane: str, passage: Passage) -> None:
        """Note what became of a batch.  It survives the death of the process, and need not survive a loss of power."""
        ...

    async def pause(self, lane: str, until: float | None) -> None:
        """Note for those who look that *lane* waits for its provider."""
        ...

    async def next_due(self, lane: str) -> float | None:
        """Return when the next failure is due, in seconds since the epoch; None where there is none."""
        ...

    async def lanes(self) -> Sequence[LaneState]:
        """Return every lane, by name."""
        ...

    async def forget(self, lane: str) -> None:
        """Drop *lane* with all that it is owed."""
        ...

    # --- dead letters ---

    async def dead(self, lane: str | None = None, *, limit: int | None = None) -> Sequence[DeadLetter]:
        """Return the dead letters, oldest first; of every lane where *lane* is None."""
        ...

    async def revive(self, lane: str, positions: Collection[int] | None = None) -> int:
        """Make dead letters due now, as if never tried; all of the lane's where *positions* is None.

        Returns:
            How many there were.
        """
        ...

    async def drop(self, lane: str, positions: Collection[int] | None = None) -> int:
        """Delete dead letters; all of the lane's where *positions* is None.  Returns how many there were."""
        ...

    # --- replays ---

    async def bookmark(self, name: str) -> int | None:
        """Return the position kept under *name*; None where none is."""
        ...

    async def keep_bookmark(self, name: str, position: int | None) -> None:
        """Keep a position under *name*; None forgets it."""
        ...

    # --- care ---

    async def stats(self) -> JournalStats:
        """Say how large it is."""
        ...

    async def prune(self, *, before: float, max_size: float) -> int:
        """Delete events that nobody is owed any more: those sent before *before*, and the oldest as long as the whole
        is larger than *max_size* bytes.  Does a bounded amount of work; returns how many it deleted.

        Owed is what is promised to a lane that has not passed it, fails in it, or holds it as a dead letter.
        """
        ...

    async def check(self) -> Sequence[str]:
        """Read all of it, and say what is wrong, each in a line; empty where nothing is."""
        ...
