"""Words and meaning are weighed by how far the best stand out from all documents."""

import random
from typing import Any

import numpy as np
import pytest

from agentcore_vectorstore import Document, SyncStore, open_store_sync
from agentcore_vectorstore._fusion import fused
from agentcore_vectorstore._spread import expected_spread, spread
from agentcore_vectorstore.protocols import Candidates, Query, Scope

DOCUMENTS = 600
RARER = 50


def _fill(store: SyncStore, words: int = 8) -> None:
    """Texts of a hundred common words, two of fifty that are less common, and vectors that say nothing of them."""
    chance, numbers = random.Random(3), np.random.default_rng(3)
    common, rarer = [f"common{n}" for n in range(100)], [f"rarer{n}" for n in range(RARER)]
    texts = [" ".join([*chance.sample(rarer, 2), *chance.choices(common, k=words)]) for _ in range(DOCUMENTS)]
    vectors = numbers.standard_normal((DOCUMENTS, 64)).astype(np.float32)
    store.add([Document(id=str(n), text=text) for n, text in enumerate(texts)], vectors=vectors)


def test_meaning_that_says_nothing_does_not_outweigh_words() -> None:
    """Of the documents with both words of a question one is first, whatever their vectors are like."""
    numbers = np.random.default_rng(4)
    right, asked = 0, 0
    with open_store_sync("memory://", embedder="given:64") as store:
        _fill(store)
        texts = {each.document.id: set(each.document.text.split()) for each in store.documents()}
        for _ in range(300):
            pair = {f"rarer{n}" for n in numbers.choice(RARER, 2, replace=False)}
            having = {id for id, words in texts.items() if pair <= words}
            if having:
                best = store.search(" ".join(pair), vector=numbers.standard_normal(64), limit=1)[0]
                right += best.document.id in having
                asked += 1
    assert asked > 50
    assert right / asked > 0.9


def test_words_that_say_nothing_do_not_outweigh_meaning() -> None:
    """What every second text has is no reason to be found."""
    with open_store_sync("memory://", embedder="given:64") as store:
        vectors = np.eye(64, dtype=np.float32)
        store.add(
            [Document(id=str(n), text="often " * (n % 2) + f"text{n}") for n in range(64)],
            vectors=vectors,
        )
        for number in range(0, 64, 2):
            assert store.search("often", vector=vectors[number], limit=1)[0].document.id == str(number)


@pytest.mark.parametrize("words", [3, 30])
def test_spreads_are_those_of_all_documents(words: int) -> None:
    """Of the cosines exactly, but for the rounding of the first pass; of the scores by words near enough."""
    numbers = np.random.default_rng(5)
    with open_store_sync("memory://", embedder="given:64") as store:
        _fill(store, words)
        stored = np.stack([each.vector for _, each in _all(store)])
        for _ in range(10):
            vector = numbers.standard_normal(64).astype(np.float32)
            vector /= np.linalg.norm(vector)
            text = "common1 common2 rarer3"
            found = _candidates(store, Query(text=text, vector=vector, limit=10, pool=100, scope=Scope(now=0.0)))
            whole = _candidates(store, Query(text=text, vector=None, limit=600, pool=600, scope=Scope(now=0.0)))
            assert whole.words is not None
            assert found.spread_of_meaning == pytest.approx(float((stored @ vector).std()), rel=0.01)
            assert found.spread_of_words == pytest.approx(spread(whole.words, DOCUMENTS), rel=0.2)


def test_spread_of_few_documents_is_that_of_their_scores() -> None:
    """Where all are candidates nothing is guessed."""
    scores = np.array([9.0, 1.0, 0.5])
    assert expected_spread(scores, [(0.1, 3)], 3) == spread(scores, 3) == np.append(scores, 0.0).std()


def test_spread_of_a_word_that_all_have() -> None:
    """It is no number below zero, also where counts are older than the number of documents."""
    assert expected_spread(np.zeros(0), [(1.0, 12), (1e-6, 10)], 10) >= 0


def test_backend_that_does_not_know_the_spreads() -> None:
    """Then the candidates tell them."""
    meaning, words = np.array([0.9, 0.1, 0.0]), np.array([0.0, 5.0, 5.0])
    without = fused(Candidates(keys=["a", "b", "c"], meaning=meaning, words=words), "zscore", 0.5)
    given = Candidates(
        keys=["a", "b", "c"],
        meaning=meaning,
        words=words,
        spread_of_meaning=spread(meaning, 3),
        spread_of_words=spread(words, 3),
    )
    assert without.tolist() == fused(given, "zscore", 0.5).tolist()


def _candidates(store: SyncStore, query: Query) -> Candidates:
    with store.backend.reading() as reader:
        return reader.candidates(query)


def _all(store: SyncStore) -> Any:
    with store.backend.reading() as reader:
        return reader.page(Scope(now=0.0), after=None, limit=DOCUMENTS, vectors=True)
