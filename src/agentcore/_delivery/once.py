"""An effect that happens once, however often its event is delivered."""

from __future__ import annotations

import sys
from typing import Any, Final, Protocol

from agentcore._context import Event

__all__ = ["first_delivery"]

TABLE: Final = "agentcore_delivered"
"""Made where it is missing, in the database of whoever asks."""

_PLACEHOLDERS: Final = {"qmark": "?", "format": "%s", "pyformat": "%s", "numeric": ":1", "named": ":event"}
"""By ``paramstyle``, https://peps.python.org/pep-0249/#paramstyle."""


class _Cursor(Protocol):
    def execute(self, operation: str, parameters: Any = ..., /) -> Any: ...

    def fetchone(self) -> Any: ...


def first_delivery(cursor: _Cursor, event: Event, *, consumer: str = "") -> bool:
    """Say whether *event* has not been delivered to this database yet, and note that it has.

    Called in the transaction that has the effect, it makes the effect happen once: both are committed or neither is.

    Args:
        cursor: Of a DB-API 2.0 connection (:mod:`sqlite3`, psycopg, PyMySQL, ...), within a transaction.
        event: The event in hand.
        consumer: Tells apart those who share the database.

    Example:
        >>> import sqlite3
        >>> from contextlib import closing
        >>> event = Event("agent_complete")  # in a plugin, the argument of that name
        >>> with closing(sqlite3.connect("orders.db")) as connection, connection:
        ...     if first_delivery(connection.cursor(), event):
        ...         print("here stands the effect, within the same transaction")
        here stands the effect, within the same transaction
    """
    style = getattr(sys.modules[type(cursor).__module__.partition(".")[0]], "paramstyle", "qmark")
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id VARCHAR(255) PRIMARY KEY)")
    key = f"{consumer}:{event.id}" if consumer else event.id
    mark = _PLACEHOLDERS[style]
    parameters = {"event": key} if style == "named" else (key,)
    cursor.execute(f"SELECT 1 FROM {TABLE} WHERE id = {mark}", parameters)  # noqa: S608 - names of our own
    if cursor.fetchone() is not None:
        return False
    # Of two at once, one waits here for the other, and fails on the key: the delivery is repeated, and finds it.
    cursor.execute(f"INSERT INTO {TABLE} (id) VALUES ({mark})", parameters)  # noqa: S608
    return True
