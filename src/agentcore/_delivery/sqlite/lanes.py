"""Lanes: what each is to deliver next, and how far it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from agentcore._data import data
from agentcore._delivery.journal import Appended, LaneState
from agentcore._delivery.sqlite.events import NAMED, RAW, decoded, last
from agentcore._delivery.sqlite.names import Names
from agentcore._delivery.sqlite.sql import Connection, Row, Value
from agentcore.errors import JournalError, nearest
from agentcore.types import Start

__all__ = ["Lane", "find", "forget", "join", "numbers", "own", "pause", "read", "states"]

_HISTORY: Final = (
    "position > ? AND position <= ? AND (hook IN (SELECT hook FROM interest WHERE lane = ?) "
    "OR +route IN (SELECT route FROM promise WHERE lane = ?))"
)
"""What a lane is owed that began at the beginning, until it has reached its birth."""

_MERGED: Final = 100
"""Routes that are read in one statement; SQLite takes at most 500, and there are seldom more than one for each hook."""


@data(kw_only=True)
class Lane:
    """One lane's row."""

    id: int
    name: str
    cursor: int
    birth: int

    @property
    def has_history(self) -> bool:
        """Whether it is still on its way through what was there before it."""
        return self.cursor < self.birth


def find(connection: Connection, name: str) -> Lane:
    """Return a lane.

    Raises:
        JournalError: It is not known.
    """
    row = connection.execute("SELECT id, cursor, birth FROM lane WHERE name = ?", (name,)).fetchone()
    if row is None:
        names = [known for (known,) in connection.execute("SELECT name FROM lane").fetchall()]
        raise JournalError(f"the journal has no lane {name!r}", hint=nearest(name, names))
    return Lane(id=row[0], name=name, cursor=row[1], birth=row[2])


def join(connection: Connection, name: str, hooks: Collection[str], start: Start) -> None:
    """Make a lane known; inside a transaction."""
    birth = last(connection)
    connection.execute(
        "INSERT INTO lane(name, cursor, birth) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (name, 0 if start == "beginning" else birth, birth),
    )
    lane, names = find(connection, name), Names()
    connection.execute("DELETE FROM interest WHERE lane = ?", (lane.id,))
    connection.executemany(
        "INSERT INTO interest VALUES (?, ?)", [(lane.id, names.hook(connection, hook)) for hook in sorted(set(hooks))]
    )


def forget(connection: Connection, lane: Lane) -> None:
    """Drop a lane with all that it is owed; inside a transaction."""
    for table in ("interest", "failure", "dead"):
        connection.execute(f"DELETE FROM {table} WHERE lane = ?", (lane.id,))
    connection.execute("DELETE FROM lane WHERE id = ?", (lane.id,))


def own(connection: Connection, lane: Lane, owner: int | None) -> None:
    """Note the process that delivers a lane; inside a transaction."""
    connection.execute("UPDATE lane SET owner = ?, paused = NULL WHERE id = ?", (owner, lane.id))


def pause(connection: Connection, lane: Lane, until: float | None) -> None:
    """Note until when a lane waits for its provider; inside a transaction."""
    connection.execute("UPDATE lane SET paused = ? WHERE id = ?", (until, lane.id))


def read(connection: Connection, name: str, limit: int, now: float, path: Path) -> list[Appended]:
    """Return what a lane is to deliver next; inside a transaction."""
    lane = find(connection, name)
    events = _due(connection, lane, limit, now, path)
    if len(events) < limit and lane.has_history:
        events += _history(connection, lane, limit - len(events), path)
    if len(events) < limit:
        events += _promised(connection, lane, limit - len(events), path)
    return events


def _due(connection: Connection, lane: Lane, limit: int, now: float, path: Path) -> list[Appended]:
    columns = ", ".join(f"event.{column}" for column in RAW.split(", "))
    source = (
        f"SELECT {columns}, failure.attempts FROM failure CROSS JOIN event ON event.position = failure.position "
        "WHERE failure.lane = ? AND failure.head AND failure.due <= ? ORDER BY failure.position LIMIT ?"
    )
    due = _events(connection, source, (lane.id, now, limit), path, attempts="raw.attempts")
    return [evolve(each, again=True) for each in due]


def _history(connection: Connection, lane: Lane, limit: int, path: Path) -> list[Appended]:
    source = f"SELECT {RAW} FROM event WHERE {_HISTORY} ORDER BY position LIMIT ?"
    return _events(connection, source, (lane.cursor, lane.birth, lane.id, lane.name, limit), path)


def _promised(connection: Connection, lane: Lane, limit: int, path: Path) -> list[Appended]:
    routes = _routes(connection, lane.name)
    after = max(lane.cursor, lane.birth)
    events: list[Appended] = []
    for start in range(0, len(routes), _MERGED):
        some = routes[start : start + _MERGED]
        # SQLite merges these as it goes, so that the cost depends neither on what waits nor on what others are owed.
        source = " UNION ALL ".join([f"SELECT {RAW} FROM event WHERE route = ? AND position > ?"] * len(some))
        bindings = [binding for route in some for binding in (route, after)]
        events += _events(connection, f"{source} ORDER BY position LIMIT ?", (*bindings, limit), path)
    return sorted(events, key=lambda event: event.position)[:limit] if len(routes) > _MERGED else events


def _routes(connection: Connection, name: str) -> list[int]:
    return [route for (route,) in connection.execute("SELECT route FROM promise WHERE lane = ?", (name,)).fetchall()]


def _events(
    connection: Connection, source: str, bindings: Sequence[Value], path: Path, *, attempts: str = "0"
) -> list[Appended]:
    rows = connection.execute(NAMED.format(more=attempts, source=source), bindings).fetchall()
    # They come in order, but a join promises none.
    return decoded(sorted(rows, key=_position), path)


def _position(row: Row) -> int:
    position: int = row[0]
    return position


def numbers(connection: Connection) -> list[int]:
    """Return the number of every lane."""
    return [number for (number,) in connection.execute("SELECT id FROM lane").fetchall()]


def states(connection: Connection, owned: Collection[int]) -> list[LaneState]:
    """Return every lane, by name; inside a transaction.  *owned* are the numbers of those that have an owner."""
    rows = connection.execute(
        "SELECT id, name, cursor, birth, delivered, retried, owner, paused FROM lane ORDER BY name"
    ).fetchall()
    return [_state(connection, row, row[0] in owned) for row in rows]


def _state(connection: Connection, row: Row, owned: bool) -> LaneState:
    id, name, cursor, birth, delivered, retried, owner, paused = row
    lane = Lane(id=id, name=name, cursor=cursor, birth=birth)
    fresh, oldest_fresh = _fresh(connection, lane)
    failed, oldest_failed = _row(connection, "SELECT count(*), min(position) FROM failure WHERE lane = ?", id)
    (dead,) = _row(connection, "SELECT count(*) FROM dead WHERE lane = ?", id)
    oldest = min((each for each in (oldest_fresh, oldest_failed) if each is not None), default=None)
    return LaneState(
        lane=name,
        hooks=_hooks(connection, id),
        cursor=cursor,
        waiting=fresh + failed,
        retrying=failed,
        dead=dead,
        delivered=delivered,
        retried=retried,
        oldest=None if oldest is None else _row(connection, "SELECT time FROM event WHERE position = ?", oldest)[0],
        owner=owner if owned else None,
        paused_until=paused if owned else None,
    )


def _fresh(connection: Connection, lane: Lane) -> tuple[int, int | None]:
    """Count the new events that *lane* is owed, and find the oldest."""
    counted = [
        _row(connection, "SELECT count(*), min(position) FROM event WHERE route = ? AND position > ?", route, after)
        for after in (max(lane.cursor, lane.birth),)
        for route in _routes(connection, lane.name)
    ]
    if lane.has_history:
        statement = f"SELECT count(*), min(position) FROM event WHERE {_HISTORY}"
        counted.append(_row(connection, statement, lane.cursor, lane.birth, lane.id, lane.name))
    return sum(number for number, _ in counted), min((each for _, each in counted if each is not None), default=None)


def _hooks(connection: Connection, lane: int) -> tuple[str, ...]:
    statement = "SELECT name FROM interest JOIN hook ON hook.id = interest.hook WHERE lane = ? ORDER BY name"
    return tuple(name for (name,) in connection.execute(statement, (lane,)).fetchall())


def _row(connection: Connection, statement: str, *bindings: Value) -> Any:
    return connection.execute(statement, bindings).fetchone()
