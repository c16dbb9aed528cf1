"""What a backend and an embedder are: the file to read before writing one.

A backend is named by the entry-point group ``agentcore_vectorstore.backends`` (the name is the scheme of its connection
strings; the object is a :class:`BackendFactory`), an embedder by ``agentcore_vectorstore.embedders`` (the object is
called without an argument for ``embedder="name"``, and with ``"model"`` for ``embedder="name:model"``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from attrs import frozen

from agentcore.types import Document
from agentcore_vectorstore._url import StoreURL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Backend", "BackendFactory", "Embedder", "Entry", "Found", "Mode", "Query", "StoreURL", "Vector"]

Mode: TypeAlias = Literal["hybrid", "vector", "keyword"]
"""How to search: by meaning and words together, by meaning alone, by words alone."""

Vector: TypeAlias = "NDArray[np.float32]"
"""float32 of shape ``(dimension,)``, finite, unit length."""

Found: TypeAlias = tuple[Document, float]
"""A document and its score; larger is nearer."""


class Embedder(Protocol):
    """Makes vectors of texts.  Any number of threads may call it at once."""

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

    def embed(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Return float32 of shape ``(len(texts), dimension)``, finite and without a zero row.  May block."""
        ...


@frozen(kw_only=True, eq=False)
class Entry:
    """A document that is ready to be written."""

    id: str
    text: str
    metadata: str
    """A JSON object, without spaces, keys sorted: equal metadata is equal text."""
    vector: Vector | None
    """None where the store was opened without an embedder."""


@frozen(kw_only=True, eq=False)
class Query:
    """A search; at least one of *text* and *vector* is given, and with both the two are fused."""

    text: str | None
    """None leaves keywords out."""
    vector: Vector | None
    """None leaves meaning out."""
    limit: int
    """At least 1."""
    filter: Mapping[str, Any]
    """Metadata that a document must have; applied before anything is ranked."""


class Backend(Protocol):
    """Keeps documents and finds them.  Any number of threads may call it at once; every method may block."""

    @property
    def location(self) -> str:
        """Where the documents are, for messages; without secrets."""
        ...

    def claim(self, embedder: Embedder) -> None:
        """Write down whose vectors these are, or compare.

        Raises:
            EmbedderMismatchError: They are another embedder's.
        """
        ...

    def put(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, by id; all or nothing, and durable on return.  The ids are distinct."""
        ...

    def remove(self, ids: Sequence[str]) -> int:
        """Remove, and return how many there were; all or nothing, and durable on return."""
        ...

    def count(self) -> int:
        """Return the number of documents."""
        ...

    def search(self, query: Query) -> Sequence[Found]:
        """Return the nearest documents, best first, from one state of the store."""
        ...

    def without_vector(self, limit: int) -> Sequence[tuple[Any, str]]:
        """Return up to *limit* documents that have no vector: the backend's key and the text of each."""
        ...

    def attach(self, vectors: Iterable[tuple[Any, Vector]]) -> None:
        """Give documents their vectors, by the keys of :meth:`without_vector`; durable on return.

        A document that was replaced or removed in the meantime is left alone.
        """
        ...

    def close(self) -> None:
        """Free what is held.  Nothing is called afterwards."""
        ...


class BackendFactory(Protocol):
    """Opens a backend."""

    def __call__(self, url: StoreURL, *, folder: Path, create: bool) -> Backend:
        """Open what *url* names.

        Args:
            url: The connection string.
            folder: Where relative paths start.  It may not exist yet.
            create: Whether to make a store that does not exist.

        Raises:
            StoreNotFoundError: It does not exist, and *create* is false.
            StoreError: It cannot be opened.
            ConfigError: The connection string names an option or a part that the backend does not have.
        """
        ...
