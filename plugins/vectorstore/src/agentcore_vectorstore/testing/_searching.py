"""The best comes first."""

from __future__ import annotations

import math
from typing import Any

import pytest

from agentcore_vectorstore import Document, Fusion, SyncStore
from agentcore_vectorstore.errors import QueryError
from agentcore_vectorstore.testing._support import FUSIONS, texts

QUESTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"text": ""}, "the text to search for is empty"),
    "blank": ({"text": " \n"}, "the text to search for is empty"),
    "limit": ({"text": "x", "limit": 0}, "limit must be at least 1, not 0"),
    "offset": ({"text": "x", "offset": -1}, "offset must be at least 0, not -1"),
    "fusion": ({"text": "x", "fusion": "vectors"}, "did you mean 'vector'?"),
    "alpha": ({"text": "x", "alpha": 1.5}, "alpha must be between 0 and 1, not 1.5"),
    "diversity": ({"text": "x", "diversity": math.nan}, "diversity must be between 0 and 1, not nan"),
    "namespace": ({"text": "x", "namespace": "a//b"}, "'a//b' is not a namespace"),
    "nothing": ({}, "there is nothing to search for"),
    "no words": ({"vector": [0.0] * 64, "fusion": "bm25"}, "there is nothing to search for"),
    "filter": ({"text": "x", "filter": {"when": object()}}, "the filter's value for 'when' is not a JSON value"),
    "NaN": ({"text": "x", "filter": {"n": math.nan}}, "the filter's value for 'n' is not a JSON value"),
}


class SearchingContract:
    """The best comes first."""

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_best_hit_comes_first_and_no_more_than_asked(self, store: SyncStore, fusion: Fusion) -> None:
        """Scores fall, and the limit holds."""
        store.add(Document(text="apple " * n + "filler words that differ " * (9 - n) + f"nr{n}") for n in range(1, 9))
        hits = store.search("apple", limit=5, fusion=fusion)
        assert len(hits) == 5
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[0].document.text.endswith("nr8")
        assert len(store.search("apple", limit=1000, fusion=fusion)) == 8

    def test_words_are_found_in_other_forms(self, store: SyncStore) -> None:
        """Stemming: a question in the singular finds the plural."""
        store.add([Document(text="the foxes were running"), Document(text="a dog")])
        assert texts(store, "fox runs", fusion="bm25") == ["the foxes were running"]

    def test_stop_words_count_only_where_there_is_nothing_else(self, store: SyncStore) -> None:
        """What everybody says does not make a text a hit, unless that is the whole question."""
        store.add([Document(text="what is the time"), Document(text="refund policy")])
        assert texts(store, "what is the refund", fusion="bm25") == ["refund policy"]
        assert texts(store, "what is the", fusion="bm25") == ["what is the time"]

    @pytest.mark.parametrize(
        "query",
        [
            '"',
            "'",
            "a AND",
            "NOT",
            "OR OR",
            "NEAR(a b)",
            "text:apple",
            "*",
            "a*",
            "^a",
            "(",
            ")",
            "{a}",
            "-a",
            "a\x00b",
            "%",
        ],
    )
    def test_question_is_never_taken_for_a_query_language(self, store: SyncStore, query: str) -> None:
        """Quotes, operators and column names are words like others, or nothing."""
        store.add([Document(text="an apple a day")])
        for fusion in FUSIONS:
            store.search(query, fusion=fusion)
        assert texts(store, f"{query} apple", fusion="bm25") == ["an apple a day"]

    def test_question_without_a_word_finds_nothing_by_keyword(self, store: SyncStore) -> None:
        """Punctuation and pictures are no words."""
        store.add([Document(text="an apple 🦜 !!!")])
        assert texts(store, "🦜 !!!", fusion="bm25") == []
        assert texts(store, "🦜 !!!") == ["an apple 🦜 !!!"]

    def test_question_of_a_whole_book(self, store: SyncStore) -> None:
        """A pasted page is a question, too, and broken Unicode in it does not matter."""
        store.add([Document(text="apple pie"), Document(text="unrelated")])
        query = "apple \ud800 " + " ".join(f"word{n}" for n in range(20_000))
        assert texts(store, query, limit=1, fusion="bm25") == ["apple pie"]
        assert len(texts(store, query)) == 2

    def test_hybrid_finds_what_either_way_finds(self, store: SyncStore) -> None:
        """A text that only a word's stem leads to, and one that only its vector leads to, are both above the rest."""
        store.add(
            [
                Document(id="word", text="the colours matching"),
                Document(id="both", text="colour match"),
                *(Document(text=f"unrelated text number{n}") for n in range(30)),
            ]
        )
        assert [hit.document.id for hit in store.search("colour match", limit=2)] == ["both", "word"]
        assert [hit.document.id for hit in store.search("colour match", limit=1, fusion="vector")] == ["both"]

    def test_of_equal_scores_the_newer_comes_first(self, store: SyncStore) -> None:
        """The order is always the same."""
        store.add(Document(id=str(n), text="twin text") for n in range(5))
        for fusion in FUSIONS:
            assert [hit.document.id for hit in store.search("twin", fusion=fusion, limit=3)] == ["4", "3", "2"]

    @pytest.mark.parametrize(("question", "message"), QUESTIONS.values(), ids=QUESTIONS.keys())
    def test_question_that_cannot_be_asked(self, store: SyncStore, question: dict[str, Any], message: str) -> None:
        """The error says what is wrong with it."""
        with pytest.raises(QueryError) as caught:
            store.search(**question)
        assert message in str(caught.value)
