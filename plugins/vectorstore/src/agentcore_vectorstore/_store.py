"""The store as a library: what backends and embedders have in common."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

from attrs import frozen

from agentcore.types import Document
from agentcore_vectorstore._adding import Adding
from agentcore_vectorstore._durations import parse_ttl
from agentcore_vectorstore._embedding import embed_missing, unit_vectors
from agentcore_vectorstore._entries import checked_documents
from agentcore_vectorstore._filters import FilterSpec, filter_of
from agentcore_vectorstore._namespaces import check_namespace
from agentcore_vectorstore._search import Question, matches
from agentcore_vectorstore.errors import QueryError, StoreClosedError
from agentcore_vectorstore.protocols import Backend, Embedder, Fusion, Match, Scope, Stored, Vector

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Defaults", "SyncStore"]

_PAGE: Final = 500
"""Documents that are read at once when all are listed."""


@frozen(kw_only=True)
class Defaults:
    """What a store does unless a call says otherwise."""

    fusion: Fusion = "zscore"
    alpha: float = 0.5
    """The weight of meaning, between 0 and 1; words have the rest."""
    dedup: float | None = None
    """The cosine from which on a text counts as stored already; None stores every text."""
    ttl: float | None = None
    """Seconds that a document lives; None for ever."""


class SyncStore:
    """Documents, found by meaning and by words; every method blocks.

    Made by :func:`open_store_sync`; a context manager that closes it.
    Any number of threads may use one store, and any number of processes the same place.
    """

    def __init__(self, backend: Backend, embedder: Embedder | None, defaults: Defaults | None = None) -> None:
        """Take over *backend*, which is closed with the store.

        Args:
            backend: Keeps the documents.
            embedder: Makes their vectors; None for words only.
            defaults: What calls leave open.

        Raises:
            EmbedderMismatchError: The vectors in the store are another embedder's.
        """
        self._backend = backend
        self._embedder = embedder
        self._defaults = defaults or Defaults()
        self._closed = False
        if embedder is not None:
            backend.claim(embedder)
            embed_missing(backend, embedder)

    @property
    def location(self) -> str:
        """Where the documents are, for messages; without secrets."""
        return self._backend.location

    @property
    def embedder(self) -> Embedder | None:
        """What makes the vectors; None for words only."""
        return self._embedder

    @property
    def backend(self) -> Backend:
        """What keeps the documents; belongs to the store."""
        return self._backend

    def add(
        self,
        documents: Iterable[Document],
        *,
        namespace: str = "",
        ttl: float | str | None = None,
        vectors: ArrayLike | None = None,
    ) -> list[str]:
        """Store *documents*, and return their ids in order; they are durable then.

        A document whose id is there already in the namespace replaces the one before; the same text and metadata
        change nothing.
        One without an id gets a hash of its text and metadata, so that it is stored once however often it is added.
        Everything is checked before anything is written.
        Many documents are written in parts of a few hundred, each as a whole: after a failure of the disk or the
        embedder, add all of them again.

        Args:
            documents: What to store.
            namespace: Where, as ``"acme/triage"``.
            ttl: Seconds that they live, or a text as ``"30d"``; None takes the store's default.
            vectors: One row for each document, instead of the embedder's.

        Returns:
            The ids.  Where the store drops near-duplicates, that of the document that is there already.

        Raises:
            DocumentError: One of them cannot be stored: an empty text, metadata that is not JSON.
            EmbedderError: The embedder failed on one of them, or *vectors* do not fit.
            QueryError: *namespace* or *ttl* is none.
            StoreError: They cannot be written.
        """
        self._check_open()
        life = self._defaults.ttl if ttl is None else parse_ttl(ttl)
        adding = Adding(self._backend, self._embedder, check_namespace(namespace), life, self._defaults.dedup)
        return adding.add(checked_documents(documents), vectors)

    def search(
        self,
        text: str | None = None,
        *,
        limit: int = 10,
        offset: int = 0,
        filter: FilterSpec = None,
        namespace: str = "",
        fusion: Fusion | None = None,
        alpha: float | None = None,
        min_score: float | None = None,
        diversity: float = 0.0,
        vector: ArrayLike | None = None,
    ) -> list[Match]:
        """Return the documents nearest to *text*, best first.

        Args:
            text: A question, or a few words; None where *vector* says it all.
            limit: At most this many; at least 1.
            offset: How many of the best to pass over.
            filter: Which documents take part, as ``'agent == "triage" and time > "-7d"'`` or a mapping of keys and
                values; applied before ranking.
            namespace: Search here and below; the root covers all.
            fusion: ``"zscore"`` ranks by meaning and words, in standard deviations above a text that has nothing in
                common with the question; ``"rrf"`` by both, by reciprocal ranks; ``"vector"`` by meaning, and scores
                are cosines in [-1, 1]; ``"bm25"`` by words, and scores are BM25's, above 0.
                Without an embedder, the first two rank by words.  None takes the store's default.
            alpha: The weight of meaning where both count, between 0 and 1; None takes the store's default, 0.5.
            min_score: Leave out what scores less.
            diversity: From 0, none, to 1: how much a document's likeness to better ones counts against it.
            vector: Stands for the meaning of the question instead of the embedder's.

        Raises:
            QueryError: An argument is out of its range, *filter* cannot be read, or there is no embedder for meaning.
            StoreError: The store cannot be read.
        """
        (found,) = self._search(
            [text],
            None if vector is None else cast("ArrayLike", [vector]),
            limit=limit,
            offset=offset,
            filter=filter,
            namespace=namespace,
            fusion=fusion,
            alpha=alpha,
            min_score=min_score,
            diversity=diversity,
        )
        return found

    def search_many(self, texts: Iterable[str], **options: Any) -> list[list[Match]]:
        """Search for each of *texts*, in one state of the store; takes what :meth:`search` takes but *vector*."""
        return self._search(list(texts), None, **options)

    def get(self, ids: Iterable[str], *, namespace: str = "") -> list[Document]:
        """Return the documents of *ids* that are there, in the order of *ids*; of *namespace* itself, not below it."""
        self._check_open()
        wanted = _ids(ids)
        now = time.time()
        with self._backend.reading() as reader:
            found = reader.find(check_namespace(namespace), wanted)
        by_id = {each.document.id: each.document for each in found if each.expires is None or each.expires > now}
        return [by_id[id_] for id_ in dict.fromkeys(wanted) if id_ in by_id]

    def documents(
        self, *, filter: FilterSpec = None, namespace: str = "", limit: int | None = None
    ) -> Iterator[Stored]:
        """Yield the documents of *namespace* and below that pass *filter*, oldest first; at most *limit*.

        What is added meanwhile may come at the end.
        """
        return islice(self._pages(self._scope(filter, namespace)), limit)

    def count(self, *, filter: FilterSpec = None, namespace: str = "") -> int:
        """Return the number of documents in *namespace* and below that pass *filter*."""
        scope = self._scope(filter, namespace)
        with self._backend.reading() as reader:
            return reader.count(scope)

    def namespaces(self, *, namespace: str = "") -> Mapping[str, int]:
        """Return the number of documents in each namespace that has some, at *namespace* and below it."""
        scope = self._scope(None, namespace)
        with self._backend.reading() as reader:
            return reader.namespaces(scope)

    def delete(self, ids: Iterable[str] | None = None, *, filter: FilterSpec = None, namespace: str = "") -> int:
        """Remove documents, and return how many there were.

        Args:
            ids: Remove these, from *namespace* itself.
            filter: Remove what passes, in *namespace* and below.  An empty filter is refused.
            namespace: Where.

        Raises:
            QueryError: Neither *ids* nor *filter* says what to remove, or both do.
        """
        self._check_open()
        if (ids is None) is (filter is None):
            raise QueryError("delete() takes either ids or a filter", hint="write delete([id]) or delete(filter='…').")
        if ids is not None:
            return self._backend.remove(check_namespace(namespace), _ids(ids))
        scope = self._scope(filter, namespace)
        if not filter:
            raise QueryError(
                "an empty filter would delete everything",
                hint="say what is to go; clear(namespace=…) removes all of a namespace.",
            )
        return self._backend.remove_all(scope)

    def clear(self, *, namespace: str) -> int:
        """Remove everything in *namespace* and below, and return how much there was; ``""`` empties the store."""
        return self._backend.remove_all(self._scope(None, namespace))

    def check(self) -> Sequence[str]:
        """Read everything, and return what is wrong with the store, in words; nothing where all is well."""
        self._check_open()
        return self._backend.check()

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
        return f"<{type(self).__name__} {self.location} ({embedder}{', closed' if self._closed else ''})>"

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosedError(f"{self.location} has been closed", hint="open the store again.")

    def _scope(self, filter: FilterSpec, namespace: str) -> Scope:
        self._check_open()
        return Scope(namespace=check_namespace(namespace), filter=filter_of(filter), now=time.time())

    def _pages(self, scope: Scope) -> Iterator[Stored]:
        after = None
        while True:
            self._check_open()
            with self._backend.reading() as reader:
                page = reader.page(scope, after=after, limit=_PAGE)
            yield from (stored for _, stored in page)
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def _search(
        self,
        texts: Sequence[str | None],
        vectors: ArrayLike | None,
        *,
        limit: int = 10,
        offset: int = 0,
        filter: FilterSpec = None,
        namespace: str = "",
        fusion: Fusion | None = None,
        alpha: float | None = None,
        min_score: float | None = None,
        diversity: float = 0.0,
    ) -> list[list[Match]]:
        scope = self._scope(filter, namespace)
        questions = [
            Question(
                text=text,
                limit=limit,
                offset=offset,
                fusion=fusion or self._defaults.fusion,
                alpha=self._defaults.alpha if alpha is None else alpha,
                min_score=min_score,
                diversity=diversity,
                scope=scope,
            )
            for text in texts
        ]
        meanings = self._meanings(questions, vectors)
        with self._backend.reading() as reader:
            return [matches(reader, *each) for each in zip(questions, meanings, strict=True)]

    def _meanings(self, questions: Sequence[Question], vectors: ArrayLike | None) -> Sequence[Vector | None]:
        if not questions:
            return []
        first = questions[0]
        if first.text is None and (vectors is None or not first.wants_meaning):
            raise QueryError("there is nothing to search for", hint="pass a text, or a vector to search by meaning.")
        if self._embedder is None and (vectors is not None or first.fusion == "vector"):
            raise QueryError(
                f"{self.location} was opened without an embedder and cannot be searched by meaning",
                hint="run `python -m pip install agentcore-minilm`, and open it with embedder='minilm'.",
            )
        if self._embedder is None or not first.wants_meaning:
            return [None] * len(questions)
        texts = [question.text or "" for question in questions]
        return list(unit_vectors(self._embedder, texts, vectors))


def _ids(ids: Iterable[str]) -> list[str]:
    if isinstance(ids, str):
        raise QueryError("ids must be a sequence of strings, not one string", hint="write [id].")
    return list(ids)
