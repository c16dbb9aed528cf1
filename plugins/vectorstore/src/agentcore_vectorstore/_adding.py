"""Adding documents: which are new, what their vectors are, which are as good as there already."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from attrs import frozen

from agentcore_vectorstore._embedding import PART, unit_vectors
from agentcore_vectorstore._entries import Checked
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore.errors import QueryError
from agentcore_vectorstore.protocols import Backend, Embedder, Entry, Query, Scope, Vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Adding"]

_WRITTEN: Final = 2048
"""Documents that are written at once where none has to be embedded."""


@frozen
class Adding:
    """One call of ``add``."""

    backend: Backend
    embedder: Embedder | None
    namespace: str
    ttl: float | None
    dedup: float | None

    def add(self, documents: Sequence[Checked], vectors: ArrayLike | None) -> list[str]:
        """Store *documents*, and return under which id each can be found."""
        given = self._given(documents, vectors)
        # The last one of an id wins, as it would if they came one by one.
        last = {document.id: number for number, document in enumerate(documents)}
        found_as: dict[str, str] = {}
        kept = documents
        if len(last) < len(documents):
            numbers = sorted(last.values())
            kept = [documents[number] for number in numbers]
            given = None if given is None else given[numbers]
        size = PART if given is None and self.embedder is not None else _WRITTEN
        for start in range(0, len(kept), size):
            part = slice(start, start + size)
            self._add(kept[part], None if given is None else given[part], found_as)
        return [found_as.get(document.id, document.id) for document in documents]

    def _given(self, documents: Sequence[Checked], vectors: ArrayLike | None) -> NDArray[np.float32] | None:
        if vectors is None:
            return None
        if self.embedder is None:
            raise QueryError(
                f"{self.backend.location} was opened without an embedder and takes no vectors",
                hint="open it with embedder='given:DIMENSION' to bring all vectors yourself.",
            )
        return unit_vectors(self.embedder, [document.text for document in documents], vectors)

    def _add(self, part: Sequence[Checked], given: NDArray[np.float32] | None, found_as: dict[str, str]) -> None:
        vectors = self._vectors(part) if given is None else list(given)
        now = time.time()
        expires = None if self.ttl is None else now + self.ttl
        entries = [
            Entry(
                namespace=self.namespace,
                id=document.id,
                text=document.text,
                metadata=document.metadata,
                vector=vector,
                stored=now,
                expires=expires,
            )
            for document, vector in zip(part, vectors, strict=True)
        ]
        self.backend.put(entries if self.dedup is None else self._distinct(entries, self.dedup, found_as))

    def _vectors(self, part: Sequence[Checked]) -> list[Vector | None]:
        """The vector of each; None for what is there already, for embedding takes most of the time."""
        if self.embedder is None:
            return [None] * len(part)
        there = self._there(part)
        new = [number for number, document in enumerate(part) if document.id not in there]
        vectors: list[Vector | None] = [None] * len(part)
        if new:
            made = unit_vectors(self.embedder, [part[number].text for number in new])
            for number, vector in zip(new, made, strict=True):
                vectors[number] = vector
        return vectors

    def _there(self, part: Sequence[Checked]) -> Collection[str]:
        by_id = {document.id: document for document in part}
        with self.backend.reading() as reader:
            found = [stored.document for stored in reader.find(self.namespace, list(by_id))]
        return {
            document.id
            for document in found
            if document.id is not None
            and document.text == by_id[document.id].text
            and canonical_json(dict(document.metadata)) == by_id[document.id].metadata
        }

    def _distinct(self, entries: Sequence[Entry], threshold: float, found_as: dict[str, str]) -> list[Entry]:
        """Leave out what has a near-duplicate, in the namespace or before it in *entries*."""
        kept: list[Entry] = []
        scope = Scope(namespace=self.namespace, now=time.time())
        with self.backend.reading() as reader:
            # What is there under the same id is to be replaced, whatever it is like.
            known = {each.document.id for each in reader.find(self.namespace, [entry.id for entry in entries])}
            for entry in entries:
                if entry.vector is None or entry.id in known:
                    kept.append(entry)
                    continue
                twin = _twin_among(kept, entry.vector, threshold)
                if twin is None:
                    query = Query(text=None, vector=entry.vector, limit=1, pool=1, scope=scope)
                    found = reader.candidates(query)
                    if found.meaning is not None and found.meaning.size and found.meaning[0] >= threshold:
                        twin = reader.load(found.keys)[found.keys[0]].document.id
                if twin is None:
                    kept.append(entry)
                else:
                    found_as[entry.id] = twin
        return kept


def _twin_among(entries: Sequence[Entry], vector: Vector, threshold: float) -> str | None:
    for entry in entries:
        if entry.vector is not None and float(entry.vector @ vector) >= threshold:
            return entry.id
    return None
