"""PostgreSQL with pgvector passes the contract, and says what is wrong with a server."""

import os
import random
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import numpy as np
import pytest
from attrs import evolve

from agentcore.errors import ConfigError
from agentcore_vectorstore import Document, SyncStore, open_store_sync
from agentcore_vectorstore._filters.spec import filter_of
from agentcore_vectorstore._postgres import keywords, statistics
from agentcore_vectorstore._postgres.conditions import scope_condition
from agentcore_vectorstore._spread import spread
from agentcore_vectorstore.errors import StoreAccessError, StoreError, StoreNotFoundError, StoreVersionError
from agentcore_vectorstore.protocols import Query, Scope
from agentcore_vectorstore.testing import VectorStoreContract, WordEmbedder

SERVER = os.environ.get("AGENTCORE_TEST_POSTGRES", "")
"""The connection string of a server that is there; otherwise one is started."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a database, up to the collection and with a place for options."""
    if SERVER:
        yield SERVER
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver: Any = pytest.importorskip("pgserver")
    # As root the server runs as another user, who may not look into the tests' own folders.
    folder = tempfile.mkdtemp()
    database = pgserver.get_server(folder)
    yield f"postgresql://postgres@/postgres/COLLECTION?host={folder}"
    database.cleanup()
    shutil.rmtree(folder)


@pytest.fixture
def url(server: str) -> str:
    """An empty collection of its own."""
    return server.replace("COLLECTION", f"test_{uuid.uuid4().hex}")


class TestPostgres(VectorStoreContract):
    """A server."""

    takes_nul: ClassVar[bool] = False

    @pytest.fixture
    def url(self, server: str) -> str:
        return server.replace("COLLECTION", f"test_{uuid.uuid4().hex}")


def test_vectors_beyond_the_exact_search_are_found_by_the_index(url: str) -> None:
    """Of twelve thousand documents most of the nearest are found, and in a namespace all of them."""
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((12_000, 16)).astype(np.float32)
    with open_store_sync(url, embedder="given:16") as store:
        documents = [Document(id=str(n), text=f"text {n}") for n in range(12_000)]
        store.add(documents[:11_000], vectors=vectors[:11_000])
        store.add(documents[11_000:], vectors=vectors[11_000:], namespace="few")
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        for namespace, first, needed in (("", 0, 0.9), ("few", 11_000, 1.0)):
            found = 0
            for query in unit[:20]:
                nearest = {str(first + n) for n in np.argsort(-(unit[first:] @ query))[:10]}
                hits = store.search(vector=query, fusion="vector", namespace=namespace)
                found += len(nearest & {hit.document.id for hit in hits})
            assert found / 200 >= needed


@pytest.mark.skipif(bool(SERVER), reason="it changes what the server believes, which its owner alone may")
@pytest.mark.parametrize(("documents", "reach"), [(-1, 200), (90_000, 200), (600_000, 600), (5_000_000, 1000)])
def test_larger_index_is_searched_more_widely(
    server: str, monkeypatch: pytest.MonkeyPatch, documents: int, reach: int
) -> None:
    """By what PostgreSQL believes of the size, which is nothing at first."""
    import psycopg

    monkeypatch.setattr("agentcore_vectorstore._postgres.nearest._EXACT", 0)
    schema = f"test_{uuid.uuid4().hex}"
    with open_store_sync(server.replace("COLLECTION", schema), embedder="given:2") as store:
        store.add([Document(text="x")], vectors=[[1.0, 0.0]])
        with psycopg.connect(server.replace("/COLLECTION", "")) as connection:
            believed = "UPDATE pg_class SET reltuples = %s WHERE oid = %s::regclass"
            connection.execute(believed, [documents, f"{schema}.document"])
        with store.backend.reading() as reader:
            reader.candidates(Query(text=None, vector=np.float32([1, 0]), limit=1, pool=1, scope=Scope(now=0.0)))
            shown: Any = reader
            assert shown._connection.execute("SHOW hnsw.ef_search").fetchone() == (str(reach),)


@pytest.fixture(scope="module")
def worded(server: str) -> Iterator[SyncStore]:
    """Three thousand texts whose words are as often as those of a language, in three namespaces."""
    chance, numbers = random.Random(7), np.random.default_rng(7)
    words = [f"w{n}" for n in range(400)]
    weights = [1 / (n + 1) for n in range(400)]
    schema = f"test_{uuid.uuid4().hex}"
    with open_store_sync(server.replace("COLLECTION", schema), embedder="given:8") as store:
        for place in ("", "a", "a/b"):
            texts = [" ".join(chance.choices(words, weights, k=chance.randint(3, 50))) for _ in range(1000)]
            documents = [Document(id=str(n), text=text, metadata={"n": n}) for n, text in enumerate(texts)]
            store.add(documents, vectors=numbers.standard_normal((1000, 8)).astype(np.float32), namespace=place)
        import psycopg

        with psycopg.connect(server.replace("/COLLECTION", ""), autocommit=True) as connection:
            connection.execute(f"ANALYZE {schema}.document")
        yield store


@pytest.mark.parametrize("many", [False, True], ids=["counted", "estimated"])
@pytest.mark.parametrize("seed", range(8))
def test_best_by_words_are_the_best_of_all(
    worded: SyncStore, monkeypatch: pytest.MonkeyPatch, seed: int, many: bool
) -> None:
    """Though most documents are never scored, those that are returned are the best; also by PostgreSQL's statistics."""
    monkeypatch.setattr(statistics, "_MANY", 100 if many else 10_000)
    chance = random.Random(seed)
    text = " ".join(f"w{min(399, int(chance.expovariate(0.02)))}" for _ in range(chance.choice([1, 3, 6, 12, 30])))
    namespace = chance.choice(["", "a", "a/b"])
    limit, pool = chance.choice([(1, 1), (10, 10), (10, 100), (300, 300)])
    scope = scope_condition(Scope(now=0.0, namespace=namespace, filter=filter_of(chance.choice([None, "n < 40"]))))
    with worded.backend.reading() as reader:
        connection = cast("Any", reader)._connection
        known = statistics.Statistics()
        question = keywords.keywords_of(connection, known, text)
        assert bool(known.common) == many
        assert known.documents == pytest.approx(3000, rel=0.1)
        whole = dict(question.best(connection, scope, 3000, 3000))
        also = chance.sample(sorted(whole), min(len(whole), 20))
        found = question.best(connection, scope, limit, pool, also)
    best = sorted(whole, key=lambda key: (-whole[key], -key))[:limit]
    assert set(best) | set(also) <= found.keys()
    assert len(found) >= min(pool, len(whole))
    assert all(score == pytest.approx(whole[key], rel=1e-9) for key, score in found.items())


@pytest.mark.parametrize("seed", range(20))
def test_condition_on_words_is_one_that_can_be_read(seed: int) -> None:
    """However the weights are rounded when they are added up."""
    chance = random.Random(seed)
    weights = sorted((chance.choice([0.1, 0.7, chance.random()]) for _ in range(chance.randint(1, 12))), reverse=True)
    stems, counts = [f"w{n}" for n in range(len(weights))], [1] * len(weights)
    question = keywords.Keywords(stems=stems, weights=weights, counts=counts, documents=100, average=1.0)
    for size in range(1, len(weights) + 1):
        condition, _ = question._worth(sum(chance.sample(weights, size)))
        assert "()" not in condition


@pytest.mark.skipif(bool(SERVER), reason="it changes what the server believes, which its owner alone may")
def test_documents_that_came_since_postgresql_looked_count(url: str) -> None:
    """A third was there then; the table has three times as many pages now."""
    with open_store_sync(url, embedder="none") as store:
        store.add(Document(id=str(n), text=f"some words and number{n}") for n in range(3000))
        with store.backend._transaction() as connection:  # type: ignore[attr-defined]
            connection.execute("ANALYZE document")
            third = "UPDATE pg_class SET reltuples = reltuples / 3, relpages = relpages / 3 WHERE oid = %s::regclass"
            connection.execute(third, ["document"])
            assert statistics.believed_documents(connection) == pytest.approx(3000, rel=0.1)


@pytest.mark.parametrize("few", [10_000, 0], ids=["compared", "sampled"])
def test_spreads_are_those_of_all_documents(worded: SyncStore, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Of the cosines exactly where all are compared, otherwise and by words near enough."""
    monkeypatch.setattr("agentcore_vectorstore._postgres.nearest._EXACT", few)
    numbers = np.random.default_rng(5)
    with worded.backend.reading() as reader:
        rows = reader.page(Scope(now=0.0), after=None, limit=3000, vectors=True)
        stored = np.stack([each.vector for _, each in rows if each.vector is not None])
        for _ in range(5):
            vector = numbers.standard_normal(8).astype(np.float32)
            vector /= np.linalg.norm(vector)
            query = Query(text="w3 w40 w41", vector=vector, limit=10, pool=100, scope=Scope(now=0.0))
            found = reader.candidates(query)
            whole = reader.candidates(evolve(query, vector=None, limit=3000, pool=3000))
            assert whole.words is not None
            tolerance = 1e-3 if few else 0.1
            assert found.spread_of_meaning == pytest.approx(float((stored @ vector).std()), rel=tolerance)
            assert found.spread_of_words == pytest.approx(spread(whole.words, 3000), rel=0.25)
            assert reader.candidates(query).spread_of_meaning == found.spread_of_meaning
            if not few:
                # Where nothing is weighed nothing is looked at for it.
                assert reader.candidates(evolve(query, text=None)).spread_of_meaning is None
                with monkeypatch.context() as patch:
                    patch.setattr("agentcore_vectorstore._postgres.nearest._sampled_spread", None)
                    reader.candidates(evolve(query, text=None))


def test_store_without_embedder_needs_no_pgvector(url: str) -> None:
    """Words are found; vectors are made up for when an embedder comes."""
    with open_store_sync(url, embedder="none") as store:
        store.add([Document(id="a", text="red apples"), Document(id="b", text="green pears")])
        assert [hit.document.id for hit in store.search("an apple")] == ["a"]
    with open_store_sync(url, embedder=WordEmbedder()) as store:
        assert [hit.document.id for hit in store.search("red apples", fusion="vector", limit=1)] == ["a"]
        assert len(store.search("red apples", fusion="vector")) == 2


def test_collection_that_is_not_there(url: str) -> None:
    """It is not made by looking."""
    for _ in range(2):
        with pytest.raises(StoreNotFoundError, match="does not exist"):
            open_store_sync(url, embedder="none", create=False)


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("postgresql://localhost:1/db", StoreAccessError, "postgresql://localhost:1/db cannot be reached"),
        ("postgresql://me:s3cr3t@localhost:1/db", StoreAccessError, "see that the server runs"),
        ("postgresql://localhost", ConfigError, "does not name a database"),
        ("postgresql://localhost/a/b/c", ConfigError, "at most a collection"),
        ("postgresql://localhost/a?pol=3", ConfigError, "did you mean 'pool'?"),
        ("postgresql://localhost/a?pool=0", ConfigError, "it must be between 1 and 1000"),
        ("postgresql://localhost/a?timeout=0", ConfigError, "it must be between 0 and 3600"),
        ("postgresql://localhost/a?password=hunter2", ConfigError, "option 'password'"),
        ("postgresql://localhost/a?password=env:NO_SUCH_VARIABLE", ConfigError, "NO_SUCH_VARIABLE"),
    ],
)
def test_server_that_cannot_be_used(url: str, error: type[Exception], message: str) -> None:
    """The error says what is wrong, and no password."""
    with pytest.raises(error) as caught:
        open_store_sync(url, embedder="none")
    assert message in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_database_that_does_not_exist(server: str) -> None:
    """The server's own words are in the error."""
    with pytest.raises(StoreError, match="nowhere"):
        open_store_sync(server.replace("/postgres/COLLECTION", "/nowhere"), embedder="none")


def test_server_without_pgvector(url: str) -> None:
    """The error says what is missing."""
    psycopg: Any = pytest.importorskip("psycopg")
    with open_store_sync(url, embedder="none") as store, pytest.raises(StoreError, match="has no pgvector") as caught:
        from agentcore_vectorstore._postgres.faults import translated

        with translated(store.location):
            raise psycopg.errors.UndefinedFile('could not open extension control file "vector.control"')
    assert "embedder='none'" in caught.value.hint


def test_newer_tables_are_left_alone(url: str) -> None:
    """The error names both versions and how to upgrade."""
    with open_store_sync(url, embedder="none") as store:
        with store.backend.reading() as reader:
            assert reader.count(Scope(now=0.0)) == 0
        with store.backend._transaction() as connection:  # type: ignore[attr-defined]
            connection.execute("UPDATE state SET version = 99")
    with pytest.raises(StoreVersionError, match="tables have version 99"):
        open_store_sync(url, embedder="none")
