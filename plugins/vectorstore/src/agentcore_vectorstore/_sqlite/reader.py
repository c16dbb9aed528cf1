"""One state of the database, as the store asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import evolve

from agentcore.types import Document
from agentcore_vectorstore._filters import EVERYTHING
from agentcore_vectorstore._sqlite.conditions import Condition, condition_of
from agentcore_vectorstore._sqlite.keywords import Keywords, Words
from agentcore_vectorstore._sqlite.matrix import Matrix, Nearest, vectors_of
from agentcore_vectorstore.protocols import Candidates, Query, Scope, Stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agentcore_vectorstore._sqlite.sql import Connection

__all__ = ["SQLiteReader", "scope_condition"]

_COLUMNS: Final = (
    "document.key, namespace.name, document.id, document.stored, document.expires, json(document.metadata), "
    "document.text FROM document JOIN namespace ON namespace.number = document.namespace"
)

_NOWHERE: Final = 0
"""The root's number, which is written to no document's index entry: nothing is found there."""


class SQLiteReader:
    """A transaction that reads; what it keeps between two of them is the caller's."""

    def __init__(self, connection: Connection, matrix: Matrix, keywords: Keywords) -> None:
        self._connection = connection
        self._matrix = matrix
        self._keywords = keywords

    def candidates(self, query: Query) -> Candidates:
        """Return the best by meaning, the best by words, and of both both scores."""
        near = Nearest()
        if query.vector is not None:
            self._matrix.refresh(self._connection)
            rows = self._rows(query.scope)
            weighed = query.text is not None
            near = self._matrix.nearest(self._connection, query.vector, query.pool, rows, weighed=weighed)
        if query.text is None:
            return Candidates(keys=near.keys.tolist(), meaning=near.cosines)
        question = self._question(query.scope, query.text)
        scores = self._keywords.best(self._connection, question, query.limit, query.pool, near.keys.tolist())
        keys = np.union1d(near.keys, np.fromiter(scores, dtype=np.int64, count=len(scores)))
        listed = keys.tolist()
        words = np.array([scores.get(key, 0.0) for key in listed], dtype=np.float64)
        if query.vector is None:
            return Candidates(keys=listed, words=words)
        meaning = np.zeros(keys.size)
        meaning[np.searchsorted(keys, near.keys)] = near.cosines
        # Those without a vector have a cosine of 0 with everything.
        late = np.flatnonzero(~np.isin(keys, near.keys, assume_unique=True) & self._matrix.holding(keys))
        if late.size:
            meaning[late] = np.vecdot(vectors_of(self._connection, keys[late]), query.vector)
        return Candidates(
            keys=listed,
            meaning=meaning,
            words=words,
            spread_of_meaning=near.spread,
            spread_of_words=self._keywords.spread(self._connection, question, words),
        )

    def load(self, keys: Sequence[int], *, vectors: bool = False) -> Mapping[int, Stored]:
        """Return the documents of *keys* that are there."""
        found = self._stored("WHERE document.key IN (SELECT value FROM json_each(?))", [json.dumps(keys)])
        return dict(self._with_vectors(found)) if vectors else dict(found)

    def find(self, namespace: str, ids: Sequence[str]) -> list[Stored]:
        """Return the documents of *ids* that are there."""
        found = self._stored(
            "WHERE document.namespace = (SELECT number FROM namespace WHERE name = ?) "
            "AND document.id IN (SELECT value FROM json_each(?))",
            [namespace, json.dumps(ids)],
        )
        return [stored for _, stored in found]

    def count(self, scope: Scope) -> int:
        """Return the number of documents."""
        where, values = scope_condition(self._connection, scope)
        number: int = self._connection.execute(f"SELECT count(*) FROM document WHERE {where}", values).get  # noqa: S608
        return number

    def namespaces(self, scope: Scope) -> dict[str, int]:
        """Return the number of documents in each namespace."""
        where, values = scope_condition(self._connection, scope)
        statement = f"SELECT namespace, count(*) FROM document WHERE {where} GROUP BY namespace"  # noqa: S608
        names = dict(self._connection.execute("SELECT number, name FROM namespace"))
        counts = {names[number]: count for number, count in self._connection.execute(statement, values)}
        return dict(sorted(counts.items()))

    def page(
        self, scope: Scope, *, after: int | None, limit: int, vectors: bool = False
    ) -> Sequence[tuple[int, Stored]]:
        """Return up to *limit* documents behind the key *after*."""
        where, values = scope_condition(self._connection, scope)
        found = self._stored(
            f"WHERE document.key > ? AND {where} ORDER BY document.key LIMIT ?", [after or 0, *values, limit]
        )
        return self._with_vectors(found) if vectors else found

    def _rows(self, scope: Scope) -> NDArray[np.intp] | None:
        keys = None
        if scope.filter != EVERYTHING:
            where, values = scope_condition(self._connection, scope)
            found = self._connection.execute(f"SELECT key FROM document WHERE {where}", values)  # noqa: S608
            keys = np.fromiter((key for (key,) in found), dtype=np.int64)
        return self._matrix.rows(namespace_numbers(self._connection, scope.namespace), keys, scope.now)

    def _question(self, scope: Scope, text: str) -> Words:
        number = None
        if scope.namespace:
            found = self._connection.execute("SELECT number FROM namespace WHERE name = ?", (scope.namespace,)).get
            number = _NOWHERE if found is None else found
        # The index knows namespaces; only a filter, or what has expired and is still there, needs the documents.
        condition = condition_of(scope.filter)
        if self._connection.execute("SELECT 1 FROM document WHERE expires <= ? LIMIT 1", (scope.now,)).get:
            condition = (f"({condition[0]}) AND coalesce(expires > ?, 1)", [*condition[1], scope.now])
        return Words(text, number, condition)

    def _stored(self, where: str, values: Sequence[Any]) -> list[tuple[int, Stored]]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} {where}", values)  # question marks only
        return [
            (
                key,
                Stored(
                    document=Document(text=text, id=id_, metadata=json.loads(metadata)),
                    namespace=namespace,
                    stored=stored,
                    expires=expires,
                ),
            )
            for key, namespace, id_, stored, expires, metadata, text in rows
        ]

    def _with_vectors(self, found: Sequence[tuple[int, Stored]]) -> list[tuple[int, Stored]]:
        rows = self._connection.execute(
            "SELECT key, value FROM vector WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps([key for key, _ in found]),),
        )
        vectors = {key: np.frombuffer(value, dtype="<f4") for key, value in rows}
        return [(key, evolve(stored, vector=vectors.get(key))) for key, stored in found]


def scope_condition(connection: Connection, scope: Scope) -> Condition:
    """Return the condition under which a document belongs to *scope*."""
    condition, values = condition_of(scope.filter)
    where = f"({condition}) AND coalesce(expires > ?, 1)"
    values = [*values, scope.now]
    numbers = namespace_numbers(connection, scope.namespace)
    if numbers is None:
        return where, values
    return f"document.namespace IN ({', '.join(map(str, numbers))}) AND {where}", values


def namespace_numbers(connection: Connection, namespace: str) -> list[int] | None:
    """Return the numbers of *namespace* and of all below it; None for the root, which has all."""
    if not namespace:
        return None
    # "0" is the character that follows the slash.
    rows = connection.execute(
        "SELECT number FROM namespace WHERE name = ?1 OR (name > ?1 || '/' AND name < ?1 || '0')", (namespace,)
    )
    return [number for (number,) in rows]
