"""From entries to rows."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from agentcore_vectorstore._postgres.nearest import vector_text
from agentcore_vectorstore._words import stems_of
from agentcore_vectorstore.errors import DocumentError
from agentcore_vectorstore.protocols import Entry

__all__ = ["UPSERT", "UPSERT_WITHOUT_VECTOR", "row_of"]

_MAX_STEM: Final = 2000
"""Bytes; PostgreSQL refuses lexemes of 2 kB."""

_MAX_STEMS: Final = 900_000
"""Bytes of all stems of a text, which PostgreSQL keeps below 1 MB."""

_MAX_COUNT: Final = 255
"""Positions that PostgreSQL keeps of a lexeme."""

# What is there word for word stays, but for its expiry; what changes gets a new key, which is the order of age.
UPSERT: Final = """
    INSERT INTO document(namespace, id, stored, expires, metadata, raw, text, words, length, embedding)
    VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s::tsvector, %s, %s::vector)
    ON CONFLICT (namespace, id) DO UPDATE SET
        key = excluded.key, stored = excluded.stored, expires = excluded.expires, metadata = excluded.metadata,
        raw = excluded.raw, text = excluded.text, words = excluded.words, length = excluded.length,
        embedding = CASE WHEN document.text = excluded.text AND document.raw = excluded.raw
            THEN coalesce(excluded.embedding, document.embedding) ELSE excluded.embedding END
    WHERE (document.text, document.raw, document.expires)
        IS DISTINCT FROM (excluded.text, excluded.raw, excluded.expires)
        OR (document.embedding IS NULL AND excluded.embedding IS NOT NULL)
"""

UPSERT_WITHOUT_VECTOR: Final = """
    INSERT INTO document(namespace, id, stored, expires, metadata, raw, text, words, length)
    VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s::tsvector, %s)
    ON CONFLICT (namespace, id) DO UPDATE SET
        key = excluded.key, stored = excluded.stored, expires = excluded.expires, metadata = excluded.metadata,
        raw = excluded.raw, text = excluded.text, words = excluded.words, length = excluded.length
    WHERE (document.text, document.raw, document.expires)
        IS DISTINCT FROM (excluded.text, excluded.raw, excluded.expires)
"""


def row_of(entry: Entry, *, vectors: bool) -> list[Any]:
    """Return the values of a row.

    Raises:
        DocumentError: PostgreSQL cannot store it.
    """
    for part, value in (("id", entry.id), ("text", entry.text), ("metadata", entry.metadata)):
        if "\0" in value or (part == "metadata" and "\\u0000" in value):
            raise DocumentError(
                f"the {part} of document {entry.id!r} has the character NUL, which PostgreSQL cannot store",
                hint="replace it, as by text.replace('\\0', ' ').",
            )
    stems = stems_of(entry.text)
    row = [
        entry.namespace,
        entry.id,
        entry.stored,
        entry.expires,
        entry.metadata,
        entry.metadata,
        entry.text,
        _tsvector(stems),
        stems.total(),
    ]
    if vectors:
        row.append(None if entry.vector is None else vector_text(entry.vector))
    return row


def _tsvector(stems: Counter[str]) -> str:
    parts: list[str] = []
    size = 0
    for stem, count in stems.items():
        length = len(stem.encode("utf-8"))
        if length > _MAX_STEM:
            continue
        size += length + 2 * min(count, _MAX_COUNT) + 8
        if size > _MAX_STEMS:
            break
        quoted = stem.replace("\\", "\\\\").replace("'", "''")
        parts.append(f"'{quoted}':{','.join(map(str, range(1, min(count, _MAX_COUNT) + 1)))}")
    return " ".join(parts)
