"""Old events: deleted when nobody is owed them, and their space given back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentcore._delivery.sqlite.sql import Connection, Row

__all__ = ["Pruner", "give_back"]

_EXAMINED: Final = 10_000
"""Events that are looked at in one go: some 30 ms."""
_DELETED: Final = 2_000
"""Events that are deleted in one go, during which nobody else writes: some 20 ms."""
_STEP: Final = 50
"""Events after which the size is asked for again."""
_SPARE: Final = 0.25
"""Empty pages that may lie beside each used one: what is appended uses them again, and cheaper than the file is cut."""
_CUT: Final = 1_000
"""Pages that are given back in one go, 8 MB."""

# An event is owed to the lanes of its route that have not passed it, to those on their way through their history, and
# to those that hold it as a failure or a dead letter.
_EXAMINE: Final = """
WITH passed(route, cursor) AS MATERIALIZED (
    SELECT promise.route, min(lane.cursor) FROM promise JOIN lane ON lane.name = promise.lane GROUP BY promise.route
)
SELECT position, run, route, time,
    position > coalesce((SELECT cursor FROM passed WHERE passed.route = event.route), position)
    OR EXISTS (SELECT 1 FROM lane JOIN interest ON interest.lane = lane.id AND interest.hook = event.hook
               WHERE lane.cursor < event.position AND event.position <= lane.birth)
    OR EXISTS (SELECT 1 FROM failure WHERE failure.position = event.position)
    OR EXISTS (SELECT 1 FROM dead WHERE dead.position = event.position)
FROM event WHERE position > ? ORDER BY position LIMIT ?
"""


class Pruner:
    """Goes through a journal from its beginning, some way at each call, and again when it has come to its end."""

    def __init__(self) -> None:
        self._hand = 0

    def prune(self, connection: Connection, before: float, max_size: float) -> int:
        """Delete some of what nobody is owed; inside a transaction.  Returns how many events."""
        rows = connection.execute(_EXAMINE, (self._hand, _EXAMINED)).fetchall()
        deleted, self._hand = 0, 0
        for start in range(0, len(rows), _STEP):
            step = rows[start : start + _STEP]
            large = _used(connection) > max_size
            # Events are nearly in the order of their times: behind a whole step of young ones there is none to delete.
            if not large and all(time >= before for *_, time, _ in step):
                return deleted
            deleted += _delete(connection, [row for row in step if not row[4] and (large or row[3] < before)])
            if deleted >= _DELETED or start + _STEP >= _EXAMINED:
                self._hand = step[-1][0]
                break
        return deleted


def _used(connection: Connection) -> int:
    pages: int = connection.pragma("page_count") - connection.pragma("freelist_count")
    size: int = connection.pragma("page_size")
    return pages * size


def _delete(connection: Connection, rows: Sequence[Row]) -> int:
    connection.executemany("DELETE FROM event WHERE position = ?", [(position,) for position, *_ in rows])
    gone = _delete_unused(connection, "run", {row[1] for row in rows})
    routes = _delete_unused(connection, "route", {row[2] for row in rows})
    if routes:
        connection.execute("DELETE FROM promise WHERE route NOT IN (SELECT id FROM route)")
    if gone or routes:
        connection.execute("UPDATE journal SET pruned = pruned + 1")
    return len(rows)


def _delete_unused(connection: Connection, table: str, numbers: set[int]) -> int:
    statement = f"DELETE FROM {table} WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM event WHERE {table} = ?1)"
    total = 0
    for number in numbers:
        connection.execute(statement, (number,))
        total += connection.changes()
    return total


def give_back(connection: Connection) -> None:
    """Cut the file where much of it lies empty; inside a transaction."""
    empty = connection.pragma("freelist_count")
    spare = empty - int((connection.pragma("page_count") - empty) * _SPARE)
    if spare > 0:
        connection.execute(f"PRAGMA incremental_vacuum({min(spare, _CUT)})").fetchall()
