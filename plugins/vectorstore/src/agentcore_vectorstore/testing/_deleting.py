"""What is deleted is gone."""

from __future__ import annotations

import pytest

from agentcore_vectorstore import Document, FilterSpec, SyncStore
from agentcore_vectorstore.errors import QueryError
from agentcore_vectorstore.testing._support import FUSIONS, texts


class DeletingContract:
    """What is deleted is gone."""

    def test_deleted_document_is_not_found_in_any_way(self, store: SyncStore) -> None:
        """Neither its words nor its vector are left behind, and a new document does not inherit them."""
        store.add([Document(id="a", text="red apple"), Document(id="b", text="red pear")])
        texts(store, "apple")
        assert store.delete(["b", "unknown"]) == 1
        store.add([Document(id="c", text="blue plum")])
        for fusion in FUSIONS:
            assert "red pear" not in texts(store, "red pear", fusion=fusion)
        assert [hit.score for hit in store.search("blue plum", limit=1, fusion="vector")] == [pytest.approx(1)]
        assert store.count() == 2

    def test_everything_can_be_deleted(self, store: SyncStore) -> None:
        """An emptied store is empty, and takes documents again."""
        store.add([Document(id="a", text="red apple")])
        texts(store, "apple", fusion="vector")
        assert store.delete(["a"]) == 1
        assert (store.count(), texts(store, "apple")) == (0, [])
        store.add([Document(text="green apple")])
        assert texts(store, "apple") == ["green apple"]

    def test_one_string_is_no_list_of_ids(self, store: SyncStore) -> None:
        """Each of its characters would be taken for an id."""
        store.add([Document(id="a", text="x"), Document(id="b", text="y")])
        with pytest.raises(QueryError, match=r"write \[id\]"):
            store.delete("ab")
        assert store.count() == 2

    def test_what_a_filter_chooses_is_deleted(self, store: SyncStore) -> None:
        """In the namespace and below, and nothing else."""
        for namespace in ("", "a", "a/b", "c"):
            store.add([Document(id=str(n), text=f"text {n}", metadata={"n": n}) for n in range(4)], namespace=namespace)
        assert store.delete(filter="n >= 2", namespace="a") == 4
        assert store.count() == 12
        assert store.count(namespace="a") == 4
        assert store.delete(filter={"n": 0}) == 4
        assert store.count() == 8

    @pytest.mark.parametrize("filter", ["", "  ", {}], ids=repr)
    def test_empty_filter_deletes_nothing(self, store: SyncStore, filter: FilterSpec) -> None:
        """It would delete everything; clear() does that where it is meant."""
        store.add([Document(text="x"), Document(text="y")])
        with pytest.raises(QueryError):
            store.delete(filter=filter)
        assert store.count() == 2
        assert store.clear(namespace="") == 2
        assert store.count() == 0

    def test_either_ids_or_a_filter_say_what_is_deleted(self, store: SyncStore) -> None:
        """Not both, and not neither."""
        store.add([Document(id="a", text="x")])
        with pytest.raises(QueryError, match="either ids or a filter"):
            store.delete(["a"], filter="n == 1")
        with pytest.raises(QueryError, match="either ids or a filter"):
            store.delete()
        assert store.count() == 1
