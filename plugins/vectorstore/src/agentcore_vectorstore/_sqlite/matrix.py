"""Every vector in memory: exact search is one product of a matrix and a vector."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agentcore_vectorstore._sqlite.sql import Connection
    from agentcore_vectorstore.protocols import Vector

__all__ = ["Matrix", "stored_vector"]

_BLOCK: Final = 4096
"""Rows that are read or moved at once."""

_STORED: Final = np.dtype("<f4")
"""Vectors in the file are float32, little-endian, on every machine."""


def stored_vector(vector: Vector) -> bytes:
    """Return what the file keeps of *vector*."""
    return vector.astype(_STORED).tobytes()


class Matrix:
    """The vectors of all documents, one row each, by growing key.

    It is read once and then follows the database: what was added, by this process or another, is read behind the
    largest key it knows, and what was removed is dropped.  Not to be used by two threads at once.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.int64)
        self._rows = np.empty((0, 0), dtype=np.float32)
        self._size = 0
        self._removals = 0

    @property
    def keys(self) -> NDArray[np.int64]:
        """The key of each row."""
        return self._keys[: self._size]

    def cosines(self, vector: Vector) -> NDArray[np.float32]:
        """Return the cosine of *vector* with each row."""
        if not self._size:
            return np.empty(0, dtype=np.float32)
        # One thread reads the rows as fast as memory gives them.  The product by ``@`` starts those of the BLAS, which
        # then spin: up to ten times the CPU time, for nothing.
        result: NDArray[np.float32] = np.vecdot(self._rows[: self._size], vector)
        return result

    def refresh(self, connection: Connection) -> None:
        """Follow the database, as the transaction under way sees it."""
        removals = connection.execute("SELECT removals FROM state").get
        if removals != self._removals:
            self._drop_missing(connection)
            self._removals = removals
        last = int(self._keys[self._size - 1]) if self._size else 0
        rows = connection.execute("SELECT key, value FROM vector WHERE key > ? ORDER BY key", (last,))
        for block in _blocks(iter(rows)):
            self._append(block)

    def _drop_missing(self, connection: Connection) -> None:
        # The index of ids holds every key as well, and is a fraction of the table.
        alive = np.fromiter((key for (key,) in connection.execute("SELECT key FROM document")), dtype=np.int64)
        there = np.isin(self.keys, alive, assume_unique=True)
        kept = np.flatnonzero(there)
        # Nothing before the first gap moves, and the rest in blocks: memory for one block, not for all.
        for start in range(int(np.argmin(there)) if kept.size < there.size else kept.size, kept.size, _BLOCK):
            block = kept[start : start + _BLOCK]
            self._keys[start : start + block.size] = self._keys[block]
            self._rows[start : start + block.size] = self._rows[block]
        self._size = kept.size

    def _append(self, block: list[tuple[int, bytes]]) -> None:
        rows = np.frombuffer(b"".join(value for _, value in block), dtype=_STORED).reshape(len(block), -1)
        end = self._size + len(block)
        if end > len(self._keys):
            self._grow(max(end, len(self._keys) * 3 // 2), rows.shape[1])
        self._keys[self._size : end] = [key for key, _ in block]
        self._rows[self._size : end] = rows
        self._size = end

    def _grow(self, capacity: int, dimension: int) -> None:
        keys = np.empty(capacity, dtype=np.int64)
        rows = np.empty((capacity, dimension), dtype=np.float32)
        if self._size:
            keys[: self._size] = self.keys
            rows[: self._size] = self._rows[: self._size]
        self._keys, self._rows = keys, rows


def _blocks(rows: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    while block := list(islice(rows, _BLOCK)):
        yield block
