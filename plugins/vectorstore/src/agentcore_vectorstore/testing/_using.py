"""Threads, tasks, closing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentcore_vectorstore import Document, Store, SyncStore, open_store, open_store_sync
from agentcore_vectorstore.errors import EmbedderMismatchError, StoreClosedError
from agentcore_vectorstore.testing._embedder import WordEmbedder
from agentcore_vectorstore.testing._support import texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Closing(WordEmbedder):
    """Closes the store while it embeds, as another thread may."""

    store: SyncStore | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.store is not None:
            self.store.close()
        return super().embed(texts)


class UsingContract:
    """Threads, tasks, closing."""

    def test_threads_share_a_store(self, store: SyncStore) -> None:
        """Eight threads add and search at once: every document is there, and found."""

        def work(thread: int) -> None:
            for number in range(12):
                store.add([Document(id=f"{thread}-{number}", text=f"thread{thread} number{number} word")])
                assert store.search("word", limit=3)
                assert texts(store, f"thread{thread} number{number}", limit=1) == [
                    f"thread{thread} number{number} word"
                ]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        assert store.count() == 96

    def test_closed_store_says_so(self, store: SyncStore) -> None:
        """Closing twice is fine, using it afterwards is an error that names the store."""
        location = store.location
        store.close()
        store.close()
        for use in (
            lambda: store.add([Document(text="x")]),
            lambda: store.search("x"),
            store.count,
            lambda: store.delete(["x"]),
        ):
            with pytest.raises(StoreClosedError) as caught:
                use()
            assert location in str(caught.value)
        assert repr(store) == f"<SyncStore {location} (words, closed)>"

    def test_store_that_is_closed_while_it_works(self, url: str, tmp_path: Path) -> None:
        """The work that is under way ends with the error that says so."""
        embedder = Closing()
        uses: list[Callable[[SyncStore], object]] = [
            lambda store: store.add([Document(text="x")]),
            lambda store: store.search("x"),
        ]
        for use in uses:
            embedder.store = None
            embedder.store = store = open_store_sync(url, embedder=embedder, folder=tmp_path)
            with pytest.raises(StoreClosedError, match="has been closed"):
                use(store)

    def test_async_store_does_the_same(self, url: str, tmp_path: Path) -> None:
        """Every method, on a thread."""

        async def use() -> None:
            async with open_store(url, embedder=WordEmbedder(), folder=tmp_path) as store:
                ids = await store.add(
                    (Document(text=f"apple nr{n}", metadata={"n": n}) for n in range(3)), namespace="a"
                )
                assert await store.count() == 3
                assert [hit.document.id for hit in await store.search("nr1", limit=1)] == [ids[1]]
                many = await store.search_many(["nr0", "nr2"], limit=1)
                assert [hits[0].document.id for hits in many] == [ids[0], ids[2]]
                assert [document.id for document in await store.get(ids[1:], namespace="a")] == ids[1:]
                assert [stored.document.id async for stored in store.documents(filter="n > 0")] == ids[1:]
                assert await store.namespaces() == {"a": 3}
                assert await store.delete(ids[:1], namespace="a") == 1
                assert await store.check() == []
                assert await store.clear(namespace="a") == 2
                assert repr(store) == f"<Store {store.location} (words)>"
            with pytest.raises(StoreClosedError):
                await store.count()

        asyncio.run(use())

    def test_cancelled_write_is_whole_or_not_at_all(self, url: str, tmp_path: Path) -> None:
        """Whenever a call is cancelled, the store holds all of its documents or none, and goes on."""

        async def use() -> None:
            async with open_store(url, embedder=WordEmbedder(), folder=tmp_path) as store:
                for turn in range(8):
                    await self._cancel_one(store, turn)
                await store.add([Document(id="after", text="life goes on")])
                assert (await store.search("life goes on", limit=1))[0].document.id == "after"

        asyncio.run(use())

    async def _cancel_one(self, store: Store, turn: int) -> None:
        documents = [Document(id=f"{turn}-{n}", text=f"turn{turn} number{n}") for n in range(50)]
        task = asyncio.create_task(store.add(documents, namespace=f"turn{turn}"))
        for _ in range(turn):
            await asyncio.sleep(0)
        # It may have been faster.
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await store.count(namespace=f"turn{turn}") in ((0, 50) if task.cancelled() else (50,))

    def test_opening_that_is_cancelled_leaves_nothing_open(self, url: str, tmp_path: Path) -> None:
        """The store can be opened again at once."""

        async def use() -> None:
            task = asyncio.ensure_future(_opened(url, tmp_path))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with open_store(url, embedder=WordEmbedder(), folder=tmp_path) as store:
                await store.add([Document(text="x")])

        asyncio.run(use())

    def test_vectors_of_another_dimension_are_refused(self, url: str, tmp_path: Path) -> None:
        """A store that lasts knows its embedder; the error names both, and the new one may replace it."""
        with open_store_sync(url, embedder=WordEmbedder(), folder=tmp_path) as store:
            store.add([Document(id=str(n), text=f"apple number{n}") for n in range(5)])
            other = WordEmbedder(id="other", dimension=32)
            with pytest.raises(EmbedderMismatchError, match=r"'words' \(64 numbers.* not 'other' \(32 numbers"):
                SyncStore(store.backend, other)
            store.backend.claim(other, replace=True)
            again = SyncStore(store.backend, other)
            assert again.search("number3", limit=1, fusion="vector")[0].document.id == "3"
            assert len(again.search("number3", limit=10, fusion="vector")) == 5


async def _opened(url: str, folder: Path) -> Store:
    return await open_store(url, embedder=WordEmbedder(), folder=folder)
