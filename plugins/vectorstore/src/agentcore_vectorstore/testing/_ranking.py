"""How what is found is ranked."""

from __future__ import annotations

import pytest

from agentcore_vectorstore import Document, Fusion, SyncStore
from agentcore_vectorstore.testing._support import FUSIONS, ids

__all__ = ["RankingContract"]


def _fill(store: SyncStore) -> None:
    store.add(Document(id=str(n), text="apple " * n + "filler words that differ " * (9 - n)) for n in range(1, 9))


class RankingContract:
    """How what is found is ranked."""

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_single_hit_has_a_score(self, store: SyncStore, fusion: Fusion) -> None:
        """Above zero, though there is nothing to compare it with; and it says what it is made of."""
        store.add([Document(text="red apples")])
        (hit,) = store.search("apple", fusion=fusion)
        assert hit.score > 0
        assert (hit.meaning is None, hit.words is None) == (fusion == "bm25", fusion == "vector")
        assert hit.words is None or hit.words > 0

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_offset_passes_over_the_best(self, store: SyncStore, fusion: Fusion) -> None:
        """Pages fit together, and behind the last there is nothing."""
        _fill(store)
        whole = ids(store, "apple", fusion=fusion)
        pages = [ids(store, "apple", fusion=fusion, limit=3, offset=start) for start in (0, 3, 6, 9)]
        assert [id for page in pages for id in page] == whole
        assert len(whole) == 8

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_minimum_score_leaves_out_what_has_less(self, store: SyncStore, fusion: Fusion) -> None:
        """Exactly that."""
        _fill(store)
        hits = store.search("apple", fusion=fusion)
        least = hits[3].score
        found = store.search("apple", fusion=fusion, min_score=least)
        assert [hit.document.id for hit in found] == [hit.document.id for hit in hits if hit.score >= least]

    def test_alpha_moves_the_ranking_from_words_to_meaning(self, store: SyncStore) -> None:
        """At its ends it is one of the two."""
        _fill(store)
        store.add([Document(id="other", text="apples and pears and plums")])
        for alpha, fusion in ((0.0, "bm25"), (1.0, "vector")):
            assert ids(store, "apple", alpha=alpha, limit=4) == ids(store, "apple", fusion=fusion, limit=4)

    @pytest.mark.parametrize("fusion", ["zscore", "vector"])
    def test_diversity_passes_over_what_is_alike(self, store: SyncStore, fusion: Fusion) -> None:
        """Of near-twins one is enough; without it they all come first."""
        store.add(Document(id=f"twin{n}", text=f"apple apple apple pie nr{n}") for n in range(3))
        store.add([Document(id="other", text="apple trees grow in gardens far away")])
        assert all(id and id.startswith("twin") for id in ids(store, "apple pie", limit=3, fusion=fusion))
        found = ids(store, "apple pie", limit=2, fusion=fusion, diversity=0.9)
        assert found[1] == "other"
        assert found[0]
        assert found[0].startswith("twin")

    def test_batch_finds_what_single_searches_find(self, store: SyncStore) -> None:
        """In order, with the same options."""
        _fill(store)
        questions = ["apple", "filler differ", "nothing of the kind"]
        many = store.search_many(questions, limit=3)
        assert many == [store.search(question, limit=3) for question in questions]
        assert store.search_many([]) == []

    def test_meaning_may_be_given_as_a_vector(self, store: SyncStore) -> None:
        """With or without words."""
        _fill(store)
        assert store.embedder is not None
        (vector,) = store.embedder.embed(["apple"])
        best = store.search("apple", fusion="vector", limit=3)
        assert store.search(vector=vector, limit=3, fusion="vector") == best
        assert [hit.document.id for hit in store.search(vector=vector, limit=3)] == [hit.document.id for hit in best]
        assert ids(store, "apple", vector=vector) == ids(store, "apple")
