"""What repeats in many events and is kept once: hooks, runs, and the sets of lanes that events are promised to."""

from __future__ import annotations

import json
from typing import Final

from agentcore._delivery.journal import Record
from agentcore._delivery.sqlite.sql import Connection

__all__ = ["Names"]

_KEPT: Final = 10_000
"""Runs whose numbers are remembered; there are seldom more under way at once."""


class Names:
    """Numbers of names, remembered between the appends of one process."""

    def __init__(self) -> None:
        self._pruned = -1
        self._hooks: dict[str, int] = {}
        self._routes: dict[tuple[str, ...], int] = {}
        self._runs: dict[tuple[str, str, str], int] = {}

    def clear(self) -> None:
        """Forget everything: what was noted in a transaction that was undone is wrong."""
        self._hooks.clear()
        self._routes.clear()
        self._runs.clear()

    def refresh(self, pruned: int) -> None:
        """Forget what pruning may have deleted since; *pruned* is the journal's count of it."""
        if pruned != self._pruned or len(self._runs) > _KEPT:
            self._pruned = pruned
            self.clear()

    def hook(self, connection: Connection, name: str) -> int:
        """Return the number of a hook."""
        number = self._hooks.get(name)
        if number is None:
            self._hooks[name] = number = _number(connection, "hook", ("name",), (name,))
        return number

    def run(self, connection: Connection, record: Record) -> int:
        """Return the number of the run that *record* is of."""
        key = (record.run, record.root, record.agent)
        number = self._runs.get(key)
        if number is None:
            self._runs[key] = number = _number(connection, "run", ("run", "root", "agent"), key)
        return number

    def route(self, connection: Connection, lanes: tuple[str, ...]) -> int:
        """Return the number of a set of lanes."""
        number = self._routes.get(lanes)
        if number is None:
            self._routes[lanes] = number = _number(connection, "route", ("lanes",), (json.dumps(lanes),))
            connection.executemany("INSERT OR IGNORE INTO promise VALUES (?, ?)", [(lane, number) for lane in lanes])
        return number


def _number(connection: Connection, table: str, columns: tuple[str, ...], values: tuple[str, ...]) -> int:
    found = connection.execute(
        f"SELECT id FROM {table} WHERE " + " AND ".join(f"{column} = ?" for column in columns),
        values,
    ).fetchone()
    if found is not None:
        number: int = found[0]
        return number
    connection.execute(
        f"INSERT INTO {table}({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        values,
    )
    return connection.last_insert_rowid()
