"""What is there can be read, counted, and ends when its time is over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agentcore_vectorstore import Document, SyncStore, open_store_sync
from agentcore_vectorstore.errors import QueryError
from agentcore_vectorstore.testing._embedder import WordEmbedder
from agentcore_vectorstore.testing._support import FUSIONS, ids

__all__ = ["ListingContract"]


class ListingContract:
    """What is there can be read, counted, and ends when its time is over."""

    def test_documents_are_listed_oldest_first(self, store: SyncStore) -> None:
        """Whole, with where and since when they are there, however many there are."""
        before = time.time()
        for place in ("a", "b"):
            store.add([Document(id=str(n), text=f"text {n}", metadata={"n": n}) for n in range(600)], namespace=place)
        listed = list(store.documents())
        assert [(stored.namespace, stored.document.id) for stored in listed] == [
            (place, str(n)) for place in ("a", "b") for n in range(600)
        ]
        assert all(before - 1 <= stored.stored <= time.time() + 1 for stored in listed)
        assert listed[7].document == Document(id="7", text="text 7", metadata={"n": 7})
        assert [stored.document.id for stored in store.documents(namespace="b", filter="n >= 3", limit=2)] == ["3", "4"]

    def test_documents_are_got_by_id(self, store: SyncStore) -> None:
        """In the order of the ids; unknown ones are left out."""
        store.add(Document(id=str(n), text=f"text {n}") for n in range(5))
        assert [document.id for document in store.get(["3", "unknown", "1", "3"])] == ["3", "1"]
        assert store.get([]) == []
        with pytest.raises(QueryError):
            store.get("3")

    def test_document_is_gone_when_its_time_is_over(self, store: SyncStore) -> None:
        """It is not found, listed, got or counted, and does not stand in the way of others."""
        store.add([Document(id="short", text="short lived apple")], ttl=0.05)
        store.add([Document(id="long", text="long lived apple")], ttl="7d")
        store.add([Document(id="ever", text="eternal apple")])
        while store.get(["short"]):
            time.sleep(0.01)
        assert store.count() == 2
        assert {stored.document.id for stored in store.documents()} == {"long", "ever"}
        for fusion in FUSIONS:
            assert set(ids(store, "short lived apple", fusion=fusion)) == {"long", "ever"}
        store.add([Document(id="short", text="again")])
        assert [document.text for document in store.get(["short"])] == ["again"]

    def test_adding_again_gives_a_new_time_to_live(self, store: SyncStore) -> None:
        """The document stays what it was, and findable."""
        document = Document(id="a", text="an apple")
        for ttl in ("1h", "2h", None):
            store.add([document], ttl=ttl)
            (stored,) = store.documents()
            assert (stored.expires is None) is (ttl is None)
            assert ids(store, "apple", fusion="vector") == ["a"]
        assert store.count() == 1

    @pytest.mark.parametrize("ttl", [0, -1, "soon", "", "5y", float("inf"), float("nan")])
    def test_time_to_live_that_is_none(self, store: SyncStore, ttl: float | str) -> None:
        """Is refused, and nothing is stored."""
        with pytest.raises(QueryError, match="is no time to live"):
            store.add([Document(text="x")], ttl=ttl)
        assert store.count() == 0

    def test_near_duplicates_are_stored_once(self, url: str, tmp_path: Path) -> None:
        """From the threshold on, in one call as in two, each namespace for itself; the id is that of the first."""
        separator = "&" if "?" in url else "?"
        with open_store_sync(f"{url}{separator}dedup=0.95", embedder=WordEmbedder(), folder=tmp_path) as store:
            first = store.add([Document(text="the app crashes at start")])
            assert store.add([Document(id="twin", text="the app crashes at START!")]) == first
            other, again = store.add([Document(text="invoices are wrong"), Document(text="Invoices are wrong?")])
            assert other == again
            assert store.count() == 2
            store.add([Document(text="the app crashes at start")], namespace="elsewhere")
            assert store.count() == 3
            assert store.add([Document(id=other, text="the app crashes at start now")]) == [other]
            assert [document.text for document in store.get([other])] == ["the app crashes at start now"]

    def test_check_finds_a_healthy_store_healthy(self, store: SyncStore) -> None:
        """After adding, replacing and deleting."""
        store.add(Document(id=str(n), text=f"text {n}") for n in range(20))
        store.add([Document(id="3", text="other")])
        store.delete(["4"])
        assert store.check() == []
