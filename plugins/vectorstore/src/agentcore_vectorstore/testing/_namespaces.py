"""Namespaces keep documents apart."""

from __future__ import annotations

import pytest

from agentcore_vectorstore import Document, Fusion, SyncStore
from agentcore_vectorstore.testing._support import FUSIONS, ids

__all__ = ["NamespacesContract"]

_PLACES = ("", "acme", "acme/triage", "acme/triage/7", "acme/poet", "acmes", "other")


class NamespacesContract:
    """Namespaces keep documents apart."""

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_search_covers_a_namespace_and_all_below(self, store: SyncStore, fusion: Fusion) -> None:
        """And nothing beside it, however near; every hit says where it lies."""
        for place in _PLACES:
            store.add([Document(id="same", text="apple", metadata={"at": place})], namespace=place)
        found = {
            place: {hit.namespace for hit in store.search("apple", namespace=place, fusion=fusion)}
            for place in (*_PLACES, "nowhere", "acme/tri")
        }
        assert found == {
            "": set(_PLACES),
            "acme": {"acme", "acme/triage", "acme/triage/7", "acme/poet"},
            "acme/triage": {"acme/triage", "acme/triage/7"},
            "acme/triage/7": {"acme/triage/7"},
            "acme/poet": {"acme/poet"},
            "acmes": {"acmes"},
            "other": {"other"},
            "nowhere": set(),
            "acme/tri": set(),
        }

    def test_id_belongs_to_its_namespace(self, store: SyncStore) -> None:
        """The same id in two namespaces is two documents, replaced and deleted each for itself."""
        for place in ("", "a", "a/b"):
            store.add([Document(id="x", text=f"old {place}")], namespace=place)
        store.add([Document(id="x", text="new")], namespace="a")
        assert [document.text for document in store.get(["x"], namespace="a")] == ["new"]
        assert [document.text for document in store.get(["x"])] == ["old "]
        assert store.delete(["x"], namespace="a") == 1
        assert store.namespaces() == {"": 1, "a/b": 1}
        assert store.count(namespace="a") == 1

    def test_best_of_a_namespace_is_found_among_many_better_ones(self, store: SyncStore) -> None:
        """Other namespaces take no place among the candidates."""
        for number in range(5):
            documents = [Document(id=str(n), text=f"apple apple {n}") for n in range(60)]
            store.add(documents, namespace=f"n{number}")
        store.add([Document(id="mine", text="an apple and many other words beside it")], namespace="n2/deep")
        for fusion in FUSIONS:
            assert ids(store, "apple", namespace="n2/deep", limit=3, fusion=fusion) == ["mine"]

    @pytest.mark.parametrize("place", ["日本/ü", "a b", "%", "_", "a.b-c", "x" * 1000, "Ab", "ab"], ids=ascii)
    def test_any_printable_name_serves(self, store: SyncStore, place: str) -> None:
        """And finds its own documents alone."""
        store.add([Document(id="there", text="apple")], namespace=place)
        store.add([Document(id="elsewhere", text="apple")], namespace="aB")
        assert ids(store, "apple", namespace=place) == ["there"]

    def test_word_that_looks_like_a_namespace_is_a_word(self, store: SyncStore) -> None:
        """How an index names a namespace is its own business."""
        store.add([Document(id="x", text="nothing")], namespace="a")
        store.add([Document(id="y", text="n1 n2")], namespace="b")
        assert ids(store, "n1 n2 n0", fusion="bm25") == ["y"]
