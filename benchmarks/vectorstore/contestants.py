"""The stores that are measured, each used as its documentation says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Contestant:
    """One store; the first document is number 0, and number *n* lies in group ``n % 10``."""

    grouped = True
    """Whether it can search in one group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        """Store documents from number *start* on; durable on return."""
        raise NotImplementedError

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        """Return the numbers of the ten nearest."""
        raise NotImplementedError

    def hybrid(self, text: str, vector: NDArray[np.float32], group: int | None) -> list[int]:
        """Return the numbers of the ten best by words and meaning."""
        raise NotImplementedError

    def close(self) -> None:
        """Close it."""


class Ours(Contestant):
    """agentcore-vectorstore with a backend of its own choice."""

    url = "sqlite:///memory.db"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from agentcore_vectorstore import Document, open_store_sync

        self.document = Document
        self.store = open_store_sync(self.place(), embedder="given:384", folder=folder)

    def place(self) -> str:
        return self.url

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        for first in range(min(10, len(texts))):
            chosen = slice(first, None, 10)
            numbers = range(start, start + len(texts))[chosen]
            made = [
                self.document(id=str(number), text=text, metadata={"n": number})
                for number, text in zip(numbers, texts[chosen], strict=True)
            ]
            self.store.add(made, vectors=vectors[chosen], namespace=f"g{numbers[0] % 10}")

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        namespace = "" if group is None else f"g{group}"
        hits = self.store.search(vector=vector, fusion="vector", namespace=namespace)
        return [hit.document.metadata["n"] for hit in hits]

    def hybrid(self, text: str, vector: NDArray[np.float32], group: int | None) -> list[int]:
        namespace = "" if group is None else f"g{group}"
        return [hit.document.metadata["n"] for hit in self.store.search(text, vector=vector, namespace=namespace)]

    def close(self) -> None:
        self.store.close()


_POSTGRESQL: Final = {"shared_buffers": "4GB", "max_wal_size": "16GB"}
"""The index has to fit into memory; its default, 128 MB, is for a machine that has next to none.

PostgreSQL's manual advises a quarter of a server's memory; the second keeps checkpoints apart while much is loaded.
"""


class OursPostgres(Ours):
    """The same in PostgreSQL, whose server's time counts, too."""

    def place(self) -> str:
        import tempfile

        import pgserver

        folder = tempfile.mkdtemp()
        with pgserver.get_server(folder) as server:
            for name, value in _POSTGRESQL.items():
                server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
        self.server: Any = pgserver.get_server(folder, cleanup_mode="delete")
        return f"postgresql://postgres@/postgres?host={self.server.pgdata}&timeout=600"

    def close(self) -> None:
        super().close()
        self.server.cleanup()


class OursQdrant(Ours):
    """The same in embedded Qdrant."""

    url = "qdrant:///memory"


class SqliteVec(Contestant):
    """The extension sqlite-vec with a partition key, and FTS5 beside it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import apsw
        import sqlite_vec

        self.connection: Any = apsw.Connection(str(folder / "vec.db"))
        self.connection.enable_load_extension(True)
        self.connection.load_extension(sqlite_vec.loadable_path())
        self.connection.pragma("journal_mode", "WAL")
        self.connection.pragma("synchronous", "FULL")
        self.connection.execute(
            "CREATE VIRTUAL TABLE vec USING vec0(grp INTEGER PARTITION KEY, embedding float[384]);"
            "CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter')"
        )

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for number, (text, vector) in enumerate(zip(texts, vectors, strict=True), start):
            self.connection.execute(
                "INSERT INTO vec(rowid, grp, embedding) VALUES (?, ?, ?)", (number, number % 10, vector.tobytes())
            )
            self.connection.execute("INSERT INTO words(rowid, text) VALUES (?, ?)", (number, text))
        self.connection.execute("COMMIT")

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        where = "" if group is None else f"AND grp = {group}"
        rows = self.connection.execute(
            f"SELECT rowid FROM vec WHERE embedding MATCH ? AND k = 10 {where}", (vector.tobytes(),)
        )
        return [number for (number,) in rows]

    def close(self) -> None:
        self.connection.close()


class Chroma(Contestant):
    """A persistent client."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import chromadb

        self.collection = chromadb.PersistentClient(path=str(folder)).create_collection(
            "bench", configuration={"hnsw": {"space": "ip"}}, embedding_function=None
        )

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        for at in range(0, len(texts), 5000):
            numbers = range(start + at, start + min(at + 5000, len(texts)))
            self.collection.add(
                ids=[str(n) for n in numbers],
                documents=texts[at : at + 5000],
                embeddings=vectors[at : at + 5000],
                metadatas=[{"group": n % 10} for n in numbers],
            )

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        where: Any = None if group is None else {"group": group}
        found = self.collection.query(query_embeddings=[vector], n_results=10, where=where)
        return [int(each) for each in found["ids"][0]]


class LanceDB(Contestant):
    """A table with an index from 10,000 rows on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import lancedb

        self.database = lancedb.connect(str(folder))
        self.table: Any = None

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        import pyarrow as pa

        numbers = range(start, start + len(texts))
        data = pa.table(
            {
                "n": list(numbers),
                "group": [n % 10 for n in numbers],
                "text": texts,
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 384),
            }
        )
        if self.table is None:
            self.table = self.database.create_table("bench", data)
            if len(texts) >= 10_000:
                self.table.create_index(metric="dot", index_type="IVF_HNSW_SQ")
        else:
            self.table.add(data)

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        query = self.table.search(vector).metric("dot").nprobes(20).refine_factor(10).limit(10).select(["n"])
        if group is not None:
            query = query.where(f"`group` = {group}", prefilter=True)
        return [each["n"] for each in query.to_list()]


class Qdrant(Contestant):
    """Its client's local mode."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from qdrant_client import QdrantClient, models

        self.models = models
        self.client = QdrantClient(path=str(folder))
        self.client.create_collection(
            "bench", vectors_config=models.VectorParams(size=384, distance=models.Distance.DOT)
        )

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        points = [
            self.models.PointStruct(id=n, vector=vector.tolist(), payload={"text": text, "group": n % 10})
            for n, (text, vector) in enumerate(zip(texts, vectors, strict=True), start)
        ]
        self.client.upsert("bench", points)

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        chosen = None
        if group is not None:
            match = self.models.FieldCondition(key="group", match=self.models.MatchValue(value=group))
            chosen = self.models.Filter(must=[match])
        found = self.client.query_points("bench", query=vector, query_filter=chosen, limit=10)
        return [int(point.id) for point in found.points]

    def close(self) -> None:
        self.client.close()


class LangChain(Contestant):
    """The store in memory of langchain-core, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from langchain_core.embeddings import Embeddings
        from langchain_core.vectorstores import InMemoryVectorStore

        given: dict[str, list[float]] = {}

        class Given(Embeddings):
            def embed_documents(self, texts: list[str]) -> list[list[float]]:
                return [given[text] for text in texts]

            def embed_query(self, text: str) -> list[float]:
                return given[text]

        self.given = given
        self.store = InMemoryVectorStore(Given())

    def add(self, start: int, texts: list[str], vectors: Vectors) -> None:
        names = [f"{number} {text}" for number, text in enumerate(texts, start)]
        self.given.update(zip(names, vectors.tolist(), strict=True))
        numbers = range(start, start + len(texts))
        self.store.add_texts(names, metadatas=[{"n": n, "group": n % 10} for n in numbers])

    def search(self, vector: NDArray[np.float32], group: int | None) -> list[int]:
        chosen = None if group is None else lambda document: document.metadata["group"] == group
        found = self.store.similarity_search_by_vector(vector.tolist(), k=10, filter=chosen)
        return [document.metadata["n"] for document in found]


CONTESTANTS: dict[str, type[Contestant]] = {
    "agentcore sqlite": Ours,
    "agentcore pgvector": OursPostgres,
    "agentcore qdrant": OursQdrant,
    "sqlite-vec": SqliteVec,
    "Chroma": Chroma,
    "LanceDB": LanceDB,
    "Qdrant local": Qdrant,
    "LangChain": LangChain,
}
