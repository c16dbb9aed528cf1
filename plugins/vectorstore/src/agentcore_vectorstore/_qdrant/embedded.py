"""A collection in the embedded engine, which looks at every point for each condition and each query, in Python."""

from __future__ import annotations

import heapq
from collections.abc import Collection
from typing import Any, Final

import numpy as np
from qdrant_client import models

from agentcore_vectorstore._qdrant.points import MEANING, WORDS, Key, key_of
from agentcore_vectorstore._qdrant.reader import QdrantReader

__all__ = ["EmbeddedReader", "has_expiring"]

_ALL: Final = 2**31
"""More points than the engine can hold."""


def has_expiring(client: Any, collection: str) -> bool:
    """Whether any point expires."""
    never = models.IsEmptyCondition(is_empty=models.PayloadField(key="expires"))
    points, _ = client.scroll(collection, scroll_filter=models.Filter(must_not=[never]), limit=1, with_payload=False)
    return bool(points)


class EmbeddedReader(QdrantReader):
    """What a collection holds now, with as few conditions and queries as can be."""

    def _word_scores(self, words: Any, within: Any, pool: int, also: Collection[Key]) -> dict[Key, float]:
        # Asked for a hundred it computes the scores of all, too.
        scores = self._scores(WORDS, words, within, _ALL)
        best = heapq.nlargest(pool, scores, key=lambda key: (scores[key], key))
        return {key: scores[key] for key in {*best, *also} if key in scores}

    def _cosines(self, vector: Any, keys: Collection[Key]) -> dict[Key, float]:
        if vector is None or not keys:
            return {}
        ids = [id_ for _, id_ in keys]
        points = self._client.retrieve(self._collection, ids, with_payload=["order"], with_vectors=[MEANING])
        return {key_of(point): float(np.dot(point.vector[MEANING], vector)) for point in points if point.vector}
