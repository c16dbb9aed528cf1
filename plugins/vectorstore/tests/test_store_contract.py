"""What every backend does: written against the store alone, run with each of them."""

import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from word_embedder import WordEmbedder

from agentcore_vectorstore import Document, Mode, Store, open_store
from agentcore_vectorstore.errors import (
    DocumentError,
    QueryError,
    StoreClosedError,
)

MODES = get_args(Mode)


def texts(store: Store, query: str, **options: Any) -> list[str]:
    """The texts that a search finds, best first."""
    return [hit.document.text for hit in store.search(query, **options)]


# --- adding


def test_ids_are_returned_in_order(store: Store) -> None:
    """Ids that were given are kept; the others are chosen, and differ."""
    first, given_id, third = store.add(
        [Document(text="red apple"), Document(id="mine", text="green pear"), Document(text="blue plum")]
    )
    assert given_id == "mine"
    assert len({first, given_id, third}) == store.count() == 3
    assert texts(store, "plum", limit=1, mode="keyword") == ["blue plum"]


def test_nothing_is_a_fine_number_of_documents(store: Store) -> None:
    """Adding no document returns no id."""
    assert store.add([]) == []
    assert store.count() == 0
    assert [store.search("anything", mode=mode) for mode in MODES] == [[], [], []]


@pytest.mark.parametrize("mode", MODES)
def test_hit_carries_the_whole_document(store: Store, mode: Mode) -> None:
    """Text, id and metadata come back as they were given."""
    metadata = {
        "n": 1,
        "x": 1.5,
        "yes": True,
        "none": None,
        "é": ["日", {"a": [None]}],
        "": "",
        "big": 10**30,
        "quote'\"": 1,
    }
    document = Document(id="a", text="a text\n  about\tapples", metadata=metadata)
    store.add([document])
    (hit,) = store.search("apples", mode=mode)
    assert hit.document == document
    assert json.dumps(hit.document.metadata, sort_keys=True) == json.dumps(metadata, sort_keys=True)
    assert hit.source == "vectorstore"


def test_document_of_the_same_id_is_replaced(store: Store) -> None:
    """The new text and metadata are found, the old ones are gone."""
    store.add([Document(id="a", text="old apples", metadata={"v": 1}), Document(id="b", text="other")])
    texts(store, "apples")
    store.add([Document(id="a", text="new pears", metadata={"v": 2})])
    assert store.count() == 2
    assert texts(store, "apples", mode="keyword") == []
    assert sorted(texts(store, "old apples", mode="vector")) == ["new pears", "other"]
    assert texts(store, "pears", filter={"v": 2}) == ["new pears"]
    assert texts(store, "pears", filter={"v": 1}) == []


def test_last_document_of_an_id_wins_within_one_call(store: Store) -> None:
    """As if they had come one by one."""
    assert store.add([Document(id="a", text="first"), Document(id="a", text="second")]) == ["a", "a"]
    assert texts(store, "first second") == ["second"]


def test_adding_the_same_again_changes_nothing(store: Store) -> None:
    """A document may be delivered twice."""
    document = Document(id="a", text="once only", metadata={"b": 1, "a": 2})
    store.add([document])
    before = store.search("once")
    store.add([document, document])
    assert store.search("once") == before
    assert store.count() == 1


def test_more_documents_than_one_part_holds(store: Store) -> None:
    """Each is stored once and found by its own words."""
    ids = store.add(Document(text=f"document number{n} of many") for n in range(600))
    assert len(set(ids)) == store.count() == 600
    for n in (0, 255, 256, 599):
        assert texts(store, f"number{n}", limit=1, mode="keyword") == [f"document number{n} of many"]


REFUSED = {
    "empty": (Document(text=""), "the text of document 1 is empty"),
    "blank": (Document(text=" \n\t", id="b"), "the text of document 'b' is empty"),
    "empty id": (Document(text="x", id=""), "the id of document '' is empty"),
    "no string": (Document(text=7), "the text of document 1 is 'int', not a string"),  # type: ignore[arg-type]
    "surrogate": (Document(text="ab\ud800"), "the text of document 1 is not valid Unicode at position 2"),
    "surrogate in id": (Document(text="x", id="\ud800"), "is not valid Unicode"),
    "object": (Document(text="x", metadata={"a": 1, "k": object()}), "'k' in the metadata of document 1 is not a JSON"),
    "NaN": (Document(text="x", metadata={"k": math.nan}), "'k' in the metadata of document 1 is not a JSON value"),
    "surrogate in metadata": (Document(text="x", metadata={"k": ["\ud800"]}), "'k' in the metadata of document 1"),
    "key": (Document(text="x", metadata={("a",): 1}), "('a',) in the metadata of document 1"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("document", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_document_that_cannot_be_stored_is_named(store: Store, document: Document, message: str) -> None:
    """The error says which one and why, and nothing of the call is stored."""
    with pytest.raises(DocumentError) as caught:
        store.add([Document(text="good"), document])
    assert message in str(caught.value)
    assert store.count() == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Crème brûlée à la carte", "brulee"),
        ("Straße nach München", "MÜNCHEN"),
        ("日本語 テキスト", "日本語"),
        ("это русский текст", "русский"),
        ("هذا نص عربي", "عربي"),
        ("यह हिन्दी पाठ है", "हिन्दी"),
        ("a parrot 🦜 said ok", "parrot"),
        ("before\x00after the zero", "zero"),
        ("e\u0301tude decomposed", "étude"),
        ("line\u2028separator \x1b[31m red", "separator"),
    ],
    ids=ascii,
)
def test_text_of_any_script_is_kept_and_found(store: Store, text: str, word: str) -> None:
    """A word of it finds it, whatever the case or the accents."""
    store.add([Document(text=text), Document(text="something else")])
    assert texts(store, word, mode="keyword") == [text]


@pytest.mark.parametrize("id", ["'", '"', "a\x00b", "日本", "x" * 10_000, "%", "\\", "7"], ids=ascii)
def test_any_id_serves(store: Store, id: str) -> None:
    """It replaces its document and deletes it, and no other."""
    store.add([Document(id=id, text="one"), Document(id="other", text="two")])
    store.add([Document(id=id, text="three")])
    assert sorted(texts(store, "one two three")) == ["three", "two"]
    assert store.delete([id]) == 1
    assert texts(store, "one two three") == ["two"]


def test_large_text_is_kept_whole(store: Store) -> None:
    """Five million characters come back, and the last word finds them."""
    text = "word " * 1_000_000 + "needle"
    store.add([Document(text=text), Document(text="hay")])
    (hit,) = store.search("needle", mode="keyword")
    assert hit.document.text == text


# --- deleting


def test_deleted_document_is_not_found_in_any_way(store: Store) -> None:
    """Neither its words nor its vector are left behind, and a new document does not inherit them."""
    store.add([Document(id="a", text="red apple"), Document(id="b", text="red pear")])
    texts(store, "apple")
    assert store.delete(["b", "unknown"]) == 1
    store.add([Document(id="c", text="blue plum")])
    for mode in MODES:
        assert "red pear" not in texts(store, "red pear", mode=mode)
    assert [hit.score for hit in store.search("blue plum", limit=1, mode="vector")] == [pytest.approx(1)]
    assert store.count() == 2


def test_everything_can_be_deleted(store: Store) -> None:
    """An emptied store is empty, and takes documents again."""
    store.add([Document(id="a", text="red apple")])
    texts(store, "apple", mode="vector")
    assert store.delete(["a"]) == 1
    assert (store.count(), texts(store, "apple")) == (0, [])
    store.add([Document(text="green apple")])
    assert texts(store, "apple") == ["green apple"]


def test_one_string_is_no_list_of_ids(store: Store) -> None:
    """Each of its characters would be taken for an id."""
    store.add([Document(id="a", text="x"), Document(id="b", text="y")])
    with pytest.raises(QueryError, match=r"write delete\(\[id\]\)"):
        store.delete("ab")
    assert store.count() == 2


# --- searching


@pytest.mark.parametrize("mode", MODES)
def test_best_hit_comes_first_and_no_more_than_asked(store: Store, mode: Mode) -> None:
    """Scores fall, and the limit holds."""
    store.add(Document(text="apple " * n + "filler words that differ " * (9 - n) + f"nr{n}") for n in range(1, 9))
    hits = store.search("apple", limit=5, mode=mode)
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].document.text.endswith("nr8")
    assert len(store.search("apple", limit=1000, mode=mode)) == 8


def test_words_are_found_in_other_forms(store: Store) -> None:
    """Stemming: a question in the singular finds the plural."""
    store.add([Document(text="the foxes were running"), Document(text="a dog")])
    assert texts(store, "fox runs", mode="keyword") == ["the foxes were running"]


def test_stop_words_count_only_where_there_is_nothing_else(store: Store) -> None:
    """What everybody says does not make a text a hit, unless that is the whole question."""
    store.add([Document(text="what is the time"), Document(text="refund policy")])
    assert texts(store, "what is the refund", mode="keyword") == ["refund policy"]
    assert texts(store, "what is the", mode="keyword") == ["what is the time"]


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
def test_question_is_never_taken_for_a_query_language(store: Store, query: str) -> None:
    """Quotes, operators and column names are words like others, or nothing."""
    store.add([Document(text="an apple a day")])
    for mode in MODES:
        store.search(query, mode=mode)
    assert texts(store, f"{query} apple", mode="keyword") == ["an apple a day"]


def test_question_without_a_word_finds_nothing_by_keyword(store: Store) -> None:
    """Punctuation and pictures are no words."""
    store.add([Document(text="an apple 🦜 !!!")])
    assert texts(store, "🦜 !!!", mode="keyword") == []
    assert texts(store, "🦜 !!!") == ["an apple 🦜 !!!"]


def test_question_of_a_whole_book(store: Store) -> None:
    """A pasted page is a question, too, and broken Unicode in it does not matter."""
    store.add([Document(text="apple pie"), Document(text="unrelated")])
    query = "apple \ud800 " + " ".join(f"word{n}" for n in range(20_000))
    assert texts(store, query, limit=1, mode="keyword") == ["apple pie"]
    assert len(texts(store, query)) == 2


def test_hybrid_finds_what_either_way_finds(store: Store) -> None:
    """A text that only a word's stem leads to, and one that only its vector leads to, are both above the rest."""
    store.add(
        [
            Document(id="word", text="the colours matching"),
            Document(id="both", text="colour match"),
            *(Document(text=f"unrelated text number{n}") for n in range(30)),
        ]
    )
    assert [hit.document.id for hit in store.search("colour match", limit=2)] == ["both", "word"]
    assert [hit.document.id for hit in store.search("colour match", limit=1, mode="vector")] == ["both"]


def test_of_equal_scores_the_newer_comes_first(store: Store) -> None:
    """The order is always the same."""
    store.add(Document(id=str(n), text="twin text") for n in range(5))
    for mode in MODES:
        assert [hit.document.id for hit in store.search("twin", mode=mode, limit=3)] == ["4", "3", "2"]


QUESTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "empty": ({"text": ""}, "the text to search for is empty"),
    "blank": ({"text": " \n"}, "the text to search for is empty"),
    "limit": ({"text": "x", "limit": 0}, "limit must be at least 1, not 0"),
    "mode": ({"text": "x", "mode": "vectors"}, "did you mean 'vector'?"),
    "filter": ({"text": "x", "filter": {"when": object()}}, "the filter's value for 'when' is not a JSON value"),
    "NaN": ({"text": "x", "filter": {"n": math.nan}}, "the filter's value for 'n' is not a JSON value"),
}


@pytest.mark.parametrize(("question", "message"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_question_that_cannot_be_asked(store: Store, question: dict[str, Any], message: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(QueryError) as caught:
        store.search(**question)
    assert message in str(caught.value)


# --- using it


def test_threads_share_a_store(store: Store) -> None:
    """Eight threads add and search at once: every document is there, and found."""

    def work(thread: int) -> None:
        for number in range(12):
            store.add([Document(id=f"{thread}-{number}", text=f"thread{thread} number{number} word")])
            assert store.search("word", limit=3)
            assert texts(store, f"thread{thread} number{number}", limit=1) == [f"thread{thread} number{number} word"]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert store.count() == 96


def test_closed_store_says_so(store: Store) -> None:
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
    assert repr(store) == f"<Store {location} (words, closed)>"


class Closing(WordEmbedder):
    """Closes the store while it embeds, as another thread may."""

    store: Store | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.store is not None:
            self.store.close()
        return super().embed(texts)


def test_store_that_is_closed_while_it_works(url: str, tmp_path: Path) -> None:
    """The work that is under way ends with the error that says so."""
    embedder = Closing()
    uses: list[Callable[[Store], object]] = [
        lambda store: store.add([Document(text="x")]),
        lambda store: store.search("x"),
    ]
    for use in uses:
        embedder.store = None
        embedder.store = store = open_store(url, embedder=embedder, folder=tmp_path)
        with pytest.raises(StoreClosedError, match="has been closed"):
            use(store)
