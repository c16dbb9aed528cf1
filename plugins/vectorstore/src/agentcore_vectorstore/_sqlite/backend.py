"""What the store asks of a backend, in SQLite."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from agentcore.types import Document
from agentcore_vectorstore._fusion import POOL, fuse, top
from agentcore_vectorstore._sqlite.filters import Condition, condition_of
from agentcore_vectorstore._sqlite.keywords import match_expression
from agentcore_vectorstore._sqlite.matrix import Matrix, stored_vector
from agentcore_vectorstore.errors import EmbedderMismatchError
from agentcore_vectorstore.protocols import Embedder, Entry, Found, Query, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agentcore_vectorstore._sqlite.database import Database
    from agentcore_vectorstore._sqlite.sql import Connection

    Scored = tuple[NDArray[np.int64], NDArray[np.floating[Any]]]
    """Keys, growing, and their scores."""

__all__ = ["SQLiteBackend"]

_NOTHING: Final[Scored] = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


class SQLiteBackend:
    """One SQLite database: text, metadata, keywords and vector of a document change in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._matrix = Matrix()

    @property
    def location(self) -> str:
        """The file."""
        return self._database.location

    def claim(self, embedder: Embedder) -> None:
        """Write down whose vectors these are, or compare."""
        mine = (embedder.id, embedder.dimension, embedder.fingerprint)
        with self._database.read() as connection:
            written = _embedder_of(connection)
        if written is None:
            with self._database.write() as connection:
                # Another process may have been faster.
                written = _embedder_of(connection)
                if written is None:
                    connection.execute("UPDATE state SET embedder = ?, dimension = ?, fingerprint = ?", mine)
                    return
        if written != mine:
            raise EmbedderMismatchError(
                f"the vectors in {self.location} are those of embedder {_described(written)}, not {_described(mine)}",
                hint="open it with the embedder that wrote it, or with embedder='none' for keywords only, "
                "or name another file.",
            )

    def put(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, by id.  A document that is there already, word for word, is left as it is."""
        with self._database.write() as connection:
            there = _unchanged_or_removed(connection, {entry.id: entry for entry in entries})
            for entry in entries:
                if entry.id not in there:
                    _insert(connection, entry)

    def remove(self, ids: Sequence[str]) -> int:
        """Remove, and return how many there were."""
        with self._database.write() as connection:
            rows = connection.execute(
                "DELETE FROM document WHERE id IN (SELECT value FROM json_each(?)) RETURNING key", (json.dumps(ids),)
            )
            return len(rows.fetchall())

    def count(self) -> int:
        """Return the number of documents."""
        with self._database.read() as connection:
            number: int = connection.execute("SELECT count(*) FROM document").get
            return number

    def search(self, query: Query) -> list[Found]:
        """Return the nearest documents, best first."""
        with self._database.read() as connection:
            keys, scores = self._scores(connection, query)
            best = top(scores, query.limit)
            documents = _documents(connection, keys[best].tolist())
            return [(documents[int(keys[index])], float(scores[index])) for index in best]

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
                for id_, text, metadata in connection.execute(
                    "DELETE FROM document WHERE key = ? RETURNING id, text, json(metadata)", (key,)
                ).fetchall():
                    _insert(connection, Entry(id=id_, text=text, metadata=metadata, vector=vector))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _scores(self, connection: Connection, query: Query) -> Scored:
        condition = condition_of(query.filter)
        expression = match_expression(query.text or "")
        if query.vector is None:
            return _keyword_scores(connection, expression, condition, query.limit)
        near = self._vector_scores(connection, query.vector, query.filter, condition)
        if query.text is None:
            return near
        pool = max(POOL, query.limit)
        nearest = near[0][top(near[1], pool)]
        wordy = _keyword_scores(connection, expression, condition, pool, also=nearest.tolist())
        candidates = np.union1d(nearest, wordy[0])
        return candidates, fuse(_scores_of(candidates, near), _scores_of(candidates, wordy))

    def _vector_scores(
        self, connection: Connection, vector: Vector, filter: Mapping[str, Any], condition: Condition
    ) -> Scored:
        self._matrix.refresh(connection)
        keys, cosines = self._matrix.keys, self._matrix.cosines(vector)
        if not filter:
            return keys, cosines
        where, values = condition
        rows = connection.execute(f"SELECT key FROM document WHERE {where}", values)  # noqa: S608  # question marks only
        allowed = np.isin(keys, np.fromiter((key for (key,) in rows), dtype=np.int64), assume_unique=True)
        return keys[allowed], cosines[allowed]


def _embedder_of(connection: Connection) -> tuple[str, int, str] | None:
    row = connection.execute("SELECT embedder, dimension, fingerprint FROM state WHERE embedder IS NOT NULL").fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _described(embedder: tuple[str, int, str]) -> str:
    id_, dimension, fingerprint = embedder
    return f"{id_!r} ({dimension} numbers{f', fingerprint {fingerprint[:12]}' if fingerprint else ''})"


def _unchanged_or_removed(connection: Connection, entries: Mapping[str, Entry]) -> set[str]:
    """Remove the documents that *entries* replace, and return the ids of those that need no replacing."""
    rows = connection.execute(
        "SELECT id, text, json(metadata), EXISTS (SELECT 1 FROM vector WHERE vector.key = document.key) "
        "FROM document WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(entries)),),
    ).fetchall()
    unchanged: set[str] = set()
    for id_, text, metadata, has_vector in rows:
        entry = entries[id_]
        if (text, metadata) == (entry.text, entry.metadata) and (has_vector or entry.vector is None):
            unchanged.add(id_)
        else:
            connection.execute("DELETE FROM document WHERE id = ?", (id_,))
    return unchanged


def _insert(connection: Connection, entry: Entry) -> None:
    connection.execute(
        "INSERT INTO document(id, stored, metadata, text) VALUES (?, ?, jsonb(?), ?)",
        (entry.id, time.time(), entry.metadata, entry.text),
    )
    if entry.vector is not None:
        connection.execute(
            "INSERT INTO vector(key, value) VALUES (?, ?)",
            (connection.last_insert_rowid(), stored_vector(entry.vector)),
        )


def _keyword_scores(
    connection: Connection, expression: str | None, condition: Condition, limit: int, also: Sequence[int] = ()
) -> Scored:
    """The best *limit* documents by words, and those of *also* that have one, by growing key."""
    if expression is None:
        return _NOTHING
    where, values = condition
    joined = " JOIN document ON document.key = keyword.rowid" if values else ""
    rows = connection.execute(
        f"SELECT keyword.rowid, -bm25(keyword) FROM keyword{joined} WHERE keyword MATCH ? AND {where} "  # noqa: S608
        "ORDER BY bm25(keyword), keyword.rowid DESC LIMIT ?",
        (expression, *values, limit),
    )
    scores: dict[int, float] = dict(rows)
    if also:
        # The plus keeps the index from being walked once for each of them.
        rows = connection.execute(
            "SELECT rowid, -bm25(keyword) FROM keyword WHERE keyword MATCH ? "
            "AND +rowid IN (SELECT value FROM json_each(?))",
            (expression, json.dumps(also)),
        )
        scores |= dict(rows)
    keys = np.array(sorted(scores), dtype=np.int64)
    return keys, np.array([scores[key] for key in keys.tolist()], dtype=np.float64)


def _scores_of(candidates: NDArray[np.int64], scored: Scored) -> NDArray[np.float64]:
    """The score of each candidate, 0 for those that have none."""
    keys, scores = scored
    found = np.zeros(candidates.size, dtype=np.float64)
    if keys.size:
        at = np.minimum(np.searchsorted(keys, candidates), keys.size - 1)
        there = keys[at] == candidates
        found[there] = scores[at[there]]
    return found


def _documents(connection: Connection, keys: list[int]) -> dict[int, Document]:
    rows = connection.execute(
        "SELECT key, id, text, json(metadata) FROM document WHERE key IN (SELECT value FROM json_each(?))",
        (json.dumps(keys),),
    )
    return {key: Document(id=id_, text=text, metadata=json.loads(metadata)) for key, id_, text, metadata in rows}
