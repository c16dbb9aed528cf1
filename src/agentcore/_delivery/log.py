"""The journal at work: a thread that commits together what many agents append."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from time import monotonic, time
from typing import Any, Final, TypeVar

from agentcore._config import JournalOptions
from agentcore._delivery.buffer import Buffer
from agentcore._delivery.journal import Journal, Record
from agentcore._delivery.loops import LoopThread
from agentcore.errors import JournalError

__all__ = ["LOOK", "Log"]

logger = logging.getLogger("agentcore.delivery")

T = TypeVar("T")

LOOK: Final = 0.2
"""Seconds between two looks for what other processes have appended."""

PATIENCE: Final = 1.0
"""Seconds between two tries to append to a journal that fails, as on a full disk."""

_GROUP: Final = 1_000
"""Records in one commit at most."""

_CARE: Final = 60.0
"""Seconds between two prunings, while nothing is appended; a thousand events bring the next one forward."""


class Log:
    """Puts records into a journal, many at a time, and says when they are safe.

    While the journal fails, records wait in memory, those who wait for them are let go, and it is tried again and
    again.

    Args:
        journal: Opened and closed with the log.
        options: For keeping and pruning.
        failed: Told, on the journal's thread, when appending begins to fail.
    """

    def __init__(
        self, journal: Journal, options: JournalOptions, failed: Callable[[JournalError], None] | None = None
    ) -> None:
        self.journal = journal
        self.options = options
        self.failure: JournalError | None = None
        """Why the journal cannot be appended to at present; None where it can."""
        self._failed = failed
        self._listeners: list[Callable[[], None]] = []
        self._working: set[str] = set()
        self._opening = threading.Lock()
        self._begin()
        _logs.add(self)

    def _begin(self) -> None:
        """Have nothing posted and no thread; so begins a forked child, whose parent appends what was posted there."""
        self._thread = LoopThread("agentcore-journal")
        self._buffer = Buffer()
        self._news: asyncio.Event | None = None
        self._last = 0
        self._appended = 0

    # --- life ---

    def open(self) -> None:
        """Start the thread and open the journal, where that has not been done; blocks until it is usable.

        Raises:
            JournalError: It cannot be opened.
        """
        with self._opening:
            if self._thread.running:
                return
            thread = self._thread
            thread.start()
            try:
                thread.wait(self._open)
            except BaseException:
                thread.stop(PATIENCE)
                raise
            thread.spawn(self._append_all)
            thread.spawn(self._look)
            thread.spawn(self._care)

    async def _open(self) -> None:
        await self.journal.open()
        self._news = asyncio.Event()
        self._last = await self.journal.last()

    async def aclose(self) -> None:
        """Append what waits, if that is possible, close the journal and end the thread."""
        if not self._thread.running:
            return
        await self.acknowledged(self._buffer.posted)
        if len(self._buffer):
            logger.error("the journal %s could not take %d of the events: lost", self.journal.place, len(self._buffer))
        await self._thread.call(self.journal.aclose)
        self._thread.stop(PATIENCE)
        self._begin()

    # --- posting ---

    def post(self, record: Record) -> int:
        """Have *record* appended; on any thread, without blocking.

        Returns:
            A ticket for :meth:`acknowledged`.
        """
        ticket, first = self._buffer.put(record)
        if first:
            if not self._thread.running:
                # After a fork.  The lanes begin here, too: whoever owned them may be gone.
                self.open()
                self._announce()
            self._thread.soon(self._tell)
        return ticket

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()

    async def acknowledged(self, ticket: int) -> None:
        """Wait until the record of *ticket* is in the journal; or until it is known that it cannot be for now.

        A cancellation waits as well, for what is a matter of milliseconds, and goes on then.
        """
        if self.failure is not None or self._buffer.is_settled(ticket):
            return
        future = self._buffer.wait_for(ticket)
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future], timeout=PATIENCE)
            raise

    async def appended(self, ticket: int) -> None:
        """Wait until the record of *ticket* is in the journal, however long that may fail."""
        while not self._buffer.is_settled(ticket):
            await self.acknowledged(ticket)
            await asyncio.sleep(0 if self.failure is None else PATIENCE)

    @property
    def waiting(self) -> int:
        """How many records are not yet in the journal."""
        return len(self._buffer)

    @property
    def posted(self) -> int:
        """The ticket of the newest record."""
        return self._buffer.posted

    @property
    def dropped(self) -> int:
        """Records for which there was no room while the journal failed."""
        return self._buffer.dropped

    # --- the journal's own ---

    async def call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Use the journal: run *work* on its thread, and wait."""
        return await self._thread.call(work)

    def wait(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Use the journal, and block."""
        return self._thread.wait(work)

    def listen(self, listener: Callable[[], None]) -> None:
        """Have *listener* called when there may be something new in the journal; on its thread, or that of an agent."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    def ignore(self, listener: Callable[[], None]) -> None:
        """Do not call *listener* any more."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    async def own(self, lane: str) -> bool:
        """Try to become the one worker of *lane*, among processes and within this one."""
        if lane in self._working:
            return False
        self._working.add(lane)
        owned = False
        try:
            owned = await self.call(lambda: self.journal.own(lane))
        finally:
            if not owned:
                self._working.discard(lane)
        return owned

    async def disown(self, lane: str) -> None:
        """Let another work on *lane*."""
        if lane in self._working:
            try:
                await self.call(lambda: self.journal.disown(lane))
            finally:
                self._working.discard(lane)

    async def _append_all(self) -> None:
        news = self._news
        while news is not None:
            await news.wait()
            news.clear()
            while group := self._buffer.take(_GROUP):
                await self._append(group)
            # Looked at again after the flag is down: what came meanwhile has not told anybody.
            if not self._buffer.rest():
                news.set()

    async def _append(self, group: list[Record]) -> None:
        while True:
            try:
                self._last = await self.journal.append(group)
            except Exception as error:
                # The writer outlives whatever a journal raises: nobody would start it again.
                self._fail(_as_journal_error(error))
                # Nobody waits for a disk that may be full for hours.
                self._buffer.let_go()
                await asyncio.sleep(PATIENCE)
            else:
                break
        if self.failure is not None:
            logger.warning("the journal %s can be written again", self.journal.place)
            self.failure = None
        self._buffer.settle(len(group))
        self._appended += len(group)
        self._announce()

    def _fail(self, error: JournalError) -> None:
        first, self.failure = self.failure is None, error
        if first:
            logger.error("events cannot be written to the journal, and wait in memory: %s", error)
            if self._failed is not None:
                self._failed(error)

    def _announce(self) -> None:
        for listener in list(self._listeners):
            listener()

    async def _look(self) -> None:
        """Notice what other processes append."""
        while True:
            await asyncio.sleep(LOOK)
            if not self._listeners:
                continue
            try:
                last = await self.journal.last()
            except Exception as error:
                # Whoever reads or writes meets it, too, and warns of it.
                logger.debug("the journal cannot be looked at: %s", error)
                continue
            if last != self._last:
                self._last = last
                self._announce()

    async def _care(self) -> None:
        """Prune."""
        cared, appended = monotonic(), 0
        while True:
            await asyncio.sleep(LOOK)
            if monotonic() - cared < _CARE and self._appended - appended < _GROUP:
                continue
            cared, appended = monotonic(), self._appended
            try:
                await self._prune()
            except Exception as error:
                logger.warning("the journal cannot be pruned: %s", _as_journal_error(error).message)

    async def _prune(self) -> None:
        pruned = True
        while pruned:
            pruned = bool(await self.journal.prune(before=time() - self.options.keep, max_size=self.options.max_size))
            # What agents append comes in between.
            await asyncio.sleep(0)


def _as_journal_error(error: Exception) -> JournalError:
    if isinstance(error, JournalError):
        return error
    told = JournalError(f"the journal failed: {type(error).__name__}: {error}")
    told.__cause__ = error
    return told


_logs: Final[weakref.WeakSet[Log]] = weakref.WeakSet()


def _begin_in_child() -> None:
    for log in list(_logs):
        log._opening = threading.Lock()
        log._working.clear()
        log._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)
