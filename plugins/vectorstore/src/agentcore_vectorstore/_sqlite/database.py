"""The database: its connections, its transactions, its locks."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, cast

import apsw

from agentcore.forking import watch_forks
from agentcore_vectorstore._sqlite.conditions import add_functions
from agentcore_vectorstore._sqlite.faults import translated
from agentcore_vectorstore._sqlite.schema import is_there, make
from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore.errors import StoreAccessError, StoreClosedError, StoreNotFoundError

__all__ = ["DEFAULT_TIMEOUT", "Database"]

DEFAULT_TIMEOUT: Final = 10.0
"""Seconds to wait for another process that writes: one transaction takes milliseconds, and a hook may take 30 s."""

_PAGE_SIZE: Final = 8192
"""Five vectors of 384 numbers fill such a page; of the usual 4096 bytes two would leave a quarter empty."""


class _Lane:
    """A connection and the lock that lets one thread at a time use it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()


class Database:
    """One SQLite file, or a private database in memory.

    Writing and reading have a connection each, so that a search does not wait for another thread's disk.
    They are closed before a fork, and opened again when they are next needed, in the parent and in the child.
    """

    def __init__(self, path: Path | None, *, timeout: float = DEFAULT_TIMEOUT, create: bool = True) -> None:
        """Open it.

        Args:
            path: The file, absolute; None for a database in memory.
            timeout: Seconds to wait for other processes.
            create: Whether to make the file, and the folders above it, where it is missing.

        Raises:
            StoreError: It cannot be opened.
        """
        self._path = path
        self._timeout = timeout
        self._opening = threading.Lock()
        self._closed = False
        self.location = "the store in memory" if path is None else str(path)
        """The file, for messages."""
        if path is not None:
            _check_place(path, create=create)
        self._connected: tuple[_Lane, _Lane] | None = self._open()
        self._held: tuple[_Lane, ...] = ()
        watch_forks(self)

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A transaction that writes: all or nothing, and on disk when the body has ended."""
        with self._transaction(0, "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A transaction that reads: one state of the database, whatever others write meanwhile."""
        with self._transaction(1, "BEGIN") as connection:
            yield connection

    def close(self) -> None:
        """Close the connections, after the transactions that are under way.  A second time does nothing."""
        with self._opening:
            if not self._closed:
                self._closed = True
                self._disconnect()

    def _disconnect(self) -> None:
        with ExitStack() as held:
            connected = self._connected or ()
            for lane in connected:
                held.enter_context(lane.lock)
            # Only now: who has one already, and needs the other, must find it.
            self._connected = None
            with translated(self.location):
                for lane in dict.fromkeys(connected):
                    lane.connection.close()

    # --- around a fork ---

    def before_fork(self) -> None:
        """Wait for the transactions of other threads, and keep the file closed until :meth:`after_fork`."""
        self._opening.acquire()
        if self._path is not None:
            self._disconnect()
        else:
            # A database in memory has no locks that two processes could share: the child goes on with its copy.
            self._held = self._connected or ()
            for lane in self._held:
                lane.lock.acquire()

    def after_fork(self) -> None:
        """In the parent: go on."""
        for lane in self._held:
            lane.lock.release()
        self._held = ()
        self._opening.release()

    def after_fork_in_child(self) -> None:
        """In the child, whose only thread holds the locks."""
        self.after_fork()

    @contextmanager
    def _transaction(self, place: int, begin: str) -> Generator[Connection]:
        while True:
            lane = self._lanes()[place]
            with lane.lock, translated(self.location):
                if lane in (self._connected or ()):
                    with _within(lane.connection, begin):
                        yield lane.connection
                    return
                # It was closed while this thread waited for it, for a fork or for good.

    def _lanes(self) -> tuple[_Lane, _Lane]:
        connected = self._connected
        if connected is None:
            with self._opening:
                if self._closed:
                    raise self._closed_error()
                connected = self._connected = self._connected or self._open()
        return connected

    def _open(self) -> tuple[_Lane, _Lane]:
        with translated(self.location):
            writer = self._connect(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
            try:
                self._set_up(writer)
                lane = _Lane(writer)
                return lane, lane if self._path is None else _Lane(self._connect(apsw.SQLITE_OPEN_READWRITE))
            except BaseException:
                writer.close()
                raise

    def _connect(self, flags: int) -> Connection:
        name = ":memory:" if self._path is None else str(self._path)
        connection = cast("Connection", apsw.Connection(name, flags))
        connection.set_busy_timeout(round(self._timeout * 1000))
        connection.pragma("synchronous", "FULL")
        add_functions(connection)
        return connection

    def _set_up(self, connection: Connection) -> None:
        with _within(connection, "BEGIN"):
            if is_there(connection, self.location):
                return
        connection.pragma("page_size", _PAGE_SIZE)
        self._turn_on_wal(connection)
        with _within(connection, "BEGIN IMMEDIATE"):
            # Another process may have been faster.
            if not is_there(connection, self.location):
                make(connection)

    def _turn_on_wal(self, connection: Connection) -> None:
        # Several processes may begin the same file at once, and SQLite does not wait for this one statement.
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection.pragma("journal_mode", "WAL")
            except apsw.BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
            else:
                return

    def _closed_error(self) -> StoreClosedError:
        return StoreClosedError(f"{self.location} has been closed", hint="open the store again with open_store().")


@contextmanager
def _within(connection: Connection, begin: str) -> Generator[None]:
    """A transaction.  That of the connection itself would hold the interpreter's lock while it waits for the disk."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_place(path: Path, *, create: bool) -> None:
    try:
        if path.is_dir():
            raise StoreAccessError(f"{path} is a folder, not a file", hint="name a file in it.")
        if not create and not path.exists():
            raise StoreNotFoundError(f"{path} does not exist")
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, StoreAccessError):
            raise
        raise StoreAccessError(
            f"{path.parent} cannot hold a store: {error}", hint="name another place in the connection string."
        ) from error
