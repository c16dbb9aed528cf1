"""What a store, a backend and an embedder are: the file to read before writing one.

A backend is named by the entry-point group ``agentcore_vectorstore.backends`` (the name is the scheme of its connection
strings; the object is a :class:`BackendFactory`), an embedder by ``agentcore_vectorstore.embedders`` (the object is
called without an argument for ``embedder="name"``, and with ``"model"`` for ``embedder="name:model"``).
:class:`agentcore_vectorstore.testing.VectorStoreContract` proves a backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from attrs import field, frozen

from agentcore.types import Document, Hit
from agentcore_vectorstore._filters import EVERYTHING, Filter, FilterSpec
from agentcore_vectorstore._url import StoreURL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Backend",
    "BackendFactory",
    "Candidates",
    "Embedder",
    "EmbedderIdentity",
    "Entry",
    "Filter",
    "FilterSpec",
    "Fusion",
    "Key",
    "Match",
    "Query",
    "Reader",
    "Scope",
    "StoreURL",
    "Stored",
    "Vector",
    "VectorStore",
]

Fusion: TypeAlias = Literal["zscore", "rrf", "vector", "bm25"]
"""How to rank: by meaning and words together, in standard deviations or by reciprocal ranks; by one of them alone."""

Vector: TypeAlias = "NDArray[np.float32]"
"""float32 of shape ``(dimension,)``, finite, unit length."""

Key: TypeAlias = Any
"""A backend's own name for one version of one document; hashable."""


@frozen(kw_only=True)
class Match(Hit):
    """A document that the store found, and why."""

    namespace: str
    """Where it lies; ``""`` is the root."""
    meaning: float | None = None
    """The cosine of its vector and the question's, in [-1, 1]; None where meaning had no part."""
    words: float | None = None
    """Its BM25 score, 0 where it has no word of the question; None where words had no part."""


class VectorStore(Protocol):
    """Documents, found by meaning and by words; :func:`~agentcore_vectorstore.open_store` returns one.

    :class:`~agentcore_vectorstore.Store` says what every method and argument means.
    """

    @property
    def location(self) -> str:
        """The place, without any secret."""
        ...

    async def add(
        self,
        documents: Iterable[Document],
        *,
        namespace: str = "",
        ttl: float | str | None = None,
        vectors: Any = None,
    ) -> list[str]:
        """Store documents, durably, and return their ids."""
        ...

    async def search(
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
        vector: Any = None,
    ) -> list[Match]:
        """Return the matches, best first."""
        ...

    async def get(self, ids: Iterable[str], *, namespace: str = "") -> list[Document]:
        """Return the documents of these ids that are there."""
        ...

    async def delete(self, ids: Iterable[str] | None = None, *, filter: FilterSpec = None, namespace: str = "") -> int:
        """Remove documents, by id or by filter, and return how many."""
        ...

    async def count(self, *, filter: FilterSpec = None, namespace: str = "") -> int:
        """Return how many documents there are."""
        ...

    async def close(self) -> None:
        """Let go of what is open; what was stored stays."""
        ...


class EmbedderIdentity(Protocol):
    """Whose vectors they are."""

    @property
    def id(self) -> str:
        """Names the space that the vectors live in, with the model's version."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in each vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text may get another vector; empty where that cannot be known."""
        ...


class Embedder(EmbedderIdentity, Protocol):
    """Makes vectors of texts.  Any number of threads may call it at once."""

    def embed(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return float32 of shape ``(len(texts), dimension)``, finite and without a zero row.  May block."""
        ...


@frozen(kw_only=True, eq=False)
class Entry:
    """A document that is ready to be written."""

    namespace: str
    """A path; ``""`` is the root."""
    id: str
    """Unique in its namespace."""
    text: str
    metadata: str
    """A JSON object, without spaces, keys sorted: equal metadata is equal text."""
    vector: Vector | None
    """None where the store was opened without an embedder."""
    stored: float
    """When, in seconds since the epoch."""
    expires: float | None
    """When it is gone, in seconds since the epoch; None for never."""


@frozen(kw_only=True)
class Scope:
    """Which documents are meant: those of a namespace and all below it that pass a filter and have not expired."""

    namespace: str = ""
    filter: Filter = EVERYTHING
    now: float
    """Seconds since the epoch: what expires then or before is gone."""


@frozen(kw_only=True, eq=False)
class Query:
    """A search; at least one of *text* and *vector* is given."""

    text: str | None
    """None leaves words out."""
    vector: Vector | None
    """None leaves meaning out."""
    limit: int
    """How many of each search's best must be among the candidates; at least 1."""
    pool: int
    """How many candidates of each search to return; those beyond *limit* may miss some that are as good."""
    scope: Scope


@frozen(kw_only=True, eq=False)
class Candidates:
    """What both searches found: the best of either, with the scores of both; in any order, without repetition."""

    keys: Sequence[Key]
    """Of equally good ones those stored later come later."""
    meaning: NDArray[np.float64] | None = None
    """The cosine of each; None where the query has no vector."""
    words: NDArray[np.float64] | None = None
    """The BM25 score of each, 0 for those in which no word was found; None where the query has no text."""
    spread_of_meaning: float | None = None
    """The standard deviation of the cosines of all documents that were searched, or of a sample of the collection."""
    spread_of_words: float | None = None
    """The standard deviation of the BM25 scores of all documents, or what is to be expected of it.

    Where one of both is None, scores are told in deviations among the candidates, which ranks a little worse: how far
    the best stand out from all others is lost.
    """


@frozen(kw_only=True, eq=False)
class Stored:
    """A document as it lies in the store."""

    document: Document
    namespace: str
    stored: float
    """Seconds since the epoch."""
    expires: float | None = None
    """Seconds since the epoch; None for never."""
    vector: Vector | None = field(default=None, repr=False)
    """None where it has none, or was not asked for."""


class Reader(Protocol):
    """One state of a store."""

    def candidates(self, query: Query) -> Candidates:
        """Return the best of *query*, by each of its parts; the scope is applied before anything is ranked."""
        ...

    def load(self, keys: Sequence[Key], *, vectors: bool = False) -> Mapping[Key, Stored]:
        """Return the documents of *keys*; those that are gone are left out."""
        ...

    def find(self, namespace: str, ids: Sequence[str]) -> Sequence[Stored]:
        """Return the documents of *ids* that are there, in any order; in *namespace* itself, not below it."""
        ...

    def count(self, scope: Scope) -> int:
        """Return the number of documents."""
        ...

    def namespaces(self, scope: Scope) -> Mapping[str, int]:
        """Return the number of documents in each namespace that has some."""
        ...

    def page(
        self, scope: Scope, *, after: Key | None, limit: int, vectors: bool = False
    ) -> Sequence[tuple[Key, Stored]]:
        """Return up to *limit* documents behind the key *after*, oldest first; from the beginning for None."""
        ...


class Backend(Protocol):
    """Keeps documents and finds them.  Any number of threads may call it at once; every method may block.

    What it writes is durable on return, and a call that fails or dies has written all or nothing.
    """

    @property
    def location(self) -> str:
        """Where the documents are, for messages; without secrets."""
        ...

    def reading(self) -> AbstractContextManager[Reader]:
        """Look at one state of the store, whatever is written meanwhile."""
        ...

    def embedder(self) -> tuple[str, int, str] | None:
        """Return id, dimension and fingerprint of the embedder whose vectors these are; None before the first."""
        ...

    def claim(self, embedder: EmbedderIdentity, *, replace: bool = False) -> None:
        """Write down whose vectors these are, or compare.

        Args:
            embedder: Whose they are to be.
            replace: Drop the vectors of another embedder.

        Raises:
            EmbedderMismatchError: They are another embedder's, and are not to be dropped.
        """
        ...

    def put(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, by namespace and id, which are distinct; and drop what has expired.

        What is there already, word for word, is left as it is, but for its expiry.
        """
        ...

    def remove(self, namespace: str, ids: Sequence[str]) -> int:
        """Remove from *namespace* itself, not below it, and return how many there were."""
        ...

    def remove_all(self, scope: Scope) -> int:
        """Remove every document of *scope*, and return how many there were."""
        ...

    def without_vector(self, limit: int) -> Sequence[tuple[Key, str]]:
        """Return up to *limit* documents that have no vector: the key and the text of each."""
        ...

    def attach(self, vectors: Iterable[tuple[Key, Vector]]) -> None:
        """Give documents their vectors, by the keys of :meth:`without_vector`.

        A document that was replaced or removed in the meantime is left alone.
        """
        ...

    def check(self) -> Sequence[str]:
        """Read everything, and return what is wrong, in words; nothing where all is well."""
        ...

    def close(self) -> None:
        """Free what is held.  Nothing is called afterwards."""
        ...


class BackendFactory(Protocol):
    """Opens a backend."""

    def __call__(self, url: StoreURL, *, folder: Callable[[], Path], create: bool) -> Backend:
        """Open what *url* names.

        Args:
            url: The connection string.
            folder: Returns where relative paths start.  Only what keeps files asks: the state folder is made then.
            create: Whether to make a store that does not exist.

        Raises:
            StoreNotFoundError: It does not exist, and *create* is false.
            StoreError: It cannot be opened.
            ConfigError: The connection string names an option or a part that the backend does not have.
        """
        ...
