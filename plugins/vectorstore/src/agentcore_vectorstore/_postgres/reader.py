"""One state of a collection, as the store asks for it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from agentcore.types import Document
from agentcore_vectorstore._postgres.conditions import scope_condition
from agentcore_vectorstore._words import stems_of, telling_words
from agentcore_vectorstore.protocols import Candidates, Query, Scope, Stored, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PostgresReader", "Statistics", "vector_text"]

_COLUMNS: Final = "key, namespace, id, stored, expires, raw, text"

_EXACT: Final = 10_000
"""Documents of a scope up to which all vectors are compared: there the index would miss some and save nothing."""

_REACH: Final = (200, 1000)
"""Candidates that the index keeps in hand, at least, and the most that pgvector allows (``hnsw.ef_search``)."""

_DOCUMENTS_PER_CANDIDATE: Final = 1_000
"""A larger index needs more candidates: 200 find .995 of the ten best of 100,000 documents and .82 of those of a
million, 1,000 find .94 of these.  Where they are more than its size needs, PostgreSQL passes the index over."""

_FRESH: Final = 10.0
"""Seconds that statistics of many documents count."""

_MOST: Final = 2.2
"""What BM25 multiplies the weight of a word with at most."""

# As SQLite computes it: k1 = 1.2, b = 0.75.
_BM25: Final = """
    SELECT key, sum(weights.weight * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / %s))) AS score
    FROM document
    CROSS JOIN LATERAL unnest(words) AS word(lexeme, positions, marks)
    JOIN unnest(%s::text[], %s::float8[]) AS weights(stem, weight) ON weights.stem = word.lexeme
    CROSS JOIN LATERAL (SELECT cardinality(positions)::float8 AS tf) AS counted
    WHERE words @@ %s::tsquery AND {where}
    GROUP BY key
"""


class Statistics:
    """How many documents there are, and how many words each has on average.

    Counting takes as long as reading all rows, so that of many it is done now and then.
    """

    def __init__(self) -> None:
        self.documents = 0
        self.average = 1.0
        self._until = 0.0

    def refresh(self, connection: Any) -> None:
        """Count again, where there are few or the last time is long ago."""
        if monotonic() < self._until:
            return
        documents, average = connection.execute("SELECT count(*), avg(length)::float8 FROM document").fetchone()
        self.documents, self.average = documents, average or 1.0
        self._until = monotonic() + (_FRESH if documents > _EXACT else 0.0)


class PostgresReader:
    """A transaction that reads."""

    def __init__(self, connection: Any, statistics: Statistics, *, vectors: bool) -> None:
        self._connection = connection
        self._statistics = statistics
        self._vectors = vectors

    def candidates(self, query: Query) -> Candidates:
        """Return the best by meaning, the best by words, and of both both scores."""
        near = {} if query.vector is None else self._nearest(query.vector, query)
        wordy: dict[int, float] = {}
        if query.text is not None:
            wordy = self._by_words(query.text, query, list(near))
        keys = sorted({*near, *wordy})
        if query.vector is not None:
            near |= self._cosines(query.vector, [key for key in keys if key not in near])
        return Candidates(
            keys=keys,
            meaning=None if query.vector is None else _column(keys, near),
            words=None if query.text is None else _column(keys, wordy),
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

    def _nearest(self, vector: Vector, query: Query) -> dict[int, float]:
        if not self._vectors:
            return {}
        where, values = scope_condition(query.scope)
        few: int = self._connection.execute(
            f"SELECT count(*) FROM (SELECT FROM document WHERE {where} LIMIT %s) AS counted",  # noqa: S608
            [*values, _EXACT + 1],
        ).fetchone()[0]
        dimension = int(vector.size)
        if few > _EXACT:
            self._connection.execute("SELECT set_config('hnsw.iterative_scan', 'strict_order', true)")
            # Of how many documents there are, PostgreSQL's own guess is enough.
            self._connection.execute(
                "SELECT set_config('hnsw.ef_search', least(greatest(%s, %s, reltuples / %s), %s)::int::text, true) "
                "FROM pg_class WHERE oid = 'document'::regclass",
                [_REACH[0], 2 * query.pool, _DOCUMENTS_PER_CANDIDATE, _REACH[1]],
            )
            nearness = f"embedding::vector({dimension}) <#> %s::vector({dimension})"
        else:
            # As a sum no index fits, and all are compared.
            nearness = "0 + (embedding <#> %s::vector)"
        rows = self._connection.execute(
            f"SELECT key, -({nearness}) FROM document WHERE embedding IS NOT NULL AND {where} "  # noqa: S608
            f"ORDER BY {nearness}, key DESC LIMIT %s",
            [vector_text(vector), *values, vector_text(vector), query.pool],
        )
        return dict(rows.fetchall())

    def _cosines(self, vector: Vector, keys: Sequence[int]) -> dict[int, float]:
        if not keys or not self._vectors:
            return {}
        rows = self._connection.execute(
            "SELECT key, -(embedding <#> %s::vector) FROM document WHERE key = ANY(%s) AND embedding IS NOT NULL",
            [vector_text(vector), list(keys)],
        )
        return dict(rows.fetchall())

    def _by_words(self, text: str, query: Query, also: Sequence[int]) -> dict[int, float]:
        stems = list(dict.fromkeys(stem for word in telling_words(text.replace("\0", " ")) for stem in stems_of(word)))
        if not stems:
            return {}
        weights, counts = self._weights(stems)
        scored = [self._statistics.average, list(weights), list(weights.values())]
        where, values = scope_condition(query.scope)
        statement = _BM25.format(where=where) + " ORDER BY score DESC, key DESC LIMIT %s"
        heavy = _heavy(weights, counts, query.pool)
        while True:
            rows = self._connection.execute(statement, [*scored, _either(heavy), *values, query.pool]).fetchall()
            # What has light words alone cannot be among the best where those score more than all of them together.
            rest = _MOST * sum(weight for stem, weight in weights.items() if stem not in heavy)
            if len(heavy) == len(weights) or (len(rows) >= query.pool and rows[query.limit - 1][1] > rest):
                break
            heavy = list(weights)
        found: dict[int, float] = dict(rows)
        if also:
            statement = _BM25.format(where="key = ANY(%s)")
            found |= dict(self._connection.execute(statement, [*scored, _either(weights), list(also)]).fetchall())
        return found

    def _weights(self, stems: Sequence[str]) -> tuple[dict[str, float], dict[str, int]]:
        """The weight of each stem, the heaviest first, and in how many documents it is."""
        self._statistics.refresh(self._connection)
        rows: Any = self._connection.execute(
            "SELECT (SELECT count(*) FROM document WHERE words @@ term::tsquery) FROM unnest(%s::text[]) AS term",
            [[_quoted(stem) for stem in stems]],
        ).fetchall()
        counts = {stem: count for stem, (count,) in zip(stems, rows, strict=True)}
        weights: dict[str, float] = {}
        for stem, count in sorted(counts.items(), key=lambda item: item[1]):
            others = max(0, self._statistics.documents - count)
            weights[stem] = max(1e-6, math.log((others + 0.5) / (count + 0.5)))
        return weights, counts

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


def _heavy(weights: Mapping[str, float], counts: Mapping[str, int], pool: int) -> list[str]:
    """The heaviest stems, as many as may fill the pool."""
    heavy: list[str] = []
    documents = 0
    for stem in weights:
        heavy.append(stem)
        documents += counts[stem]
        if documents >= 5 * pool:
            break
    return heavy


def _either(stems: Iterable[str]) -> str:
    return " | ".join(_quoted(stem) for stem in stems)


def vector_text(vector: Vector) -> str:
    """Return *vector* as pgvector reads it."""
    return f"[{','.join(map(repr, vector.tolist()))}]"


def _column(keys: Sequence[int], scores: Mapping[int, float]) -> NDArray[np.float64]:
    return np.array([scores.get(key, 0.0) for key in keys], dtype=np.float64)


def _quoted(stem: str) -> str:
    doubled = stem.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
