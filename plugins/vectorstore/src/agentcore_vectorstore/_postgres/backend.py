"""What the store asks of a backend, in PostgreSQL with pgvector."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from agentcore_vectorstore._claims import Identity, mismatch
from agentcore_vectorstore._postgres.conditions import scope_condition
from agentcore_vectorstore._postgres.faults import translated
from agentcore_vectorstore._postgres.nearest import vector_text
from agentcore_vectorstore._postgres.reader import PostgresReader
from agentcore_vectorstore._postgres.schema import INDEXED, has_vectors, migrate
from agentcore_vectorstore._postgres.statistics import Statistics
from agentcore_vectorstore._postgres.writing import UPSERT, UPSERT_WITHOUT_VECTOR, row_of
from agentcore_vectorstore.errors import StoreClosedError
from agentcore_vectorstore.protocols import EmbedderIdentity, Entry, Reader, Scope, Vector

__all__ = ["PostgresBackend"]

_IN_ROW: Final = 768
"""Numbers up to which a vector stays in its row, where comparing it costs a quarter; two rows fit into a page then."""


class PostgresBackend:
    """One schema of a database: text, metadata, words and vector of a document are one row."""

    def __init__(
        self, parameters: Mapping[str, Any], schema: str, location: str, *, size: int, timeout: float, create: bool
    ) -> None:
        """Connect, and make the tables where they are missing.

        Args:
            parameters: Of libpq.
            schema: Of the tables.
            location: For messages.
            size: Connections at most.
            timeout: Seconds to wait for the server, a connection or a lock.
            create: Whether to make a schema that does not exist.
        """
        self.location = location
        """The server, the database and the schema."""
        self._closed = False
        self._vectors = False
        self._statistics = Statistics()
        with translated(location):
            # A failure is told at once, which the pool would try to mend until its time is over.
            with psycopg.connect(**parameters) as connection:
                migrate(connection, schema, location, create=create)
                self._vectors = has_vectors(connection)
            self._pool: ConnectionPool[Any] = ConnectionPool(
                kwargs=dict(parameters),
                min_size=1,
                max_size=size,
                timeout=timeout,
                open=False,
                configure=lambda connection: _configure(connection, schema, timeout),
            )
            self._pool.open(wait=True, timeout=timeout)

    @contextmanager
    def reading(self) -> Generator[Reader]:
        """Look at one state of the collection."""
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield PostgresReader(connection, self._statistics, vectors=self._has_vectors(connection))

    def embedder(self) -> Identity | None:
        """Return whose vectors these are."""
        with self._transaction() as connection:
            return _embedder_of(connection)

    def claim(self, embedder: EmbedderIdentity, *, replace: bool = False) -> None:
        """Write down whose vectors these are, or compare."""
        mine = (embedder.id, embedder.dimension, embedder.fingerprint)
        if self.embedder() == mine:
            return
        with self._transaction() as connection:
            connection.execute("SELECT FROM state FOR UPDATE")
            # Another process may have been faster.
            written = _embedder_of(connection)
            if written == mine:
                return
            if written is not None and not replace:
                raise mismatch(self.location, written, mine)
            _make_room(connection, embedder.dimension)
            connection.execute("UPDATE state SET embedder = %s, dimension = %s, fingerprint = %s", mine)
        self._vectors = True

    def put(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, by namespace and id."""
        with self._transaction() as connection:
            vectors = self._has_vectors(connection)
            rows = [row_of(entry, vectors=vectors) for entry in entries]
            connection.execute("DELETE FROM document WHERE expires <= %s", [time.time()])
            with connection.cursor() as cursor:
                cursor.executemany(UPSERT if vectors else UPSERT_WITHOUT_VECTOR, rows)

    def remove(self, namespace: str, ids: Sequence[str]) -> int:
        """Remove, and return how many there were."""
        wanted = [id_ for id_ in ids if "\0" not in id_]
        with self._transaction() as connection:
            statement = "DELETE FROM document WHERE namespace = %s AND id = ANY(%s)"
            removed: int = connection.execute(statement, [namespace, wanted]).rowcount
            return removed

    def remove_all(self, scope: Scope) -> int:
        """Remove what is in *scope*, and return how many there were."""
        where, values = scope_condition(scope)
        with self._transaction() as connection:
            removed: int = connection.execute(f"DELETE FROM document WHERE {where}", values).rowcount  # noqa: S608
            return removed

    def without_vector(self, limit: int) -> list[tuple[int, str]]:
        """Return up to *limit* documents that have no vector: key and text."""
        with self._transaction() as connection:
            missing = "embedding IS NULL" if self._has_vectors(connection) else "true"
            statement = f"SELECT key, text FROM document WHERE {missing} ORDER BY key LIMIT %s"  # noqa: S608
            waiting: list[tuple[int, str]] = connection.execute(statement, [limit]).fetchall()
            return waiting

    def attach(self, vectors: Iterable[tuple[int, Vector]]) -> None:
        """Give documents their vectors."""
        rows = [[vector_text(vector), key] for key, vector in vectors]
        with self._transaction() as connection, connection.cursor() as cursor:
            cursor.executemany("UPDATE document SET embedding = %s::vector WHERE key = %s", rows)

    def check(self) -> list[str]:
        """Read everything, and return what is wrong."""
        with self._transaction() as connection:
            connection.execute("SELECT sum(length(text) + length(raw)) FROM document")
            wrong: int = connection.execute("SELECT count(*) FROM document WHERE metadata <> raw::jsonb").fetchone()[0]
            return [f"documents whose metadata are not what was stored: {wrong}"] if wrong else []

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._pool.close()

    @contextmanager
    def _transaction(self) -> Generator[Any]:
        if self._closed:
            raise StoreClosedError(f"{self.location} has been closed", hint="open the store again.")
        with translated(self.location), self._pool.connection() as connection:
            yield connection

    def _has_vectors(self, connection: Any) -> bool:
        # The column comes with the first embedder, maybe in another process, and then stays.
        self._vectors = self._vectors or has_vectors(connection)
        return self._vectors


def _configure(connection: Any, schema: str, timeout: float) -> None:
    connection.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(schema)))
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(timeout * 1000)}ms"])
    # The default is for disks that turn, and passes the index of words over where a stem is in one text of fifty.
    connection.execute("SET random_page_cost = 1.1")
    # How many texts have a stem differs by orders of magnitude: a plan for any stem is a bad one.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _embedder_of(connection: Any) -> Identity | None:
    row = connection.execute("SELECT embedder, dimension, fingerprint FROM state WHERE embedder IS NOT NULL").fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _make_room(connection: Any, dimension: int) -> None:
    """Make an empty column for vectors, with an index where one can be."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    connection.execute("ALTER TABLE document DROP COLUMN IF EXISTS embedding")
    connection.execute("ALTER TABLE document ADD COLUMN embedding vector")
    if dimension <= _IN_ROW:
        connection.execute("ALTER TABLE document ALTER COLUMN embedding SET STORAGE PLAIN")
    if dimension <= INDEXED:
        connection.execute(
            f"CREATE INDEX document_embedding ON document USING hnsw ((embedding::vector({dimension})) vector_ip_ops)"
        )
