"""From entries to points and back."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

import numpy as np
from qdrant_client import models

from agentcore.types import Document
from agentcore_vectorstore._namespaces import ancestors
from agentcore_vectorstore._qdrant.facts import facts_of, numbers_of
from agentcore_vectorstore._words import stems_of, telling_words
from agentcore_vectorstore.protocols import Entry, Stored

__all__ = ["MEANING", "WORDS", "Key", "key_of", "payload_of", "point_id", "point_of", "question_of", "stored_of"]

MEANING: Final = "meaning"
WORDS: Final = "words"
"""The names of a point's vectors."""

_LENGTH: Final = 100
"""Words of a text of average length: a point's weights are written once, and the true average moves."""

Key = tuple[int, str]
"""Microseconds since the epoch, in the order of writing, and the point's id."""


def point_id(namespace: str, id: str) -> str:
    """Return the id that Qdrant knows a document by."""
    return str(uuid5(NAMESPACE_URL, json.dumps([namespace, id])))


def point_of(entry: Entry, order: int) -> models.PointStruct:
    """Return what Qdrant keeps of *entry*; *order* grows with every point that is written."""
    vectors: dict[str, Any] = {WORDS: _weights(entry.text)}
    if entry.vector is not None:
        vectors[MEANING] = entry.vector.tolist()
    return models.PointStruct(id=point_id(entry.namespace, entry.id), vector=vectors, payload=payload_of(entry, order))


def payload_of(entry: Entry, order: int) -> dict[str, Any]:
    """Return what lies beside the vectors."""
    metadata: dict[str, Any] = json.loads(entry.metadata)
    payload: dict[str, Any] = {
        "namespace": entry.namespace,
        "within": ancestors(entry.namespace),
        "id": entry.id,
        "text": entry.text,
        "metadata": entry.metadata,
        "stored": entry.stored,
        "order": order,
        "facts": facts_of(metadata),
        "numbers": numbers_of(metadata),
    }
    if entry.expires is not None:
        payload["expires"] = entry.expires
    return payload


def stored_of(point: Any) -> Stored:
    """Return the document of *point*, with its vector where it came along."""
    payload: dict[str, Any] = point.payload
    vectors: dict[str, Any] = point.vector or {}
    vector = vectors.get(MEANING)
    return Stored(
        document=Document(text=payload["text"], id=payload["id"], metadata=json.loads(payload["metadata"])),
        namespace=payload["namespace"],
        stored=payload["stored"],
        expires=payload.get("expires"),
        vector=None if vector is None else np.array(vector, dtype=np.float32),
    )


def key_of(point: Any) -> Key:
    """Return the key of *point*."""
    return point.payload["order"], str(point.id)


def question_of(text: str) -> models.SparseVector | None:
    """Return the words of a question; None where there are none."""
    stems = {stem for word in telling_words(text) for stem in stems_of(word)}
    indices = sorted({crc32(stem.encode()) for stem in stems})
    return models.SparseVector(indices=indices, values=[1.0] * len(indices)) if indices else None


def _weights(text: str) -> models.SparseVector:
    """The part of BM25 that depends on the text alone; Qdrant knows how rare a word is."""
    stems = stems_of(text)
    scale = 1.2 * (0.25 + 0.75 * stems.total() / _LENGTH)
    weights: dict[int, float] = {}
    for stem, count in stems.items():
        index = crc32(stem.encode())
        weights[index] = weights.get(index, 0.0) + count * 2.2 / (count + scale)
    return models.SparseVector(indices=list(weights), values=list(weights.values()))
