"""Whose vectors are in the store, and how embedders and backends are found."""

import logging
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agentcore.errors import ConfigError
from agentcore_vectorstore import Document, SyncStore, open_store_sync
from agentcore_vectorstore.errors import (
    EmbedderError,
    EmbedderMismatchError,
    EmbedderNotFoundError,
    KeywordOnlyWarning,
    QueryError,
)
from agentcore_vectorstore.testing import WordEmbedder

Open = Callable[..., SyncStore]

MEMORIES = {
    "refund": "Customers may request a refund within thirty days of their purchase.",
    "password": "To regain access to an account, request a reset link by email.",
    "outage": "The servers crashed on Tuesday night and the website was unreachable.",
    "cat": "The kitten dozes on a sunny windowsill.",
    "bread": "Knead flour, water and yeast, then bake the loaf until golden.",
    "taxes": "Small companies must declare their income to the authorities by April.",
    "doctor": "The physician prescribed antibiotics for the infected throat.",
    "travel": "Our train to Vienna departs from platform nine at noon.",
}

PARAPHRASES = {
    "How do I get my money back?": "refund",
    "I forgot how to log in": "password",
    "Why were you offline yesterday?": "outage",
    "a pet asleep": "cat",
    "recipe for homemade toast dough": "bread",
    "medicine against illness": "doctor",
    "going abroad by rail": "travel",
}


@pytest.fixture(scope="module")
def memories() -> Any:
    """A store with the default embedder."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store = open_store_sync("memory://")
    with store:
        store.add(Document(id=id, text=text) for id, text in MEMORIES.items())
        yield store


# --- by meaning


@pytest.mark.parametrize(("question", "answer"), PARAPHRASES.items())
def test_paraphrase_is_found_by_meaning(memories: SyncStore, question: str, answer: str) -> None:
    """The right memory comes first, though it does not share one telling word with the question."""
    assert memories.embedder is not None
    assert memories.search(question, fusion="bm25") == []
    for mode in ("vector", "zscore"):
        assert memories.search(question, limit=1, fusion=mode)[0].document.id == answer


def test_rare_word_is_found_by_hybrid_search(memories: SyncStore) -> None:
    """What means nothing to the model is found by its letters."""
    memories.add([Document(id="code", text="It failed with QX-4711 again.")])
    assert memories.search("QX-4711", limit=1)[0].document.id == "code"
    memories.delete(["code"])


# --- whose vectors


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (WordEmbedder(id="letters"), "'letters' (64 numbers, fingerprint 1)"),
        (WordEmbedder(dimension=32), "'words' (32 numbers, fingerprint 1)"),
        (WordEmbedder(fingerprint=""), "'words' (64 numbers)"),
    ],
    ids=["id", "dimension", "fingerprint"],
)
def test_store_of_another_embedder_is_refused(sqlite: Open, other: WordEmbedder, named: str) -> None:
    """The error names the file, both embedders and what to do; the store stays usable with its own."""
    with sqlite() as store:
        store.add([Document(text="x")])
    with pytest.raises(EmbedderMismatchError) as caught:
        sqlite(embedder=other)
    message = str(caught.value)
    assert re.search(r"memory\.db are those of embedder 'words' \(64 numbers, fingerprint 1\), not ", message)
    assert named in message
    assert "embedder='none'" in message
    with sqlite() as store:
        assert len(store.search("x", fusion="vector")) == 1


def test_store_without_embedder_searches_by_words(sqlite: Open) -> None:
    """Hybrid falls back to keywords; asking for meaning says what to install."""
    with sqlite(embedder="none") as store:
        store.add([Document(text="red apples"), Document(text="green pears")])
        assert store.embedder is None
        assert "(none)" in repr(store)
        assert [hit.document.text for hit in store.search("an apple")] == ["red apples"]
        with pytest.raises(QueryError, match=r"opened without an embedder") as caught:
            store.search("an apple", fusion="vector")
        assert "pip install agentcore-minilm" in caught.value.hint


def test_what_was_stored_without_embedder_gets_its_vectors_later(
    sqlite: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """Opened with an embedder, the store embeds what is missing, says so, and nothing else changes."""
    documents = [Document(id=str(n), text=f"apple number{n}", metadata={"n": n}) for n in range(300)]
    embedder = WordEmbedder(dimension=4096)
    with sqlite(embedder=embedder) as store:
        store.add([Document(id="first", text="with a vector")])
    with sqlite(embedder="none") as store:
        store.add(documents)
        store.add([Document(id="first", text="with a vector")])
    with caplog.at_level(logging.WARNING), sqlite(embedder=embedder) as store:
        assert "texts embedded, and found by meaning from now on: 300" in caplog.text
        assert store.count() == 301
        assert len(store.search("apple", fusion="vector", limit=1000)) == 301
        (hit,) = store.search("apple number7", fusion="vector", limit=1)
        assert hit.document == documents[7]
        assert hit.score == pytest.approx(1, abs=1e-5)
        assert [hit.document.id for hit in store.search("number299", fusion="bm25")] == ["299"]
    caplog.clear()
    with sqlite(embedder=embedder):
        assert caplog.text == ""


class Rival(WordEmbedder):
    """While it embeds for the first time, somebody else changes the store."""

    def __init__(self, change: Callable[[], object]) -> None:
        super().__init__()
        self._change = change
        self._changed = False

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self._changed:
            self._changed = True
            self._change()
        return super().embed(texts)


def test_late_vectors_do_not_undo_what_others_write(sqlite: Open) -> None:
    """A document that is replaced or deleted while its old text is being embedded stays so."""
    with sqlite(embedder="none") as store:
        store.add([Document(id="a", text="old text"), Document(id="b", text="unwanted"), Document(id="c", text="kept")])

        def change() -> None:
            store.add([Document(id="a", text="new text")])
            store.delete(["b"])

        with sqlite(embedder=Rival(change)) as late:
            assert sorted(hit.document.text for hit in late.search("text", fusion="vector")) == ["kept", "new text"]


class Broken(WordEmbedder):
    """Returns what it is told to."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        super().__init__(dimension=2)
        self.vectors = vectors

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.vectors


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1.0, 0.0]], r"returned an array of shape \(1, 2\), not \(2, 2\)"),
        ([[1.0], [1.0]], r"returned an array of shape \(2, 1\), not \(2, 2\)"),
        ([[1.0, 0.0], [np.nan, 1.0]], r"a vector without a direction .* for the text 'second'"),
        ([[np.inf, 0.0], [0.0, 1.0]], r"a vector without a direction .* for the text 'first'"),
        ([[1.0, 0.0], [0.0, 0.0]], r"a vector without a direction .* for the text 'second'"),
    ],
    ids=["too few", "too short", "NaN", "infinite", "zero"],
)
def test_embedder_that_returns_nonsense(vectors: list[list[float]], message: str) -> None:
    """The error names it and the text, and nothing is stored."""
    with open_store_sync("memory://", embedder=Broken(np.array(vectors, dtype=np.float32))) as store:
        with pytest.raises(EmbedderError, match=message):
            store.add([Document(text="first"), Document(text="second")])
        assert store.count() == 0


def test_vectors_are_brought_to_unit_length() -> None:
    """An embedder need not do it: scores are cosines all the same."""
    with open_store_sync("memory://", embedder=Broken(np.array([[3.0, 4.0]], dtype=np.float32))) as store:
        store.add([Document(text="x")])
        assert store.search("y", fusion="vector")[0].score == pytest.approx(1)


# --- how they are found


def no_entry_points(*, group: str) -> list[EntryPoint]:
    """What is found where nothing is installed."""
    return []


def test_missing_default_embedder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without agentcore-minilm the store works by keywords, and a warning says what to install."""
    monkeypatch.setattr("importlib.metadata.entry_points", no_entry_points)
    with pytest.warns(KeywordOnlyWarning, match="python -m pip install agentcore-minilm") as caught:
        store = open_store_sync("memory://")
    assert caught[0].filename == __file__
    with store:
        store.add([Document(text="red apples")])
        assert len(store.search("apple")) == 1


@pytest.mark.parametrize("embedder", ["minilms", "minilmm:large"])
def test_unknown_embedder_is_named(embedder: str) -> None:
    """An embedder that was asked for by name is never replaced silently."""
    with pytest.raises(EmbedderNotFoundError) as caught:
        open_store_sync("memory://", embedder=embedder)
    assert f"no embedder {embedder.partition(':')[0]!r} is installed" in str(caught.value)
    assert "'minilm'" in caught.value.hint


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution of somebody else, with an embedder and a backend."""
    info = tmp_path / "site" / "third_party-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[agentcore_vectorstore.embedders]\nfancy = third_party:make_embedder\n"
        "[agentcore_vectorstore.backends]\nfancydb = third_party:open_fancy\n"
    )
    (tmp_path / "site" / "third_party.py").write_text(
        "from agentcore_vectorstore._sqlite import open_memory\n"
        "from agentcore_vectorstore.testing import WordEmbedder\n"
        "def make_embedder(model='plain'):\n"
        "    return WordEmbedder(id=f'fancy-{model}')\n"
        "def open_fancy(url, *, folder, create):\n"
        "    url.check_options({'size'})\n"
        "    assert url.host == 'host'\n"
        "    return open_memory(type(url)(scheme='memory'), folder=folder, create=create)\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    monkeypatch.delitem(sys.modules, "third_party", raising=False)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("url", "embedder", "id"),
    [
        ("memory://", "fancy", "fancy-plain"),
        ("memory://", "fancy:large", "fancy-large"),
        ("memory://?embedder=fancy:small", None, "fancy-small"),
        ("memory://?embedder=none", "fancy", "fancy-plain"),
    ],
)
def test_installed_embedder_is_found_by_name(url: str, embedder: str | None, id: str) -> None:
    """By its entry point, with a model behind the colon; the argument wins over the connection string."""
    with open_store_sync(url, embedder=embedder) as store:
        assert store.embedder is not None
        assert store.embedder.id == id


@pytest.mark.usefixtures("installed")
def test_installed_backend_is_found_by_scheme() -> None:
    """Its options are its own, and a mistyped scheme is told its name."""
    with open_store_sync("fancydb://user:secret@host/db?size=3", embedder="none") as store:
        store.add([Document(text="x")])
        assert store.count() == 1
    with pytest.raises(ConfigError, match=r"no backend has the scheme 'fancybd'") as caught:
        open_store_sync("fancybd://host")
    assert "did you mean 'fancydb'? Known: 'fancydb', 'memory', 'postgresql', 'qdrant', 'sqlite'." in caught.value.hint
