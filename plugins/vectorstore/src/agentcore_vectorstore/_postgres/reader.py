"""One state of a collection, as the store asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from agentcore.types import Document
from agentcore_vectorstore._postgres.conditions import scope_condition
from agentcore_vectorstore._postgres.keywords import keywords_of
from agentcore_vectorstore._postgres.nearest import Nearest, cosines_of, nearest
from agentcore_vectorstore._postgres.statistics import Statistics
from agentcore_vectorstore.protocols import Candidates, Query, Scope, Stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PostgresReader"]

_COLUMNS: Final = "key, namespace, id, stored, expires, raw, text"


class PostgresReader:
    """A transaction that reads."""

    def __init__(self, connection: Any, statistics: Statistics, *, vectors: bool) -> None:
        self._connection = connection
        self._statistics = statistics
        self._vectors = vectors

    def candidates(self, query: Query) -> Candidates:
        """Return the best by meaning, the best by words, and of both both scores."""
        scope = scope_condition(query.scope)
        near = Nearest({}, spread=None)
        if query.vector is not None and self._vectors:
            near = nearest(self._connection, query.vector, query.pool, scope, weighed=query.text is not None)
        if query.text is None:
            keys = sorted(near.cosines)
            return Candidates(keys=keys, meaning=_column(keys, near.cosines))
        question = keywords_of(self._connection, self._statistics, query.text)
        found = question.best(self._connection, scope, query.limit, query.pool, near.cosines)
        keys = sorted({*near.cosines, *found})
        words = _column(keys, found)
        if query.vector is None:
            return Candidates(keys=keys, words=words)
        cosines = near.cosines
        late = found.keys() - cosines.keys()
        if late and self._vectors:
            cosines = cosines | cosines_of(self._connection, query.vector, late)
        return Candidates(
            keys=keys,
            meaning=_column(keys, cosines),
            words=words,
            spread_of_meaning=near.spread,
            spread_of_words=question.spread(words),
        )

    def load(self, keys: Sequence[int], *, vectors: bool = False) -> Mapping[int, Stored]:
        """Return the documents of *keys* that are there."""
        return dict(self._stored("WHERE key = ANY(%s)", [list(keys)], vectors=vectors))

    def find(self, namespace: str, ids: Sequence[str]) -> list[Stored]:
        """Return the documents of *ids* that are there."""
        wanted = [id_ for id_ in ids if "\0" not in id_]
        return [stored for _, stored in self._stored("WHERE namespace = %s AND id = ANY(%s)", [namespace, wanted])]

    def count(self, scope: Scope) -> int:
        """Return the number of documents."""
        where, values = scope_condition(scope)
        number: int = self._connection.execute(f"SELECT count(*) FROM document WHERE {where}", values).fetchone()[0]  # noqa: S608
        return number

    def namespaces(self, scope: Scope) -> dict[str, int]:
        """Return the number of documents in each namespace."""
        where, values = scope_condition(scope)
        statement = f"SELECT namespace, count(*) FROM document WHERE {where} GROUP BY 1 ORDER BY 1"  # noqa: S608
        return dict(self._connection.execute(statement, values).fetchall())

    def page(
        self, scope: Scope, *, after: int | None, limit: int, vectors: bool = False
    ) -> Sequence[tuple[int, Stored]]:
        """Return up to *limit* documents behind the key *after*."""
        where, values = scope_condition(scope)
        return self._stored(
            f"WHERE key > %s AND {where} ORDER BY key LIMIT %s", [after or 0, *values, limit], vectors=vectors
        )

    def _stored(self, where: str, values: Sequence[Any], *, vectors: bool = False) -> list[tuple[int, Stored]]:
        vector = ", embedding::real[]" if vectors and self._vectors else ", NULL"
        rows: Any = self._connection.execute(f"SELECT {_COLUMNS}{vector} FROM document {where}", values)  # noqa: S608
        return [
            (
                key,
                Stored(
                    document=Document(text=text, id=id_, metadata=json.loads(raw)),
                    namespace=namespace,
                    stored=stored,
                    expires=expires,
                    vector=None if numbers is None else np.array(numbers, dtype=np.float32),
                ),
            )
            for key, namespace, id_, stored, expires, raw, text, numbers in rows
        ]


def _column(keys: Sequence[int], scores: Mapping[int, float]) -> NDArray[np.float64]:
    return np.array([scores.get(key, 0.0) for key in keys], dtype=np.float64)
