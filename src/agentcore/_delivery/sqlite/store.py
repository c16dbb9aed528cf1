"""The journal in one SQLite file."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agentcore._delivery.journal import (
    Appended,
    DeadLetter,
    Durability,
    Journal,
    JournalStats,
    LaneState,
    Passage,
    Record,
    Selection,
)
from agentcore._delivery.sqlite import care, events, failures, lanes
from agentcore._delivery.sqlite.checking import problems
from agentcore._delivery.sqlite.database import Database
from agentcore._delivery.sqlite.faults import fault
from agentcore._delivery.sqlite.making import locks_of
from agentcore._delivery.sqlite.names import Names
from agentcore._delivery.sqlite.pruning import Pruner, give_back
from agentcore.types import Start

__all__ = ["SqliteJournal"]


class SqliteJournal(Journal):
    """The journal in one SQLite file, which any number of processes may append to and read at once.

    Its methods block: for a disk, and at most half a minute for other processes.

    Args:
        path: The file; made, readable by its owner alone, with its folder, where there is none.
        durability: What :meth:`append` promises.
    """

    def __init__(self, path: Path, *, durability: Durability = "disk") -> None:
        self._path = path
        self._durability: Durability = durability
        self._locks = locks_of(path)
        self._database = Database(path, self._locks, durability)
        self._names = Names()
        self._pruner = Pruner()

    @property
    def durability(self) -> Durability:
        """What :meth:`append` promises."""
        return self._durability

    @property
    def place(self) -> str:
        """The file."""
        return str(self._path)

    async def open(self) -> None:
        """Make it usable; make it where there is none, and migrate one of an older version."""
        self._database.open()

    async def aclose(self) -> None:
        """Let go of it, and of the lanes that it owns."""
        self._locks.close()
        self._database.close()

    async def append(self, records: Sequence[Record]) -> int:
        """Add *records*, all or none, and return the position of the last one."""
        try:
            return self._database.write(lambda db: events.append(db, self._names, records), synced=True)
        except BaseException:
            self._names.clear()
            raise

    async def last(self) -> int:
        """Return the position of the newest event."""
        return self._database.read(events.last)

    async def select(self, selection: Selection, *, batch: int = 500) -> AsyncIterator[Sequence[Appended]]:
        """Read events in order, *batch* at a time; nothing is held open between two of them."""
        after = selection.after
        while found := self._selected(selection, after, batch):
            yield found
            after = found[-1].position

    def _selected(self, selection: Selection, after: int, limit: int) -> list[Appended]:
        return self._database.read(lambda db: events.select(db, selection, after, limit, self._path))

    async def count(self, selection: Selection) -> int:
        """Count what :meth:`select` would read."""
        return self._database.read(lambda db: events.count(db, selection))

    async def join(self, lane: str, hooks: Collection[str], start: Start) -> None:
        """Make *lane* known, with the hooks that it is for; one that is known keeps its cursor."""
        self._database.write(lambda db: lanes.join(db, lane, hooks, start), synced=True)

    async def own(self, lane: str) -> bool:
        """Try to become the one owner of *lane* among all processes; True where this journal is already."""
        found = self._database.read(lambda db: lanes.find(db, lane))
        with self._locking():
            held, taken = self._locks.has(found.id), self._locks.take(found.id)
        if taken and not held:
            self._database.write(lambda db: lanes.own(db, found, os.getpid()), synced=False)
        return taken

    async def disown(self, lane: str) -> None:
        """Let another process have *lane*."""
        found = self._database.read(lambda db: lanes.find(db, lane))
        if self._locks.has(found.id):
            self._database.write(lambda db: lanes.own(db, found, None), synced=False)
            self._locks.free(found.id)

    @contextmanager
    def _locking(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise fault(self._path, error) from error

    async def read(self, lane: str, limit: int, now: float) -> Sequence[Appended]:
        """Return what *lane* is to deliver next: failures that are due, then new events promised to it, in order."""
        return self._database.read(lambda db: lanes.read(db, lane, limit, now, self._path))

    async def blocked(self, lane: str) -> Collection[str]:
        """Return the runs of which *lane* has failures."""
        return self._database.read(lambda db: failures.blocked(db, lanes.find(db, lane)))

    async def settle(self, lane: str, passage: Passage) -> None:
        """Note what became of a batch."""
        now = time.time()
        self._database.write(lambda db: failures.settle(db, lanes.find(db, lane), passage, now), synced=False)

    async def pause(self, lane: str, until: float | None) -> None:
        """Note for those who look that *lane* waits for its provider."""
        self._database.write(lambda db: lanes.pause(db, lanes.find(db, lane), until), synced=False)

    async def next_due(self, lane: str) -> float | None:
        """Return when the next failure is due, in seconds since the epoch; None where there is none."""
        return self._database.read(lambda db: failures.next_due(db, lanes.find(db, lane)))

    async def lanes(self) -> Sequence[LaneState]:
        """Return every lane, by name."""
        numbers = self._database.read(lanes.numbers)
        with self._locking():
            owned = {number for number in numbers if self._locks.is_taken(number)}
        return self._database.read(lambda db: lanes.states(db, owned))

    async def forget(self, lane: str) -> None:
        """Drop *lane* with all that it is owed."""
        await self.disown(lane)
        self._database.write(lambda db: lanes.forget(db, lanes.find(db, lane)), synced=True)

    async def dead(self, lane: str | None = None, *, limit: int | None = None) -> Sequence[DeadLetter]:
        """Return the dead letters, oldest first; of every lane where *lane* is None."""
        return self._database.read(
            lambda db: failures.dead(db, None if lane is None else lanes.find(db, lane), limit, self._path)
        )

    async def revive(self, lane: str, positions: Collection[int] | None = None) -> int:
        """Make dead letters due now, as if never tried; returns how many there were."""
        now = time.time()
        return self._database.write(lambda db: failures.revive(db, lanes.find(db, lane), positions, now), synced=True)

    async def drop(self, lane: str, positions: Collection[int] | None = None) -> int:
        """Delete dead letters; returns how many there were."""
        return self._database.write(lambda db: failures.drop(db, lanes.find(db, lane), positions), synced=True)

    async def bookmark(self, name: str) -> int | None:
        """Return the position kept under *name*; None where none is."""
        return self._database.read(lambda db: care.bookmark(db, name))

    async def keep_bookmark(self, name: str, position: int | None) -> None:
        """Keep a position under *name*; None forgets it."""
        self._database.write(lambda db: care.keep_bookmark(db, name, position), synced=False)

    async def stats(self) -> JournalStats:
        """Say how large it is."""
        return self._database.read(lambda db: care.stats(db, self._path, self._durability))

    async def prune(self, *, before: float, max_size: float) -> int:
        """Delete events that nobody is owed any more, some at a time; returns how many."""
        deleted = self._database.write(lambda db: self._pruner.prune(db, before, max_size), synced=False)
        self._database.write(give_back, synced=False)
        return deleted

    async def check(self) -> Sequence[str]:
        """Read all of it, and say what is wrong, each in a line; also where it cannot be opened."""
        return problems(self._database)
