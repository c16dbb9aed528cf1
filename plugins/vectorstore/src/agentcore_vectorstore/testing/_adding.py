"""Documents come back as they were given, once each."""

from __future__ import annotations

import json
import math
from typing import ClassVar

import pytest

from agentcore_vectorstore import Document, Fusion, SyncStore
from agentcore_vectorstore.errors import DocumentError
from agentcore_vectorstore.testing._support import FUSIONS, texts

REFUSED: dict[str, tuple[Document, str]] = {
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


class AddingContract:
    """Documents come back as they were given, once each."""

    takes_nul: ClassVar[bool] = True
    """Whether the backend can keep the character NUL."""

    def test_ids_are_returned_in_order(self, store: SyncStore) -> None:
        """Ids that were given are kept; the others are made of the content."""
        first, given_id, third = store.add(
            [Document(text="red apple"), Document(id="mine", text="green pear"), Document(text="blue plum")]
        )
        assert given_id == "mine"
        assert len({first, given_id, third}) == store.count() == 3
        assert texts(store, "plum", limit=1, fusion="bm25") == ["blue plum"]

    def test_nothing_is_a_fine_number_of_documents(self, store: SyncStore) -> None:
        """Adding no document returns no id."""
        assert store.add([]) == []
        assert store.count() == 0
        assert [store.search("anything", fusion=fusion) for fusion in FUSIONS] == [[]] * len(FUSIONS)

    @pytest.mark.parametrize("fusion", FUSIONS)
    def test_hit_carries_the_whole_document(self, store: SyncStore, fusion: Fusion) -> None:
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
        (hit,) = store.search("apples", fusion=fusion)
        assert hit.document == document
        assert json.dumps(hit.document.metadata, sort_keys=True) == json.dumps(metadata, sort_keys=True)
        assert hit.source == "vectorstore"

    def test_document_of_the_same_id_is_replaced(self, store: SyncStore) -> None:
        """The new text and metadata are found, the old ones are gone."""
        store.add([Document(id="a", text="old apples", metadata={"v": 1}), Document(id="b", text="other")])
        texts(store, "apples")
        store.add([Document(id="a", text="new pears", metadata={"v": 2})])
        assert store.count() == 2
        assert texts(store, "apples", fusion="bm25") == []
        assert sorted(texts(store, "old apples", fusion="vector")) == ["new pears", "other"]
        assert texts(store, "pears", filter={"v": 2}) == ["new pears"]
        assert texts(store, "pears", filter={"v": 1}) == []

    def test_last_document_of_an_id_wins_within_one_call(self, store: SyncStore) -> None:
        """As if they had come one by one."""
        assert store.add([Document(id="a", text="first"), Document(id="a", text="second")]) == ["a", "a"]
        assert texts(store, "first second") == ["second"]

    def test_adding_the_same_again_changes_nothing(self, store: SyncStore) -> None:
        """A document may be delivered twice."""
        document = Document(id="a", text="once only", metadata={"b": 1, "a": 2})
        store.add([document])
        before = store.search("once")
        store.add([document, document])
        assert store.search("once") == before
        assert store.count() == 1

    def test_more_documents_than_one_part_holds(self, store: SyncStore) -> None:
        """Each is stored once and found by its own words."""
        ids = store.add(Document(text=f"document number{n} of many") for n in range(600))
        assert len(set(ids)) == store.count() == 600
        for n in (0, 255, 256, 599):
            assert texts(store, f"number{n}", limit=1, fusion="bm25") == [f"document number{n} of many"]

    @pytest.mark.parametrize(("document", "message"), REFUSED.values(), ids=REFUSED.keys())
    def test_document_that_cannot_be_stored_is_named(self, store: SyncStore, document: Document, message: str) -> None:
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
            ("e\u0301tude decomposed", "étude"),
            ("line\u2028separator \x1b[31m red", "separator"),
        ],
        ids=ascii,
    )
    def test_text_of_any_script_is_kept_and_found(self, store: SyncStore, text: str, word: str) -> None:
        """A word of it finds it, whatever the case or the accents."""
        store.add([Document(text=text), Document(text="something else")])
        assert texts(store, word, fusion="bm25") == [text]

    @pytest.mark.parametrize("id", ["'", '"', "日本", "x" * 10_000, "%", "\\", "7"], ids=ascii)
    def test_any_id_serves(self, store: SyncStore, id: str) -> None:
        """It replaces its document and deletes it, and no other."""
        store.add([Document(id=id, text="one"), Document(id="other", text="two")])
        store.add([Document(id=id, text="three")])
        assert sorted(texts(store, "one two three")) == ["three", "two"]
        assert store.delete([id]) == 1
        assert texts(store, "one two three") == ["two"]

    def test_large_text_is_kept_whole(self, store: SyncStore) -> None:
        """Five million characters come back, and the last word finds them."""
        text = "word " * 1_000_000 + "needle"
        store.add([Document(text=text), Document(text="hay")])
        (hit,) = store.search("needle", fusion="bm25")
        assert hit.document.text == text

    def test_nul_is_a_character_or_refused(self, store: SyncStore) -> None:
        """A backend that cannot keep it says so, and stores nothing."""
        document = Document(id="a\x00b", text="before\x00after the zero", metadata={"k": "\x00"})
        if self.takes_nul:
            store.add([document, Document(id="a", text="other")])
            (hit,) = store.search("zero", fusion="bm25", filter={"k": "\x00"})
            assert hit.document == document
            assert store.delete(["a\x00b"]) == 1
            return
        for each in (
            document,
            Document(text="\x00x"),
            Document(id="\x00", text="x"),
            Document(text="x", metadata={"\x00": 1}),
        ):
            with pytest.raises(DocumentError, match="the character NUL"):
                store.add([Document(text="good"), each])
        assert store.count() == 0
        assert store.get(["a\x00b"]) == []
        assert store.delete(["a\x00b"]) == 0
