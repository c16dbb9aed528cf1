"""BM25 as FTS5 computes it, for documents that are known already.

FTS5 walks through the whole index for each question that asks for scores, however few documents are meant.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore._words import stemmed

__all__ = ["K1", "Average", "average_of", "scores_of_texts"]

K1 = 1.2
_B = 0.75

Average = tuple[int, float]
"""How many documents there are, and how many words each has on average, those of its namespace included."""


def average_of(connection: Connection) -> Average:
    """Return what the index keeps: a record of variable-length integers, the first is the number of documents."""
    record: bytes | None = connection.execute("SELECT block FROM keyword_data WHERE id = 1").get
    numbers = _varints(record or b"\x00")
    documents = numbers[0]
    return documents, sum(numbers[1:]) / documents if documents else 0.0


def scores_of_texts(
    connection: Connection, weights: Mapping[str, float], average: float, keys: Collection[int], most: int
) -> dict[int, float] | None:
    """Return the score of each of *keys* that has one of the stems in *weights*.

    Args:
        connection: Where the documents are.
        weights: By stem.
        average: Words of a document.
        keys: Of the documents.
        most: Characters that may be read; None is returned where there are more.
    """
    rows = connection.execute(
        "SELECT document.key, document.text, length(terms) - length(replace(terms, 'n', '')) FROM document "
        "JOIN namespace ON namespace.number = document.namespace "
        "WHERE document.key IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    scores: dict[int, float] = {}
    for key, text, terms in rows:
        most -= len(text)
        if most < 0:
            return None
        stems = stemmed(text)
        length = len(stems) + terms
        scale = K1 * (1 - _B + _B * length / average)
        for stem in weights.keys() & stems:
            count = stems.count(stem)
            scores[key] = scores.get(key, 0.0) + weights[stem] * count * (K1 + 1) / (count + scale)
    return scores


def _varints(record: bytes) -> list[int]:
    """Read SQLite's variable-length integers: seven bits in each byte, of a ninth all eight."""
    numbers: list[int] = []
    value = used = 0
    for byte in record:
        used += 1
        value = value << 8 | byte if used == 9 else value << 7 | byte & 0x7F
        if used == 9 or byte < 0x80:
            numbers.append(value)
            value = used = 0
    return numbers
