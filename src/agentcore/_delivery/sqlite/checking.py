"""Whether a journal is whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from agentcore._delivery.journal import Selection
from agentcore._delivery.sqlite.database import Database
from agentcore._delivery.sqlite.events import is_damaged, selected
from agentcore._delivery.sqlite.sql import Connection, Row
from agentcore.errors import JournalError

__all__ = ["problems"]

_BATCH: Final = 1_000

_INVARIANTS: Final = (
    ("events behind the last position", "SELECT count(*) FROM event, journal WHERE position > last"),
    ("lanes whose cursor is behind the last position", "SELECT count(*) FROM lane, journal WHERE cursor > last"),
    ("events of an unknown hook", "SELECT count(*) FROM event WHERE hook NOT IN (SELECT id FROM hook)"),
    ("events of an unknown run", "SELECT count(*) FROM event WHERE run NOT IN (SELECT id FROM run)"),
    ("events promised to unknown lanes", "SELECT count(*) FROM event WHERE route NOT IN (SELECT id FROM route)"),
    (
        "promises that no lane would find",
        "SELECT count(*) FROM route, json_each(route.lanes) AS lane "
        "WHERE NOT EXISTS (SELECT 1 FROM promise WHERE promise.lane = lane.value AND promise.route = route.id)",
    ),
    ("failures of missing events", "SELECT count(*) FROM failure WHERE position NOT IN (SELECT position FROM event)"),
    ("failures of missing lanes", "SELECT count(*) FROM failure WHERE lane NOT IN (SELECT id FROM lane)"),
    (
        "runs whose oldest failure is not the one to be repeated",
        "SELECT count(*) FROM (SELECT min(position) AS oldest, min(position) FILTER (WHERE head) AS head, "
        "sum(head) AS heads FROM failure GROUP BY lane, run) WHERE heads <> 1 OR head <> oldest",
    ),
    ("dead letters of missing events", "SELECT count(*) FROM dead WHERE position NOT IN (SELECT position FROM event)"),
    ("dead letters of missing lanes", "SELECT count(*) FROM dead WHERE lane NOT IN (SELECT id FROM lane)"),
)


def problems(database: Database) -> list[str]:
    """Read all of a journal, and say what is wrong, each in a line."""
    found: list[str] = []
    try:
        database.open(make=False)
        found += database.read(_integrity)
        # Where the file itself is broken, everything else follows from that.
        if not found:
            found += database.read(_invariants)
            found += _damaged(database)
    except JournalError as error:
        found.append(error.message)
    return found


def _integrity(connection: Connection) -> list[str]:
    rows = connection.execute("PRAGMA integrity_check(20)").fetchall()
    return [line for (text,) in rows if text != "ok" for line in str(text).splitlines()]


def _invariants(connection: Connection) -> list[str]:
    counts = ((what, connection.execute(statement).fetchall()[0][0]) for what, statement in _INVARIANTS)
    return [f"{what}: {number}" for what, number in counts if number]


def _damaged(database: Database) -> Iterator[str]:
    after = 0
    while rows := database.read(partial(_batch, after)):
        yield from (f"the event at position {row[0]} is damaged" for row in rows if is_damaged(row))
        after = max(row[0] for row in rows)


def _batch(after: int, connection: Connection) -> list[Row]:
    return selected(connection, Selection(), after, _BATCH)
