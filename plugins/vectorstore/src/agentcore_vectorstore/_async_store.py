"""The store for code that is async: every method of the blocking one, on a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from agentcore.types import Document
from agentcore_vectorstore._filters import FilterSpec
from agentcore_vectorstore._store import SyncStore
from agentcore_vectorstore.protocols import Embedder, Fusion, Match, Stored

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Opening", "Store"]

_PAGE: Final = 100
"""Documents that one hop to a thread fetches."""


class Store:
    """Documents, found by meaning and by words; no method blocks the event loop.

    Made by :func:`open_store`; an async context manager that closes it.
    Its methods do what those of :class:`SyncStore` do, which says what arguments mean, on a thread each.
    A call that is cancelled ends at once; what it writes is then written whole or not at all.
    """

    def __init__(self, store: SyncStore) -> None:
        """Take over *store*, which is closed with this one."""
        self._store = store

    @property
    def sync(self) -> SyncStore:
        """The same store for code that blocks."""
        return self._store

    @property
    def location(self) -> str:
        """Where the documents are, for messages; without secrets."""
        return self._store.location

    @property
    def embedder(self) -> Embedder | None:
        """What makes the vectors; None for words only."""
        return self._store.embedder

    async def add(
        self,
        documents: Iterable[Document],
        *,
        namespace: str = "",
        ttl: float | str | None = None,
        vectors: ArrayLike | None = None,
    ) -> list[str]:
        """Store *documents*, and return their ids in order; they are durable then."""
        # An iterable may belong to this thread.
        made = list(documents)
        return await asyncio.to_thread(self._store.add, made, namespace=namespace, ttl=ttl, vectors=vectors)

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
        vector: ArrayLike | None = None,
    ) -> list[Match]:
        """Return the documents nearest to *text*, best first."""
        return await asyncio.to_thread(
            self._store.search,
            text,
            limit=limit,
            offset=offset,
            filter=filter,
            namespace=namespace,
            fusion=fusion,
            alpha=alpha,
            min_score=min_score,
            diversity=diversity,
            vector=vector,
        )

    async def search_many(self, texts: Iterable[str], **options: Any) -> list[list[Match]]:
        """Search for each of *texts*, in one state of the store; takes what :meth:`search` takes but *vector*."""
        return await asyncio.to_thread(self._store.search_many, list(texts), **options)

    async def get(self, ids: Iterable[str], *, namespace: str = "") -> list[Document]:
        """Return the documents of *ids* that are there, in the order of *ids*."""
        return await asyncio.to_thread(self._store.get, ids, namespace=namespace)

    async def documents(
        self, *, filter: FilterSpec = None, namespace: str = "", limit: int | None = None
    ) -> AsyncIterator[Stored]:
        """Yield the documents of *namespace* and below that pass *filter*, oldest first; at most *limit*."""
        listed = self._store.documents(filter=filter, namespace=namespace, limit=limit)
        while page := await asyncio.to_thread(lambda: tuple(islice(listed, _PAGE))):
            for stored in page:
                yield stored

    async def count(self, *, filter: FilterSpec = None, namespace: str = "") -> int:
        """Return the number of documents in *namespace* and below that pass *filter*."""
        return await asyncio.to_thread(self._store.count, filter=filter, namespace=namespace)

    async def namespaces(self, *, namespace: str = "") -> Mapping[str, int]:
        """Return the number of documents in each namespace that has some, at *namespace* and below it."""
        return await asyncio.to_thread(self._store.namespaces, namespace=namespace)

    async def delete(self, ids: Iterable[str] | None = None, *, filter: FilterSpec = None, namespace: str = "") -> int:
        """Remove documents by id or by filter, and return how many there were."""
        return await asyncio.to_thread(self._store.delete, ids, filter=filter, namespace=namespace)

    async def clear(self, *, namespace: str) -> int:
        """Remove everything in *namespace* and below, and return how much there was."""
        return await asyncio.to_thread(self._store.clear, namespace=namespace)

    async def check(self) -> Sequence[str]:
        """Read everything, and return what is wrong with the store, in words."""
        return await asyncio.to_thread(self._store.check)

    async def close(self) -> None:
        """Close the store, after what is under way.  A second time does nothing."""
        await asyncio.to_thread(self._store.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._store).replace(type(self._store).__name__, type(self).__name__, 1)


class Opening:
    """What :func:`open_store` returns: await it, or use it in ``async with``, for a :class:`Store`."""

    def __init__(self, opener: Callable[[], SyncStore]) -> None:
        self._opener = opener
        self._store: Store | None = None

    def __await__(self) -> Generator[Any, None, Store]:
        return self._open().__await__()

    async def __aenter__(self) -> Store:
        self._store = await self._open()
        return self._store

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._store is not None:
            await self._store.close()

    async def _open(self) -> Store:
        opening = asyncio.ensure_future(asyncio.to_thread(self._opener))
        try:
            return Store(await asyncio.shield(opening))
        except asyncio.CancelledError:
            # The thread goes on; what it opens is nobody's.
            opening.add_done_callback(_close_unwanted)
            raise


def _close_unwanted(opening: asyncio.Future[SyncStore]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
