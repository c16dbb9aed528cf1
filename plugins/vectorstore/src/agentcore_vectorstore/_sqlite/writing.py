"""What changes the database, inside a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agentcore_vectorstore._namespaces import ancestors
from agentcore_vectorstore._sqlite.matrix import stored_vector
from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore.protocols import Entry

__all__ = ["delete", "forget_removals", "insert", "namespace_number", "purge", "put_entries"]

_THERE: Final = (
    "SELECT key, namespace, id, text, json(metadata), expires, "
    "EXISTS (SELECT 1 FROM vector WHERE vector.key = document.key) FROM document WHERE "
)

_REMEMBERED: Final = 10_000
"""Removals that are kept for readers; one that has missed more looks at all keys."""

_PURGED: Final = 1_000
"""Expired documents that one writer removes at most, so that none has to wait long."""


def put_entries(connection: Connection, entries: Sequence[Entry]) -> None:
    """Insert or replace; what is there word for word gets a new expiry at most."""
    numbers = {name: namespace_number(connection, name) for name in {entry.namespace for entry in entries}}
    there = _unchanged_or_removed(connection, {(numbers[entry.namespace], entry.id): entry for entry in entries})
    for entry in entries:
        number = numbers[entry.namespace]
        if (number, entry.id) not in there:
            insert(connection, number, entry)


def insert(connection: Connection, namespace: int, entry: Entry, value: bytes | None = None) -> None:
    """Insert one that is not there; *value* is what the file keeps of its vector, where the entry has none."""
    connection.execute(
        "INSERT INTO document(namespace, id, stored, expires, metadata, text) VALUES (?, ?, ?, ?, jsonb(?), ?)",
        (namespace, entry.id, entry.stored, entry.expires, entry.metadata, entry.text),
    )
    key = connection.last_insert_rowid()
    connection.execute(
        "INSERT INTO keyword(rowid, text, namespace) VALUES (?, ?, (SELECT terms FROM namespace WHERE number = ?))",
        (key, entry.text, namespace),
    )
    if entry.vector is not None:
        value = stored_vector(entry.vector)
    if value is not None:
        connection.execute(
            "INSERT INTO vector(key, namespace, expires, value) VALUES (?, ?, ?, ?)",
            (key, namespace, entry.expires, value),
        )


def namespace_number(connection: Connection, name: str) -> int:
    """Return the number of a namespace, which is made where it is missing, with all above it."""
    number: int | None = connection.execute("SELECT number FROM namespace WHERE name = ?", (name,)).get
    if number is not None:
        return number
    terms = ""
    for each in ancestors(name):
        row = connection.execute("SELECT number, terms FROM namespace WHERE name = ?", (each,)).fetchone()
        if row is None:
            number = connection.execute("SELECT max(number) + 1 FROM namespace").get
            terms = f"{terms} n{number}".strip()
            connection.execute("INSERT INTO namespace VALUES (?, ?, ?)", (number, each, terms))
        else:
            number, terms = row
    if number is None:
        raise AssertionError("the root is always there")
    return number


def purge(connection: Connection, now: float) -> None:
    """Remove what has expired, or the first part of it."""
    if connection.execute("SELECT 1 FROM document WHERE expires <= ? LIMIT 1", (now,)).get:
        delete(connection, "expires <= ?", [now], limit=_PURGED)


def delete(connection: Connection, where: str, values: Sequence[Any], *, limit: int = -1) -> int:
    """Delete the documents for which *where* is true, and return how many there were."""
    statement = f"SELECT key FROM document WHERE {where} LIMIT ?"  # noqa: S608  # question marks only
    keys = [key for (key,) in connection.execute(statement, (*values, limit))]
    for key in keys:
        connection.execute(
            "INSERT INTO keyword(keyword, rowid, text, namespace) SELECT 'delete', key, text, namespace "
            "FROM searchable WHERE key = ?; DELETE FROM vector WHERE key = ?; DELETE FROM document WHERE key = ?; "
            "INSERT INTO removed(key) VALUES (?)",
            (key, key, key, key),
        )
    if keys:
        forget_removals(connection)
    return len(keys)


def forget_removals(connection: Connection) -> None:
    """Cut the list of what was removed."""
    connection.execute("DELETE FROM removed WHERE number <= (SELECT max(number) FROM removed) - ?", (_REMEMBERED,))


def _unchanged_or_removed(connection: Connection, entries: Mapping[tuple[int, str], Entry]) -> set[tuple[int, str]]:
    """Remove the documents that *entries* replace, and return the names of those that need no replacing."""
    # Mostly there is one, and it need not be written as JSON.
    values: Sequence[Any] = next(iter(entries), (0, ""))
    which = "namespace = ? AND id = ?"
    if len(entries) > 1:
        values = [json.dumps(list(entries), ensure_ascii=False)]
        which = "(namespace, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
    rows = connection.execute(_THERE + which, values).fetchall()
    unchanged: set[tuple[int, str]] = set()
    for key, namespace, id_, text, metadata, expires, has_vector in rows:
        entry = entries[namespace, id_]
        same = (text, metadata) == (entry.text, entry.metadata) and (has_vector or entry.vector is None)
        if not same:
            delete(connection, "key = ?", [key])
            continue
        unchanged.add((namespace, id_))
        if expires != entry.expires:
            _live_until(connection, key, entry)
    return unchanged


def _live_until(connection: Connection, key: int, entry: Entry) -> None:
    """Give a document another expiry, and with it a new key, by which every reader finds it."""
    value: bytes | None = connection.execute("SELECT value FROM vector WHERE key = ?", (key,)).get
    namespace: int = connection.execute("SELECT namespace FROM document WHERE key = ?", (key,)).get
    delete(connection, "key = ?", [key])
    insert(connection, namespace, entry, value)
