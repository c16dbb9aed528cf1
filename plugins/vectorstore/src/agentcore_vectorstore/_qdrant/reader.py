"""A collection, as the store asks for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qdrant_client import models

from agentcore_vectorstore._filters import EVERYTHING, passes
from agentcore_vectorstore._qdrant.conditions import scope_filter, split
from agentcore_vectorstore._qdrant.points import MEANING, WORDS, Key, key_of, point_id, question_of, stored_of
from agentcore_vectorstore.protocols import Candidates, Query, Scope, Stored

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["QdrantReader"]

_PAGE: Final = 1000
"""Points that are read at once when all are looked at."""


class QdrantReader:
    """What a collection holds now; Qdrant has no transactions."""

    def __init__(self, client: Any, collection: str, *, vectors: bool, expiring: bool = True) -> None:
        """Read *collection*.

        Args:
            client: Of the server or the folder.
            collection: Its name.
            vectors: Whether points may have vectors of meaning.
            expiring: Whether some may expire; otherwise that is no condition.
        """
        self._client = client
        self._collection = collection
        self._vectors = vectors
        self._expiring = expiring

    def candidates(self, query: Query) -> Candidates:
        """Return the best by meaning, the best by words, and of both both scores."""
        within = self.filter_of(query.scope)
        meaning = None if query.vector is None or not self._vectors else query.vector.tolist()
        words = None if query.text is None else question_of(query.text)
        near = self._scores(MEANING, meaning, within, query.pool)
        wordy = self._word_scores(words, within, query.pool, near)
        near |= self._cosines(meaning, wordy.keys() - near.keys())
        keys = sorted({*near, *wordy})
        return Candidates(
            keys=keys,
            meaning=None if query.vector is None else _column(keys, near),
            words=None if query.text is None else _column(keys, wordy),
        )

    def load(self, keys: Sequence[Key], *, vectors: bool = False) -> Mapping[Key, Stored]:
        """Return the documents of *keys* that are there."""
        found = self.points([id_ for _, id_ in keys], vectors=vectors)
        return {key: stored_of(point) for point in found if (key := key_of(point)) in keys}

    def find(self, namespace: str, ids: Sequence[str]) -> list[Stored]:
        """Return the documents of *ids* that are there."""
        return [stored_of(point) for point in self.points([point_id(namespace, id_) for id_ in ids])]

    def count(self, scope: Scope) -> int:
        """Return the number of documents."""
        number: int = self._client.count(self._collection, count_filter=self.filter_of(scope), exact=True).count
        return number

    def namespaces(self, scope: Scope) -> dict[str, int]:
        """Return the number of documents in each namespace."""
        points = self.scroll(self.filter_of(scope), ["namespace", "order"])
        return dict(sorted(Counter(point.payload["namespace"] for point in points).items()))

    def page(
        self, scope: Scope, *, after: Key | None, limit: int, vectors: bool = False
    ) -> Sequence[tuple[Key, Stored]]:
        """Return up to *limit* documents behind the key *after*."""
        points = self.scroll(self.filter_of(scope), True, after=after, vectors=vectors, size=min(limit, _PAGE))
        return [(key_of(point), stored_of(point)) for point, _ in zip(points, range(limit), strict=False)]

    def filter_of(self, scope: Scope) -> Any:
        """Return the filter of what belongs to *scope*."""
        _, rest = split(scope.filter)
        within = scope_filter(scope, expiring=self._expiring)
        if rest == EVERYTHING:
            return within
        # What Qdrant cannot say is looked at here, before anything is ranked.
        points = self.scroll(within, ["metadata", "order"])
        chosen = [point.id for point in points if passes(json.loads(point.payload["metadata"]), rest)]
        return scope_filter(scope, models.HasIdCondition(has_id=chosen), expiring=self._expiring)

    def scroll(
        self, within: Any, payload: Any, *, after: Key | None = None, vectors: bool = False, size: int = _PAGE
    ) -> Iterator[Any]:
        """Yield the points of a filter, oldest first, behind the key *after*."""
        while True:
            # Those of one microsecond come again, and are passed over.
            since = models.FieldCondition(key="order", range=models.Range(gte=0 if after is None else after[0]))
            points, _ = self._client.scroll(
                self._collection,
                scroll_filter=models.Filter(must=[within, since]),
                limit=size + 1,
                order_by=models.OrderBy(key="order"),
                with_payload=payload,
                with_vectors=[MEANING] if vectors and self._vectors else False,
            )
            new = sorted((point for point in points if after is None or key_of(point) > after), key=key_of)
            yield from new
            if not new or len(points) <= size:
                return
            after = key_of(new[-1])

    def _word_scores(self, words: Any, within: Any, pool: int, also: Collection[Key]) -> dict[Key, float]:
        """The scores of the best *pool* by words, and of those of *also* with a word."""
        scores = self._scores(WORDS, words, within, pool)
        missing = [key for key in also if key not in scores]
        return scores | self._scores(WORDS, words, _one_of(missing), len(missing))

    def _cosines(self, vector: Any, keys: Collection[Key]) -> dict[Key, float]:
        """The cosines of those of *keys* that have a vector."""
        return self._scores(MEANING, vector, _one_of(keys), len(keys))

    def _scores(self, name: str, query: Any, within: Any, limit: int) -> dict[Key, float]:
        if query is None or not limit:
            return {}
        # Even a filter without a condition is looked at for each point.
        conditions = within if within.must or within.must_not else None
        found = self._client.query_points(
            self._collection, query=query, using=name, query_filter=conditions, limit=limit, with_payload=["order"]
        )
        return {key_of(point): float(point.score) for point in found.points if name == MEANING or point.score > 0}

    def points(self, ids: Sequence[str], *, vectors: bool = False) -> list[Any]:
        """Return the points of *ids* that are there."""
        with_vectors: Any = [MEANING] if vectors and self._vectors else False
        found: list[Any] = self._client.retrieve(self._collection, list(ids), with_vectors=with_vectors) if ids else []
        return found


def _one_of(keys: Collection[Key]) -> Any:
    return models.Filter(must=[models.HasIdCondition(has_id=[id_ for _, id_ in keys])])


def _column(keys: Sequence[Key], scores: Mapping[Key, float]) -> NDArray[np.float64]:
    return np.array([scores.get(key, 0.0) for key in keys], dtype=np.float64)
