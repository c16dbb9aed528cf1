"""The store as a library: what backends and embedders have in common."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self, get_args

from attrs import evolve

from agentcore.errors import nearest
from agentcore.types import Document, Hit
from agentcore_vectorstore._embedders import unit_vectors
from agentcore_vectorstore._entries import entries_of
from agentcore_vectorstore.errors import QueryError, StoreClosedError
from agentcore_vectorstore.protocols import Backend, Embedder, Entry, Mode, Query, Vector

__all__ = ["SOURCE", "Store"]

SOURCE: Final = "vectorstore"
"""The source of every hit."""

_PART: Final = 256
"""Documents that are embedded and written at once."""

_logger = logging.getLogger(__name__)


class Store:
    """Documents, found by meaning and by words.

    Made by :func:`open_store`; a context manager that closes it.
    Any number of threads may use one store, and any number of processes the same file.
    Every method blocks.
    """

    def __init__(self, backend: Backend, embedder: Embedder | None) -> None:
        """Take over *backend*, which is closed with the store.

        Args:
            backend: Keeps the documents.
            embedder: Makes their vectors; None for keywords only.

        Raises:
            EmbedderMismatchError: The vectors in the store are another embedder's.
        """
        self._backend = backend
        self._embedder = embedder
        self._closed = False
        if embedder is not None:
            backend.claim(embedder)
            self._embed_missing(embedder)

    @property
    def location(self) -> str:
        """Where the documents are, for messages; without secrets."""
        return self._backend.location

    @property
    def embedder(self) -> Embedder | None:
        """What makes the vectors; None for keywords only."""
        return self._embedder

    def add(self, documents: Iterable[Document]) -> list[str]:
        """Store *documents*, and return their ids in order; they are on disk then.

        A document whose id is there already replaces the one before; the same text and metadata change nothing.
        Everything is checked before anything is written.
        Many documents are written in parts of 256, each as a whole: after a failure of the disk or the embedder, add
        all of them again, with ids of your own.

        Raises:
            DocumentError: One of them cannot be stored: an empty text, metadata that is not JSON.
            EmbedderError: The embedder failed on one of them.
            StoreError: They cannot be written.
        """
        self._check_open()
        entries = entries_of(documents)
        # The last one of an id wins, as it would if they came one by one.
        distinct = list({entry.id: entry for entry in entries}.values())
        for start in range(0, len(distinct), _PART):
            self._backend.put(self._with_vectors(distinct[start : start + _PART]))
        return [entry.id for entry in entries]

    def search(
        self, text: str, *, limit: int = 10, filter: Mapping[str, Any] | None = None, mode: Mode = "hybrid"
    ) -> list[Hit]:
        """Return the documents nearest to *text*, best first.

        Args:
            text: A question, or a few words.
            limit: At most this many; at least 1.
            filter: Metadata that a document must have, by equality of JSON values; applied before ranking.
            mode: ``"vector"`` searches by meaning, and scores are cosines in [-1, 1]; ``"keyword"`` by words, and
                scores are BM25's, above 0; ``"hybrid"`` by both, and scores are mean z-scores.
                Without an embedder, hybrid searches by words.

        Raises:
            QueryError: *text* is empty, *limit* below 1, *mode* unknown, *filter* not JSON, or there is no embedder
                for ``"vector"``.
            StoreError: The store cannot be read.
        """
        self._check_open()
        self._check_query(text, limit, mode)
        query = Query(
            text=None if mode == "vector" else text,
            vector=None if mode == "keyword" else self._vector(text),
            limit=limit,
            filter=filter or {},
        )
        return [Hit(document=document, score=score, source=SOURCE) for document, score in self._backend.search(query)]

    def count(self) -> int:
        """Return the number of documents."""
        self._check_open()
        return self._backend.count()

    def delete(self, ids: Iterable[str]) -> int:
        """Remove the documents of these ids, and return how many there were."""
        self._check_open()
        if isinstance(ids, str):
            raise QueryError("ids must be a sequence of strings, not one string", hint="write delete([id]).")
        return self._backend.remove(list(ids))

    def close(self) -> None:
        """Close the store.  A second time does nothing."""
        if not self._closed:
            self._closed = True
            self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        embedder = "none" if self._embedder is None else self._embedder.id
        return f"<Store {self.location} ({embedder}{', closed' if self._closed else ''})>"

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosedError(f"{self.location} has been closed", hint="open the store again with open_store().")

    def _check_query(self, text: str, limit: int, mode: str) -> None:
        if not text.strip():
            raise QueryError("the text to search for is empty", hint="pass a question or a few words.")
        if limit < 1:
            raise QueryError(f"limit must be at least 1, not {limit}")
        if mode not in get_args(Mode):
            raise QueryError(f"there is no mode {mode!r}", hint=nearest(mode, get_args(Mode)))
        if mode == "vector" and self._embedder is None:
            raise QueryError(
                f"{self.location} was opened without an embedder and cannot be searched by meaning",
                hint="run `python -m pip install agentcore-minilm`, and open it with embedder='minilm'.",
            )

    def _vector(self, text: str) -> Vector | None:
        return None if self._embedder is None else unit_vectors(self._embedder, [_readable(text)])[0]

    def _with_vectors(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        if self._embedder is None:
            return entries
        vectors = unit_vectors(self._embedder, [entry.text for entry in entries])
        return [evolve(entry, vector=vector) for entry, vector in zip(entries, vectors, strict=True)]

    def _embed_missing(self, embedder: Embedder) -> None:
        """Make up for the time in which the store was written without an embedder."""
        total = 0
        while waiting := self._backend.without_vector(_PART):
            if not total:
                _logger.warning("%s holds texts that were stored without an embedder: embedding them", self.location)
            vectors = unit_vectors(embedder, [text for _, text in waiting])
            self._backend.attach((key, vector) for (key, _), vector in zip(waiting, vectors, strict=True))
            total += len(waiting)
        if total:
            _logger.warning("%s: texts embedded, and found by meaning from now on: %d", self.location, total)


def _readable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
