"""What the store asks of a backend, in Qdrant."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from attrs import evolve
from qdrant_client import models
from qdrant_client.http.exceptions import UnexpectedResponse

from agentcore_vectorstore._claims import Identity, mismatch
from agentcore_vectorstore._json import canonical_json
from agentcore_vectorstore._qdrant.embedded import EmbeddedReader, has_expiring
from agentcore_vectorstore._qdrant.faults import translated
from agentcore_vectorstore._qdrant.points import MEANING, WORDS, point_id, point_of, stored_of
from agentcore_vectorstore._qdrant.reader import QdrantReader
from agentcore_vectorstore.errors import StoreClosedError, StoreNotFoundError
from agentcore_vectorstore.protocols import EmbedderIdentity, Entry, Reader, Scope, Stored, Vector

__all__ = ["QdrantBackend"]

_PART: Final = 256
"""Points that are sent at once."""

_PURGE: Final = 60.0
"""Seconds between two times that what has expired is dropped."""

_CONFLICT: Final = 409

_INDEXES: Final = {"within": "keyword", "facts": "keyword", "expires": "float", "order": "integer"}


class QdrantBackend:
    """One collection: the words of a document are a sparse vector, its meaning a dense one."""

    def __init__(self, client: Any, collection: str, location: str, *, embedded: bool, create: bool) -> None:
        """Take over *client*, and make the collection where it is missing.

        Args:
            client: Of the server or the folder; closed with the backend.
            collection: Its name.
            location: For messages.
            embedded: The client is the engine itself, which one thread at a time may use.
            create: Whether to make a collection that does not exist.
        """
        self.location = location
        """The server or the folder, and the collection."""
        self._client = client
        self._collection = collection
        self._embedded = embedded
        self._lock = threading.RLock()
        self._closed = False
        self._last = 0
        self._purged = 0.0
        self._expiring: bool | None = None if embedded else True
        """Whether points may expire; None where nobody has looked.  In a server somebody else may write such."""
        with self._working():
            if not client.collection_exists(collection):
                if not create:
                    raise StoreNotFoundError(f"{location} does not exist")
                self._make()

    @contextmanager
    def reading(self) -> Generator[Reader]:
        """Look at what is there."""
        with self._working():
            yield self._reader()

    def embedder(self) -> Identity | None:
        """Return whose vectors these are."""
        with self._working():
            metadata: dict[str, Any] = self._client.get_collection(self._collection).config.metadata or {}
        kept = metadata.get("embedder")
        return None if kept is None else (kept["id"], kept["dimension"], kept["fingerprint"])

    def claim(self, embedder: EmbedderIdentity, *, replace: bool = False) -> None:
        """Write down whose vectors these are, or compare."""
        mine = (embedder.id, embedder.dimension, embedder.fingerprint)
        with self._working():
            written = self.embedder()
            if written == mine:
                return
            if written is not None and not replace:
                raise mismatch(self.location, written, mine)
            if self._has_vectors():
                self._client.delete_vector_name(self._collection, MEANING)
            parameters = models.DenseVectorConfig(size=embedder.dimension, distance=models.Distance.DOT)
            self._client.create_vector_name(self._collection, MEANING, models.DenseVectorNameConfig(dense=parameters))
            kept = {"id": mine[0], "dimension": mine[1], "fingerprint": mine[2]}
            self._client.update_collection(self._collection, metadata={"embedder": kept})

    def put(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, by namespace and id; all or nothing for up to 256."""
        with self._working():
            self._purge()
            for start in range(0, len(entries), _PART):
                part = entries[start : start + _PART]
                points = self._reader().points([point_id(each.namespace, each.id) for each in part], vectors=True)
                there = {str(point.id): stored_of(point) for point in points}
                new = [made for each in part if (made := _changed(each, there)) is not None]
                if any(each.expires is not None for each in new):
                    self._expiring = True
                if new:
                    self._client.upsert(self._collection, [point_of(each, self._order()) for each in new], wait=True)

    def remove(self, namespace: str, ids: Sequence[str]) -> int:
        """Remove, and return how many there were."""
        with self._working():
            return self._delete(models.HasIdCondition(has_id=[point_id(namespace, id_) for id_ in ids]))

    def remove_all(self, scope: Scope) -> int:
        """Remove what is in *scope*, and return how many there were."""
        with self._working():
            return self._delete(self._reader().filter_of(scope))

    def without_vector(self, limit: int) -> list[tuple[Any, str]]:
        """Return up to *limit* documents that have no vector: key and text."""
        with self._working():
            missing = models.Filter(must_not=[models.HasVectorCondition(has_vector=MEANING)])
            points = self._reader().scroll(missing, ["text", "order"], size=limit)
            return [(str(point.id), point.payload["text"]) for point, _ in zip(points, range(limit), strict=False)]

    def attach(self, vectors: Iterable[tuple[Any, Vector]]) -> None:
        """Give documents their vectors."""
        made = [models.PointVectors(id=key, vector={MEANING: vector.tolist()}) for key, vector in vectors]
        with self._working():
            there = {str(point.id) for point in self._client.retrieve(self._collection, [each.id for each in made])}
            alive = [each for each in made if str(each.id) in there]
            if alive:
                self._client.update_vectors(self._collection, alive, wait=True)

    def check(self) -> list[str]:
        """Read everything, and return what is wrong."""
        with self._working():
            points = [(str(point.id), point.payload) for point in self._reader().scroll(models.Filter(), True)]
            wrong = [id_ for id_, payload in points if id_ != point_id(payload["namespace"], payload["id"])]
            return [f"points under another document's id: {len(wrong)}"] if wrong else []

    def close(self) -> None:
        """Close the client."""
        with self._lock:
            self._closed = True
            self._client.close()

    @contextmanager
    def _working(self) -> Generator[None]:
        with self._lock if self._embedded else nullcontext(), translated(self.location):
            if self._closed:
                raise StoreClosedError(f"{self.location} has been closed", hint="open the store again.")
            yield

    def _purge(self) -> None:
        """Drop what has expired, now and then: nobody sees it, and the embedded engine looks at all points for it."""
        if time.monotonic() > self._purged + _PURGE:
            self._purged = time.monotonic()
            self._delete(models.FieldCondition(key="expires", range=models.Range(lte=time.time())))

    def _make(self) -> None:
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            self._client.create_collection(self._collection, vectors_config={}, sparse_vectors_config={WORDS: words})
        except UnexpectedResponse as error:
            # Another process was faster.
            if error.status_code != _CONFLICT:
                raise
        for name, kind in _INDEXES.items():
            if not self._embedded:
                self._client.create_payload_index(self._collection, name, field_schema=kind, wait=True)

    def _reader(self) -> QdrantReader:
        if self._expiring is None:
            self._expiring = has_expiring(self._client, self._collection)
        kind = EmbeddedReader if self._embedded else QdrantReader
        return kind(self._client, self._collection, vectors=self._has_vectors(), expiring=self._expiring)

    def _has_vectors(self) -> bool:
        return MEANING in (self._client.get_collection(self._collection).config.params.vectors or {})

    def _delete(self, condition: Any) -> int:
        within = models.Filter(must=[condition])
        count: int = self._client.count(self._collection, count_filter=within, exact=True).count
        if count:
            self._client.delete(self._collection, models.FilterSelector(filter=within), wait=True)
        return count

    def _order(self) -> int:
        # In microseconds, which float64 keeps exactly: Qdrant compares numbers as such.
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            return self._last


def _changed(entry: Entry, there: Mapping[str, Stored]) -> Entry | None:
    """What of *entry* is to be written; None where it is there word for word."""
    stored = there.get(point_id(entry.namespace, entry.id))
    if stored is None or stored.document.text != entry.text:
        return entry
    if canonical_json(dict(stored.document.metadata)) != entry.metadata:
        return entry
    if stored.expires == entry.expires and (stored.vector is not None or entry.vector is None):
        return None
    return entry if entry.vector is not None else evolve(entry, vector=stored.vector)
