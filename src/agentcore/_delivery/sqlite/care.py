"""How large a journal is, and the positions that are kept in it by name."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from agentcore._delivery.journal import Durability, JournalStats
from agentcore._delivery.sqlite.events import last
from agentcore._delivery.sqlite.sql import Connection

__all__ = ["bookmark", "keep_bookmark", "stats"]


def bookmark(connection: Connection, name: str) -> int | None:
    """Return the position kept under *name*."""
    row = connection.execute("SELECT position FROM bookmark WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def keep_bookmark(connection: Connection, name: str, position: int | None) -> None:
    """Keep a position under *name*, or none; inside a transaction."""
    if position is None:
        connection.execute("DELETE FROM bookmark WHERE name = ?", (name,))
    else:
        connection.execute("INSERT OR REPLACE INTO bookmark VALUES (?, ?)", (name, position))


def stats(connection: Connection, path: Path, durability: Durability) -> JournalStats:
    """Say how large the journal is; inside a transaction."""
    events, first, newest = _row(
        connection, "SELECT (SELECT count(*) FROM event), (SELECT min(position) FROM event), max(position) FROM event"
    )
    return JournalStats(
        events=events,
        size=_size(path) + _size(path.with_name(path.name + "-wal")),
        first=first,
        last=last(connection),
        oldest=_time(connection, first),
        newest=_time(connection, newest),
        durability=durability,
    )


def _time(connection: Connection, position: int | None) -> float | None:
    if position is None:
        return None
    time: float = _row(connection, "SELECT time FROM event WHERE position = ?", position)[0]
    return time


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return os.stat(path).st_size
    return 0


def _row(connection: Connection, statement: str, *bindings: int) -> Any:
    return connection.execute(statement, bindings).fetchone()
