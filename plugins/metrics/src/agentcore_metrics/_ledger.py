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
from agentcore_metrics._schema import APPLICATION_ID, SCHEMA, TABLES, UPGRADES, VERSION
from agentcore_metrics._sql import BUSY_SECONDS, Connection, connect, transaction

__all__ = ["Ledger", "hint", "reason", "version_of"]

PRUNED_AT_ONCE: Final = 2_000
"""Rows of one table; more would keep other processes from writing for long."""

_POLL_SECONDS: Final = 0.01


class Ledger:
    """An open ledger.  Any number of processes may append to one file.

    One of an older version becomes one of this; a million rows take some seconds, for which others wait.
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
        if version_of(connection, self._path) == 0:
            _use_wal(connection)
        # A power cut may take the last commits, never the file.
        connection.pragma("synchronous", "NORMAL")
        with transaction(connection, "IMMEDIATE"):
            # Asked again, now that nobody else can be making it.
            version = version_of(connection, self._path)
            if version == 0:
                connection.execute(SCHEMA)
                connection.pragma("application_id", APPLICATION_ID)
            for older in range(version or VERSION, VERSION):
                connection.execute(UPGRADES[older])
            if version != VERSION:
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

    def keep(self, record: Record) -> bool | None:
        """Write *record*, on disk before this returns, unless there is one of its event.

        Returns whether there was none; None where it holds what no row can.
        """
        rows, refused = insertable([record])
        if refused:
            return None
        ((statement, (row,)),) = rows.items()
        # What the journal has handed over it forgets in the end: no power cut may take it.
        self.connection.pragma("synchronous", "FULL")
        with transaction(self.connection, "IMMEDIATE"):
            self.connection.execute(statement, row)
            return self.connection.changes() > 0

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


def version_of(connection: Connection, path: Path) -> int:
    """Return the version of the ledger to which *connection* is; 0 where the file is empty.

    Raises:
        PluginError: It is something else, or of a newer version.
    """
    version = int(connection.pragma("user_version"))
    if connection.pragma("application_id") == APPLICATION_ID:
        if version > VERSION:
            raise PluginError(
                f"the ledger {str(path)!r} was written by a newer version of agentcore-metrics"
                f" (schema {version}, known here: {VERSION})",
                plugin="metrics",
                hint="upgrade agentcore-metrics, or name another file by 'path' in the plugin's config.",
            )
        return version
    if version == 0 and next(connection.execute("SELECT count(*) FROM sqlite_schema")) == (0,):
        return 0
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
    """Say in plain words why a ledger cannot be used; without a hint, which :func:`hint` tells."""
    known = (words for kind, words in _REASONS if isinstance(error, kind))
    return next(known, error.message if isinstance(error, PluginError) else str(error))


def hint(error: Exception) -> str:
    """Say on a line of its own what to do about it; nothing where nobody knows."""
    return f"\nhint: {error.hint}" if isinstance(error, PluginError) and error.hint else ""
