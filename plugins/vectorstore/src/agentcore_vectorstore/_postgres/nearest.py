"""The nearest documents by vector: all compared where they are few, by the index where they are many."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from attrs import frozen

from agentcore_vectorstore._postgres.conditions import Condition
from agentcore_vectorstore._postgres.statistics import believed_documents
from agentcore_vectorstore._spread import deviation
from agentcore_vectorstore.protocols import Vector

__all__ = ["Nearest", "cosines_of", "nearest", "vector_text"]

_EXACT: Final = 10_000
"""Documents of a scope up to which all vectors are compared: there the index would miss some and save nothing."""

_REACH: Final = (200, 1000)
"""Candidates that the index keeps in hand, at least, and the most that pgvector allows (``hnsw.ef_search``)."""

_DOCUMENTS_PER_CANDIDATE: Final = 1_000
"""A larger index needs more candidates: 200 find .995 of the ten best of 100,000 documents and .83 of those of a
million, 1,000 find .93 of these.  Where they are more than its size needs, PostgreSQL passes the index over."""

_SAMPLE: Final = 500
"""Documents, roughly, whose cosines tell how those of all are spread, where not all are compared; to within 3 %."""

_LIKE: Final = "-(embedding <#> %s::vector)"
"""The cosine: all vectors have unit length, and pgvector gives the inner product with its sign turned."""


@frozen
class Nearest:
    """The largest cosines with a vector."""

    cosines: dict[int, float]
    """By key."""
    spread: float | None
    """The standard deviation of all cosines; None where it is not known or was not asked for."""


def nearest(connection: Any, vector: Vector, pool: int, scope: Condition, *, weighed: bool) -> Nearest:
    """Return the *pool* largest cosines with *vector*; some of them may be missing where documents are many.

    Args:
        connection: In a transaction.
        vector: The question's.
        pool: How many.
        scope: Of the documents.
        weighed: Whether they are weighed against words, for which their spread is needed.
    """
    where, values = scope
    (few,) = connection.execute(
        f"SELECT count(*) FROM (SELECT FROM document WHERE {where} LIMIT %s) AS counted",  # noqa: S608
        [*values, _EXACT + 1],
    ).fetchone()
    having = f"embedding IS NOT NULL AND {where}", values
    if few <= _EXACT:
        return _by_comparing(connection, vector, pool, having)
    # Of how many documents there are, PostgreSQL's own guess is enough.
    believed = believed_documents(connection)
    cosines = _by_index(connection, vector, pool, having, believed)
    return Nearest(cosines, spread=_sampled_spread(connection, vector, believed) if weighed else None)


def cosines_of(connection: Any, vector: Vector, keys: Collection[int]) -> dict[int, float]:
    """Return the cosines of those of *keys* that have a vector."""
    rows = connection.execute(
        f"SELECT key, {_LIKE} FROM document WHERE key = ANY(%s) AND embedding IS NOT NULL",  # noqa: S608
        [vector_text(vector), list(keys)],
    )
    return dict(rows.fetchall())


def vector_text(vector: Vector) -> str:
    """Return *vector* as pgvector reads it."""
    return f"[{','.join(map(repr, vector.tolist()))}]"


def _by_comparing(connection: Any, vector: Vector, pool: int, scope: Condition) -> Nearest:
    where, values = scope
    rows = connection.execute(
        f"WITH compared AS MATERIALIZED (SELECT key, {_LIKE} AS cosine FROM document WHERE {where}), "  # noqa: S608
        "whole AS (SELECT count(*) AS number, sum(cosine) AS total, sum(cosine * cosine) AS squares FROM compared) "
        "SELECT key, cosine, number, total, squares FROM compared, whole ORDER BY cosine DESC, key DESC LIMIT %s",
        [vector_text(vector), *values, pool],
    ).fetchall()
    return Nearest(cosines={key: cosine for key, cosine, *_ in rows}, spread=deviation(*rows[0][2:]) if rows else None)


def _by_index(connection: Any, vector: Vector, pool: int, scope: Condition, documents: int) -> dict[int, float]:
    where, values = scope
    reach = min(_REACH[1], max(_REACH[0], 2 * pool, documents // _DOCUMENTS_PER_CANDIDATE))
    connection.execute(
        "SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', %s, true)",
        [str(reach)],
    )
    distance = f"embedding::vector({vector.size}) <#> %s::vector({vector.size})"
    given = vector_text(vector)
    rows = connection.execute(
        f"SELECT key, -({distance}) FROM document WHERE {where} ORDER BY {distance}, key DESC LIMIT %s",  # noqa: S608
        [given, *values, given, pool],
    )
    return dict(rows.fetchall())


def _sampled_spread(connection: Any, vector: Vector, documents: int) -> float | None:
    share = min(100.0, 100.0 * _SAMPLE / max(1, _EXACT, documents))
    # The same documents each time: the pages of a long answer fit together, and those of the table are in memory.
    number, total, squares = connection.execute(
        f"SELECT count(*), sum(cosine), sum(cosine * cosine) FROM (SELECT {_LIKE} AS cosine "  # noqa: S608
        f"FROM document TABLESAMPLE SYSTEM ({share}) REPEATABLE (0) WHERE embedding IS NOT NULL) AS sampled",
        [vector_text(vector)],
    ).fetchone()
    return deviation(number, total, squares) if number else None
