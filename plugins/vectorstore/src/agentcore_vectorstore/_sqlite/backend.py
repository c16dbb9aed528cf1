"""What the store asks of a backend, in SQLite."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agentcore_vectorstore._claims import mismatch
from agentcore_vectorstore._sqlite.keywords import Keywords
from agentcore_vectorstore._sqlite.matrix import Matrix
from agentcore_vectorstore._sqlite.reader import SQLiteReader, scope_condition
from agentcore_vectorstore._sqlite.writing import delete, forget_removals, insert, purge, put_entries
from agentcore_vectorstore.protocols import EmbedderIdentity, Entry, Reader, Scope, Vector

if TYPE_CHECKING:
    from agentcore_vectorstore._sqlite.database import Database
    from agentcore_vectorstore._sqlite.sql import Connection

__all__ = ["SQLiteBackend"]


class SQLiteBackend:
    """One SQLite database: text, metadata, keywords and vector of a document change in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._matrix = Matrix()
        self._keywords = Keywords()

    @property
    def location(self) -> str:
        """The file."""
        return self._database.location

    @contextmanager
    def reading(self) -> Generator[Reader]:
        """Look at one state of the database."""
        with self._database.read() as connection:
            yield SQLiteReader(connection, self._matrix, self._keywords)

    def embedder(self) -> tuple[str, int, str] | None:
        """Return whose vectors these are."""
        with self._database.read() as connection:
            return _embedder_of(connection)

    def claim(self, embedder: EmbedderIdentity, *, replace: bool = False) -> None:
        """Write down whose vectors these are, or compare."""
        mine = (embedder.id, embedder.dimension, embedder.fingerprint)
        if self.embedder() == mine:
            return
        with self._database.write() as connection:
            # Another process may have been faster.
            written = _embedder_of(connection)
            if written is not None and written != mine:
                if not replace:
                    raise mismatch(self.location, written, mine)
                _drop_vectors(connection)
            connection.execute("UPDATE state SET embedder = ?, dimension = ?, fingerprint = ?", mine)

    def put(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, by namespace and id."""
        with self._database.write() as connection:
            purge(connection, time.time())
            put_entries(connection, entries)

    def remove(self, namespace: str, ids: Sequence[str]) -> int:
        """Remove, and return how many there were."""
        with self._database.write() as connection:
            return delete(
                connection,
                "namespace = (SELECT number FROM namespace WHERE name = ?) AND id IN (SELECT value FROM json_each(?))",
                [namespace, json.dumps(ids)],
            )

    def remove_all(self, scope: Scope) -> int:
        """Remove what is in *scope*, and return how many there were."""
        with self._database.write() as connection:
            return delete(connection, *scope_condition(connection, scope))

    def without_vector(self, limit: int) -> list[tuple[Any, str]]:
        """Return up to *limit* documents that have no vector: key and text."""
        with self._database.read() as connection:
            return connection.execute(
                "SELECT key, text FROM document WHERE key NOT IN (SELECT key FROM vector) LIMIT ?", (limit,)
            ).fetchall()

    def attach(self, vectors: Iterable[tuple[Any, Vector]]) -> None:
        """Give documents their vectors; each gets a new key, by which every reader finds it."""
        with self._database.write() as connection:
            for key, vector in vectors:
                for namespace, id_, stored, expires, metadata, text in connection.execute(
                    "SELECT namespace, id, stored, expires, json(metadata), text FROM document WHERE key = ?", (key,)
                ).fetchall():
                    delete(connection, "key = ?", [key])
                    entry = Entry(
                        namespace="",
                        id=id_,
                        text=text,
                        metadata=metadata,
                        vector=vector,
                        stored=stored,
                        expires=expires,
                    )
                    insert(connection, namespace, entry)

    def check(self) -> list[str]:
        """Read everything, and return what is wrong."""
        with self._database.write() as connection:
            problems = [row for (row,) in connection.execute("PRAGMA integrity_check") if row != "ok"]
            if not problems:
                problems += _index_problems(connection)
        return problems

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _embedder_of(connection: Connection) -> tuple[str, int, str] | None:
    row = connection.execute("SELECT embedder, dimension, fingerprint FROM state WHERE embedder IS NOT NULL").fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _drop_vectors(connection: Connection) -> None:
    connection.execute("INSERT INTO removed(key) SELECT key FROM vector")
    connection.execute("DELETE FROM vector")
    forget_removals(connection)


def _index_problems(connection: Connection) -> list[str]:
    import apsw

    try:
        connection.execute("INSERT INTO keyword(keyword, rank) VALUES ('integrity-check', 1)")
    except apsw.CorruptError:
        return ["the index of words does not fit the texts"]
    lost = connection.execute("SELECT count(*) FROM vector WHERE key NOT IN (SELECT key FROM document)").get
    return [f"vectors without a document: {lost}"] if lost else []
