"""Search in SQLite takes shortcuts, and finds what it would find without them."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agentcore.errors import ConfigError
from agentcore_vectorstore import Document, SyncStore, open_store_sync
from agentcore_vectorstore._sqlite import writing
from agentcore_vectorstore._sqlite.keywords import Keywords, Words

Open = Callable[..., SyncStore]


@pytest.fixture(scope="module")
def worded() -> Any:
    """Ten thousand texts whose words are as often as those of a language, in four namespaces."""
    chance = random.Random(7)
    words = [f"w{n}" for n in range(400)]
    weights = [1 / (n + 1) for n in range(400)]
    with open_store_sync("memory://?embedder=none") as store:
        for place in ("", "a", "a/b", "c"):
            texts = [" ".join(chance.choices(words, weights, k=chance.randint(3, 50))) for _ in range(2500)]
            store.add([Document(id=str(n), text=text) for n, text in enumerate(texts)], namespace=place)
        yield store


def brute(connection: Any, question: str, namespace: int | None) -> dict[int, float]:
    """Every score, as FTS5 computes it."""
    words = Words(question, namespace, ("1", []))
    rows = connection.execute(
        "SELECT rowid, -bm25(keyword, 1.0, 0.0) FROM keyword WHERE keyword MATCH ?", (words.expression(words.words),)
    )
    return dict(rows)


@pytest.mark.parametrize("seed", range(12))
def test_best_by_words_are_the_best_of_all(worded: SyncStore, seed: int) -> None:
    """Though most documents are never scored, those that are returned are the best, with the scores of FTS5."""
    chance = random.Random(seed)
    question = " ".join(f"w{min(399, int(chance.expovariate(0.02)))}" for _ in range(chance.randint(1, 8)))
    namespace = chance.choice([None, None, 1, 2])
    limit, pool = chance.choice([(1, 1), (10, 10), (10, 100), (300, 300)])
    also = chance.sample({None: range(1, 10_001), 1: range(2501, 7501), 2: range(5001, 7501)}[namespace], 40)
    with worded.backend._database.read() as connection:  # type: ignore[attr-defined]
        scored = brute(connection, question, namespace)
        found = Keywords().best(connection, Words(question, namespace, ("1", [])), limit, pool, also)
    best = sorted(scored, key=lambda key: (-round(scored[key], 9), -key))[:limit]
    assert set(best) <= found.keys()
    assert len(found) >= min(pool, len(scored))
    for key, score in found.items():
        assert score == pytest.approx(scored[key], rel=1e-9)
    for key in also:
        assert (key in found) == (key in scored)


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_words_that_are_several_to_the_index(long: bool) -> None:
    """An underscore parts words for the index, and they must stand beside each other; also in long texts."""
    padding = " ".join(f"pad{n}" for n in range(80_000)) if long else ""
    with open_store_sync("memory://?embedder=none") as store:
        store.add(
            [Document(id="yes", text=f"call foo_bar now {padding}"), Document(id="no", text=f"bar foo {padding}")]
        )
        store.add(Document(id=f"{n}", text=f"common text number{n} {padding}") for n in range(10))
        assert [hit.document.id for hit in store.search("foo_bar", fusion="bm25")] == ["yes"]
        found = store.search("foo_bar common text call", fusion="bm25", limit=2)
        assert found[0].document.id == "yes"


def exact(rows: NDArray[np.float32], query: NDArray[np.float32], chosen: NDArray[np.intp]) -> list[str]:
    return [str(chosen[n]) for n in np.argsort(-(rows[chosen] @ query))[:10]]


@pytest.mark.parametrize("spread", [0.05, 1.0, 30.0], ids=["alike", "usual", "spiked"])
def test_nearest_by_bytes_are_the_nearest_of_all(spread: float) -> None:
    """In the whole store, in a namespace, and under a filter; also of vectors that are nearly the same."""
    chance = np.random.default_rng(3)
    rows = chance.standard_normal((4000, 96)).astype(np.float32)
    rows[:, 0] += spread if spread > 1 else 0
    if spread < 1:
        rows = (rows[:1] + spread * rows).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    numbers = np.arange(4000)
    with open_store_sync("memory://", embedder="given:96") as store:
        for place in range(4):
            chosen = numbers[numbers % 4 == place]
            documents = [Document(id=str(n), text=f"text {n}", metadata={"n": int(n)}) for n in chosen]
            store.add(documents, vectors=rows[chosen], namespace=f"p{place}")
        for number in range(0, 4000, 400):
            query = rows[number] + chance.standard_normal(96).astype(np.float32) * 0.05
            query /= np.linalg.norm(query)
            for options, chosen in (
                ({}, numbers),
                ({"namespace": "p1"}, numbers[numbers % 4 == 1]),
                ({"filter": "n < 500"}, numbers[:500]),
                ({"filter": "n < 500", "namespace": "p2"}, numbers[:500][numbers[:500] % 4 == 2]),
            ):
                hits = store.search(vector=query, fusion="vector", **options)  # type: ignore[arg-type]
                assert [hit.document.id for hit in hits] == exact(rows, query, chosen)


def test_reader_that_missed_many_removals_looks_at_all(sqlite: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of what was removed is cut; who comes too late for it sees the same."""
    monkeypatch.setattr(writing, "_REMEMBERED", 5)
    with sqlite() as reader, sqlite() as writer:
        writer.add(Document(id=str(n), text=f"apple number{n}") for n in range(60))
        assert len(reader.search("apple", fusion="vector", limit=100)) == 60
        for removed in ([str(n) for n in range(3)], [str(n) for n in range(3, 40)]):
            writer.delete(removed)
            found = {hit.document.id for hit in reader.search("apple", fusion="vector", limit=100)}
            assert found == {each.document.id for each in writer.documents()}
        assert len(found) == 20


def test_many_namespaces_are_searched_one_by_one() -> None:
    """More than are remembered at a time."""
    with open_store_sync("memory://", embedder="given:4") as store:
        for number in range(80):
            vectors = np.eye(4, dtype=np.float32)[[number % 4]]
            store.add([Document(id=str(number), text="x")], vectors=vectors, namespace=f"n{number}")
        for number in range(80):
            hits = store.search(vector=[1.0, 0, 0, 0], fusion="vector", namespace=f"n{number}")
            assert [hit.document.id for hit in hits] == [str(number)]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("fusion=zscor", "did you mean 'zscore'?"),
        ("alpha=2", "it must be between 0 and 1"),
        ("alpha=much", "option 'alpha' of 'memory://' cannot be 'much'"),
        ("dedup=-1", "it must be between 0 and 1"),
        ("ttl=soon", "is no time to live"),
    ],
)
def test_option_that_cannot_be(option: str, message: str) -> None:
    """The error says what it may be."""
    with pytest.raises((ConfigError, ValueError)) as caught:
        open_store_sync(f"memory://?{option}", embedder="none")
    assert message in str(caught.value)


def test_options_are_the_stores_habits() -> None:
    """Unless a search says otherwise."""
    with open_store_sync("memory://?fusion=bm25&ttl=1h", embedder="none") as store:
        store.add([Document(text="red apples")])
        (stored,) = store.documents()
        assert stored.expires is not None
        assert stored.expires - stored.stored == pytest.approx(3600)
        assert store.search("apples")[0].meaning is None
