"""The database: its connection, its transactions, what waits for others and what is done when it fails."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar, cast

import apsw

from agentcore._delivery.journal import Durability
from agentcore._delivery.sqlite.faults import absent, fault, missing
from agentcore._delivery.sqlite.locks import Locks
from agentcore._delivery.sqlite.making import ensure_file, is_there
from agentcore._delivery.sqlite.schema import migrate
from agentcore._delivery.sqlite.sql import Connection
from agentcore.errors import JournalError
from agentcore.forking import watch_forks

__all__ = ["PATIENCE", "Database"]

PATIENCE: Final = 30.0
"""Seconds to wait for other processes; a commit takes milliseconds, so somebody holds the lock and does not work."""

_PAUSES: Final = (0.0002, 0.002)
"""Seconds between two attempts, at random.  SQLite's own pauses grow to 0.1 s, and who waits longest comes last."""

_CHECKPOINT: Final = 2000
"""Pages of log that are carried over to the database at once, 16 MB; fewer cost more, and more little less."""

_LOG_LIMIT: Final = 64_000_000
"""Bytes that the log keeps after it was larger."""

T = TypeVar("T")


class Database:
    """One journal's file, as one process has it open.

    A fork closes it, in both processes, and each opens it again when it is used: a child would lack the locks that its
    copy of the connection believes in.

    Args:
        path: The file.
        locks: Those of the journal.
        durability: What a transaction that asks for it survives.
    """

    def __init__(self, path: Path, locks: Locks, durability: Durability) -> None:
        self.path = path
        self._locks = locks
        self._level = "FULL" if durability == "disk" else "NORMAL"
        self._connection: Connection | None = None
        self._file: tuple[int, int] | None = None
        self._synchronous = ""
        self._log_pages = 0
        self._distrusted = False
        self._guard = threading.Lock()
        watch_forks(self)

    def open(self, *, make: bool = True) -> None:
        """Open the file afresh, and bring it to this version.

        Args:
            make: Whether to make it where there is none.

        Raises:
            JournalError: It cannot be used.
        """
        self.close()
        self._file = None
        try:
            if make:
                ensure_file(self.path, self._locks)
            elif not is_there(self.path):
                raise absent(self.path)
        except JournalError:
            raise
        except (OSError, apsw.Error) as error:
            raise fault(self.path, error) from error
        self.write(lambda connection: migrate(connection, self.path), synced=True)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._guard:
            if self._connection is not None:
                self._carry_over(self._connection, "TRUNCATE")
            self._drop(tidily=not self._distrusted)

    def write(self, work: Callable[[Connection], T], *, synced: bool) -> T:
        """Do *work* in a transaction: whole or not at all.

        Args:
            work: Must not raise :class:`apsw.BusyError`.
            synced: Whether it must be as safe as the durability says; else it survives the death of the process alone.

        Raises:
            JournalError: It could not be done.
        """
        level = self._level if synced else "NORMAL"
        return self._patiently(lambda connection: self._transact(connection, "BEGIN IMMEDIATE", work, level))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do *work* on one state of the database, whatever others write meanwhile.

        Raises:
            JournalError: It could not be done.
        """
        return self._patiently(lambda connection: self._transact(connection, "BEGIN", work, None))

    def _patiently(self, attempt: Callable[[Connection], T]) -> T:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                # Between two attempts another thread may fork.
                with self._guard:
                    return attempt(self._connected())
            except apsw.BusyError as error:
                if time.monotonic() > deadline:
                    raise fault(self.path, error) from error
            except apsw.Error as error:
                raise fault(self.path, error) from error
            time.sleep(random.uniform(*_PAUSES))  # noqa: S311  nothing secret

    def _transact(self, connection: Connection, begin: str, work: Callable[[Connection], T], level: str | None) -> T:
        try:
            if level is not None and level != self._synchronous:
                connection.pragma("synchronous", level)
                self._synchronous = level
            connection.execute(begin)
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            self._undo(connection, error)
            raise
        if self._log_pages >= _CHECKPOINT:
            self._carry_over(connection, "PASSIVE")
        return result

    def _undo(self, connection: Connection, error: BaseException) -> None:
        self._distrusted = self._distrusted or isinstance(error, apsw.IOError)
        try:
            # The connection stays: a new one would find the pages of a commit that failed at its end, and believe them.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except apsw.Error:
            self._drop()

    def _connected(self) -> Connection:
        if self._file is not None and self._file != _identity(self.path):
            self._drop()
            raise missing(self.path)
        if self._connection is None:
            self._connection = self._connect()
        if self._distrusted:
            try:
                self._renew_log(self._connection)
            except BaseException as error:
                self._undo(self._connection, error)
                raise
        return self._connection

    def _connect(self) -> Connection:
        connection = cast("Connection", apsw.Connection(str(self.path), apsw.SQLITE_OPEN_READWRITE))
        self._file = self._file or _identity(self.path)
        self._synchronous = ""
        try:
            connection.set_wal_hook(self._note_log)
            connection.pragma("journal_size_limit", _LOG_LIMIT)
        except BaseException:
            connection.close(True)
            raise
        return connection

    def _note_log(self, connection: object, database: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _carry_over(self, connection: Connection, how: str) -> None:
        # SQLite does this by itself, too, but then tells nobody that it failed.  What was committed is safe all the
        # same, and the log only grows until it succeeds.
        self._log_pages = 0
        try:
            connection.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
        except apsw.Error as error:
            self._undo(connection, error)

    def _renew_log(self, connection: Connection) -> None:
        # After a failed fsync the system may have thrown away, for good, what it had not written of the log; what is
        # appended behind such a gap would be lost with it.  The database gets all of it, the log begins anew, and
        # a synced transaction lets no part of the old one come back.
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
        if busy:
            raise apsw.BusyError("the log is being read")
        connection.pragma("synchronous", "FULL")
        self._synchronous = "FULL"
        connection.execute("BEGIN IMMEDIATE; UPDATE journal SET pruned = pruned + 1; COMMIT")
        self._distrusted = False

    def _drop(self, *, tidily: bool = False) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(apsw.Error):
                # The last one to close would carry the log over and delete it, and not say whether that failed.
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(not tidily))
                connection.close(True)

    def before_fork(self) -> None:
        """See :mod:`~agentcore.forking`."""
        self._guard.acquire()
        self._drop()

    def after_fork(self) -> None:
        """See :mod:`~agentcore.forking`."""
        self._guard.release()

    def after_fork_in_child(self) -> None:
        """See :mod:`~agentcore.forking`."""
        self._guard = threading.Lock()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
