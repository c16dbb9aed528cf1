"""Events: appended, and read whoever they were promised to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import Any, Final
from zlib import crc32

from agentcore._delivery.journal import Appended, Record, Selection
from agentcore._delivery.sqlite.faults import broken
from agentcore._delivery.sqlite.names import Names
from agentcore._delivery.sqlite.sql import Connection, Row, Value

__all__ = ["NAMED", "RAW", "append", "count", "decoded", "is_damaged", "last", "select", "selected"]

RAW: Final = "position, id, hook, run, time, route, checksum, payload"
"""What is read of ``event``, as ``raw``, to be given its names by :data:`NAMED`."""

NAMED: Final = (
    "SELECT raw.position, raw.id, hook.name, run.run, run.root, run.agent, raw.time, route.lanes, raw.payload, "
    "raw.checksum, raw.hook, raw.run, raw.route, {more} FROM ({source}) AS raw "
    "LEFT JOIN hook ON hook.id = raw.hook LEFT JOIN run ON run.id = raw.run LEFT JOIN route ON route.id = raw.route"
)
"""Events with their names, and one more column."""

_HIGHEST: Final = "\U0010ffff"
"""What follows every id that begins like another."""

_packed: Final = Struct("<qqqqd").pack


def append(connection: Connection, names: Names, records: Sequence[Record]) -> int:
    """Add *records*; inside a transaction.  Returns the position of the last."""
    newest, pruned = _counts(connection)
    names.refresh(pruned)
    rows: list[Sequence[Value]] = []
    for position, record in enumerate(records, newest + 1):
        hook = names.hook(connection, record.hook)
        run = names.run(connection, record)
        route = names.route(connection, record.lanes)
        checksum = _checksum(position, hook, run, route, record.time, record.id, record.payload)
        rows.append((position, record.id, hook, run, record.time, route, checksum, record.payload))
    connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("UPDATE journal SET last = last + ?", (len(rows),))
    return newest + len(rows)


def last(connection: Connection) -> int:
    """Return the position of the newest event ever appended."""
    return _counts(connection)[0]


def _counts(connection: Connection) -> tuple[int, int]:
    row = connection.execute("SELECT last, pruned FROM journal").fetchone()
    assert row is not None
    return row[0], row[1]


def _checksum(position: int, hook: int, run: int, route: int, time: float, id: str, payload: bytes) -> int:
    return crc32(payload, crc32(_packed(position, hook, run, route, time) + id.encode()))


@lru_cache(maxsize=1000)
def _lanes(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def is_damaged(row: Row) -> bool:
    """Whether a row of :data:`NAMED` is not as it was written."""
    position, id, hook, run, _, _, time, lanes, payload, checksum, hook_number, run_number, route, _ = row
    unnamed: bool = hook is None or run is None or lanes is None
    return unnamed or checksum != _checksum(position, hook_number, run_number, route, time, id, payload)


def decoded(rows: Iterable[Row], path: Path) -> list[Appended]:
    """Make events of rows of :data:`NAMED`; the one more column is how often each was tried.

    Raises:
        JournalError: One is not as it was written.
    """
    events: list[Appended] = []
    for row in rows:
        if is_damaged(row):
            raise broken(path, f"the event at position {row[0]} is damaged")
        position, id, hook, run, root, agent, time, lanes, payload, _, _, _, _, attempts = row
        record = Record(
            id=id, hook=hook, run=run, root=root, agent=agent, time=time, payload=payload, lanes=_lanes(lanes)
        )
        events.append(Appended(position=position, record=record, attempt=attempts + 1))
    return events


def select(connection: Connection, selection: Selection, after: int, limit: int, path: Path) -> list[Appended]:
    """Return the first events of *selection* behind *after*, at most *limit*."""
    rows = selected(connection, selection, after, limit)
    return sorted(decoded(rows, path), key=lambda each: each.position)


def selected(connection: Connection, selection: Selection, after: int, limit: int) -> list[Row]:
    """Return the rows of what :func:`select` returns, in no order."""
    where, bindings = _where(selection, after)
    source = f"SELECT {RAW} FROM event WHERE {where} ORDER BY position LIMIT ?"
    return connection.execute(NAMED.format(more=0, source=source), (*bindings, limit)).fetchall()


def count(connection: Connection, selection: Selection) -> int:
    """Count the events of *selection*."""
    where, bindings = _where(selection, selection.after)
    row: Any = connection.execute(f"SELECT count(*) FROM event WHERE {where}", bindings).fetchone()
    return int(row[0])


def _where(selection: Selection, after: int) -> tuple[str, list[Value]]:
    terms, bindings = ["position > ?"], list[Value]([after])
    if selection.until is not None:
        terms.append("position <= ?")
        bindings.append(selection.until)
    if selection.hooks:
        terms.append("hook IN (SELECT id FROM hook WHERE name IN (SELECT value FROM json_each(?)))")
        bindings.append(json.dumps(selection.hooks))
    if selection.since is not None:
        terms.append("time >= ?")
        bindings.append(selection.since)
    if selection.run is not None:
        terms.append(
            "run IN (SELECT id FROM run WHERE run >= ? AND run < ? "
            "UNION SELECT id FROM run WHERE root >= ? AND root < ?)"
        )
        bindings += (selection.run, selection.run + _HIGHEST) * 2
        # The unary plus leaves the choice to the index of runs: few events are of one.
        terms[0] = "+position > ?"
    return " AND ".join(terms), bindings
