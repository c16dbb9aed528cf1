"""The tables, and whose file this is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from agentcore._delivery.sqlite.sql import Connection
from agentcore.errors import JournalError

__all__ = ["PAGE_SIZE", "VERSION", "make", "migrate"]

VERSION: Final = 1
"""The version of the tables that is written here, kept in the file's ``user_version``."""

PAGE_SIZE: Final = 8192
"""Bytes; an event takes about 700, and fewer pages are cheaper than small ones (measured: a tenth of an append)."""

_APPLICATION: Final = 0x61636A6C
"""Marks the file as a journal, in its ``application_id``: "acjl" in ASCII."""

# Positions are counted in ``journal``, so that none is used again when the newest event is deleted.
# What repeats in every event of a run, or in every event at all, is kept once and meant by a number: that halves the
# cost of an append.  Numbers of runs and routes may be used again after pruning, which ``pruned`` counts.
# ``route`` holds the sets of lanes that events are promised to, ``promise`` the same turned round.
# An index by route yields the positions of a lane in order, however many events of others lie between them.
# A lane is also owed the events of its ``interest`` between its cursor and its ``birth``: its history.
# Of the failures of one run only the oldest is a ``head``; only heads are ever due.
_TABLES: Final = """
CREATE TABLE journal(
    one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL, pruned INTEGER NOT NULL
) STRICT;
INSERT INTO journal VALUES (1, 0, 0);
CREATE TABLE hook(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE run(
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, root TEXT NOT NULL, agent TEXT NOT NULL, UNIQUE (run, root, agent)
) STRICT;
CREATE INDEX run_root ON run(root);
CREATE TABLE route(id INTEGER PRIMARY KEY, lanes TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE promise(
    lane TEXT NOT NULL, route INTEGER NOT NULL, PRIMARY KEY (lane, route)
) STRICT, WITHOUT ROWID;
CREATE TABLE event(
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, hook INTEGER NOT NULL, run INTEGER NOT NULL, time REAL NOT NULL,
    route INTEGER NOT NULL, checksum INTEGER NOT NULL, payload BLOB NOT NULL
) STRICT;
CREATE INDEX event_route ON event(route);
CREATE INDEX event_run ON event(run);
CREATE TABLE lane(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, cursor INTEGER NOT NULL, birth INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0, retried INTEGER NOT NULL DEFAULT 0, owner INTEGER, paused REAL
) STRICT;
CREATE TABLE interest(
    lane INTEGER NOT NULL, hook INTEGER NOT NULL, PRIMARY KEY (lane, hook)
) STRICT, WITHOUT ROWID;
CREATE TABLE failure(
    position INTEGER NOT NULL, lane INTEGER NOT NULL, run TEXT NOT NULL, attempts INTEGER NOT NULL, due REAL NOT NULL,
    error TEXT NOT NULL, head INTEGER NOT NULL, PRIMARY KEY (position, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_run ON failure(lane, run, position);
CREATE INDEX failure_due ON failure(lane, due) WHERE head;
CREATE TABLE dead(
    position INTEGER NOT NULL, lane INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL,
    time REAL NOT NULL, PRIMARY KEY (position, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_lane ON dead(lane);
CREATE TABLE bookmark(name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""

_MIGRATIONS: Final[dict[int, str]] = {}
"""The statements that make of a file of one version one of the next."""


def make(connection: Connection) -> None:
    """Make the tables in an empty database; inside a transaction."""
    connection.execute(_TABLES)
    connection.pragma("application_id", _APPLICATION)
    connection.pragma("user_version", VERSION)


def migrate(connection: Connection, path: Path) -> None:
    """Bring the tables to this version; inside a transaction.

    Raises:
        JournalError: The file is no journal, or from a newer version.
    """
    if connection.pragma("application_id") != _APPLICATION:
        raise JournalError(
            f"the journal {str(path)!r} cannot be used: it is a database, but not a journal",
            hint="name another state folder, or move the file away with `agentcore journal set-aside`.",
        )
    version = connection.pragma("user_version")
    if version > VERSION:
        raise JournalError(
            f"the journal {str(path)!r} cannot be used: it was written by a newer version of agentcore "
            f"(its tables have version {version}, this one knows {VERSION})",
            hint="upgrade agentcore-framework, or begin a new journal with `agentcore journal set-aside`.",
        )
    for older in range(version, VERSION):
        connection.execute(_MIGRATIONS[older])
    if version < VERSION:
        connection.pragma("user_version", VERSION)
