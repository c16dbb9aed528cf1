"""Exactly one effect for each event."""

import sqlite3
import sys
from types import ModuleType
from typing import Any

import pytest

from agentcore import Event
from agentcore.delivery import first_delivery


@pytest.fixture
def connection() -> Any:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE total (n INTEGER)")
        connection.execute("INSERT INTO total VALUES (0)")
        connection.commit()
        yield connection
    connection.close()


def count(connection: sqlite3.Connection, event: Event, *, fail: bool = False) -> None:
    with connection:
        if first_delivery(connection.cursor(), event):
            connection.execute("UPDATE total SET n = n + 1")
        if fail:
            raise RuntimeError("after the effect")


def total(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT n FROM total").fetchone()[0])


def test_effect_happens_once(connection: sqlite3.Connection) -> None:
    """However often an event is delivered, and whichever others come in between."""
    one, other = Event("agent_complete"), Event("agent_complete")
    for event in (one, other, one, one, other):
        count(connection, event)
    assert total(connection) == 2


def test_effect_that_was_rolled_back_happens_again(connection: sqlite3.Connection) -> None:
    """The note and the effect are of one transaction."""
    event = Event("agent_complete")
    with pytest.raises(RuntimeError):
        count(connection, event, fail=True)
    assert total(connection) == 0
    count(connection, event)
    assert total(connection) == 1


def test_consumers_are_told_apart(connection: sqlite3.Connection) -> None:
    """Two who share a database each have their own first delivery."""
    event, cursor = Event("agent_complete"), connection.cursor()
    assert [first_delivery(cursor, event, consumer=name) for name in ("a", "b", "a")] == [True, True, False]


@pytest.mark.parametrize("style", ["qmark", "format", "pyformat", "numeric", "named"])
def test_parameters_are_written_as_the_driver_wants_them(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each DB-API driver says by its paramstyle how its placeholders look."""
    driver = ModuleType("some_driver")
    driver.paramstyle = style  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "some_driver", driver)
    said: list[tuple[str, object]] = []

    class Cursor:
        __module__ = "some_driver.cursors"

        def execute(self, operation: str, parameters: object = None, /) -> None:
            said.append((operation, parameters))

        def fetchone(self) -> None:
            return None

    event = Event("agent_complete")
    assert first_delivery(Cursor(), event)
    mark = {"qmark": "?", "format": "%s", "pyformat": "%s", "numeric": ":1", "named": ":event"}[style]
    parameters = {"event": event.id} if style == "named" else (event.id,)
    assert said[1:] == [
        (f"SELECT 1 FROM agentcore_delivered WHERE id = {mark}", parameters),
        (f"INSERT INTO agentcore_delivered (id) VALUES ({mark})", parameters),
    ]
