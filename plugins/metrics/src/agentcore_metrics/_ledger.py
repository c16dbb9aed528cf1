"""The ledger: the database file that outlives the process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from agentcore.errors import PluginError
from agentcore_metrics._records import Record
from agentcore_metrics._rows import insertable
from agentcore_metrics._schema import APPLICATION_ID, SCHEMA, TABLES, VERSION
from agentcore_metrics._sql import BUSY_SECONDS, Connection, connect, transaction

__all__ = ["Ledger", "is_prepared", "reason"]

PRUNED_AT_ONCE: Final = 2_000
"""Rows of one table; more would keep other processes from writing for long."""

_POLL_SECONDS: Final = 0.01


class Ledger:
    """An open ledger.  Any number of processes may append to one file.

    Its methods raise :class:`apsw.Error` where the file cannot be read or written.

    Args:
        path: Made where it is missing, its folder, too.

    Raises:
        PluginError: The file is something else, or of a newer version.
        OSError: The folder cannot be made.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.connection = connect(path, write=True)
        try:
            self._prepare()
            self._file = _identity(path)
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self) -> None:
        connection = self.connection
        # Before anything is changed: a file that is no ledger must stay as it is.
        if not is_prepared(connection, self._path):
            _use_wal(connection)
        # A power cut may take the last commits, never the file.
        connection.pragma("synchronous", "NORMAL")
        with transaction(connection, "IMMEDIATE"):
            # Asked again, now that nobody else can be making it.
            if not is_prepared(connection, self._path):
                connection.execute(SCHEMA)
                connection.pragma("application_id", APPLICATION_ID)
                connection.pragma("user_version", VERSION)

    @property
    def in_place(self) -> bool:
        """Whether the file is still at its path; a ledger that was deleted would go on being written to nowhere."""
        return _identity(self._path) == self._file

    def append(self, records: Sequence[Record]) -> int:
        """Write *records* in one transaction; returns how many of them hold what no row can."""
        rows, refused = insertable(records)
        with transaction(self.connection, "IMMEDIATE"):
            for statement, each in rows.items():
                self.connection.executemany(statement, each)
        return refused

    def prune(self, *, before: float, max_rows: int) -> int:
        """Delete the oldest rows, some at a time; returns how many, 0 where nothing was left to delete.

        Args:
            before: What began earlier goes; seconds since the epoch.
            max_rows: What more there is in each table goes.
        """
        microseconds = max(before, 0) * 1_000_000
        with transaction(self.connection, "IMMEDIATE"):
            return sum(self._prune(table, int(microseconds), max_rows) for table in TABLES)

    def _prune(self, table: str, before: int, max_rows: int) -> int:
        # Ids rise with time, so the oldest rows are those with the smallest.
        self.connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {PRUNED_AT_ONCE})"  # noqa: S608
            f" AND (started < ? OR id <= (SELECT max(id) FROM {table}) - ?)",
            (before, max_rows),
        )
        return self.connection.changes()

    def close(self) -> None:
        """Close the file.  A second time does nothing."""
        self.connection.close()


def is_prepared(connection: Connection, path: Path) -> bool:
    """Say whether *connection* is to a ledger that this version can use; False where the file is empty.

    Raises:
        PluginError: It is something else, or of a newer version.
    """
    version = connection.pragma("user_version")
    if connection.pragma("application_id") == APPLICATION_ID:
        if version < VERSION:
            raise PluginError(
                f"the ledger {str(path)!r} was written by an older version of agentcore-metrics"
                f" (schema {version}, known here: {VERSION})",
                plugin="metrics",
                hint="move it away: the next run begins a new one.",
            )
        if version > VERSION:
            raise PluginError(
                f"the ledger {str(path)!r} was written by a newer version of agentcore-metrics"
                f" (schema {version}, known here: {VERSION})",
                plugin="metrics",
                hint="upgrade agentcore-metrics, or name another file by 'path' in the plugin's config.",
            )
        return True
    if version == 0 and next(connection.execute("SELECT count(*) FROM sqlite_schema")) == (0,):
        return False
    raise PluginError(
        f"{str(path)!r} is a database, but not a ledger of metrics",
        plugin="metrics",
        hint="name another file by 'path' in the plugin's config.",
    )


def _use_wal(connection: Connection) -> None:
    """Let readers and one writer work at once; the file remembers it."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            # SQLite does not wait by itself for the lock that this change takes.
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


_REASONS: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.NotADBError, "it is not a database"),
    (apsw.CorruptError, "it is damaged"),
    (apsw.BusyError, "another process keeps it locked"),
    (apsw.LockedError, "it is locked"),
    (apsw.FullError, "the disk is full"),
    (apsw.ReadOnlyError, "it is read-only"),
    (apsw.PermissionsError, "access is not permitted"),
    (apsw.CantOpenError, "the file cannot be opened"),
)


def reason(error: Exception) -> str:
    """Say in plain words why a ledger cannot be used."""
    known = (words for kind, words in _REASONS if isinstance(error, kind))
    return next(known, str(error))
