"""Every vector in memory, a byte for each number: exact search in two passes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import field, frozen

from agentcore_vectorstore._spread import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agentcore_vectorstore._sqlite.sql import Connection
    from agentcore_vectorstore.protocols import Vector

__all__ = ["Matrix", "Nearest", "stored_vector", "vectors_of"]

# The library brings no types.
_simsimd: Any = import_module("simsimd")

_BLOCK: Final = 4096
"""Rows that are read or moved at once."""

_STORED: Final = np.dtype("<f4")
"""Vectors in the file are float32, little-endian, on every machine."""

_SPARSE: Final = 0.4
"""The share of all rows up to which picking them out costs less than computing all."""

_REMEMBERED: Final = 64
"""Namespaces whose rows are remembered until something is written."""

_DEVIATIONS: Final = 6
"""How far beyond the last candidate the first pass looks, in deviations of its error: it misses one in 10^9."""


def stored_vector(vector: Vector) -> bytes:
    """Return what the file keeps of *vector*."""
    return vector.astype(_STORED, copy=False).tobytes()


def vectors_of(connection: Connection, keys: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the vectors of *keys*, which grow, from the file; all of them are there."""
    rows = connection.execute(
        "SELECT value FROM vector WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
        (json.dumps(keys.tolist()),),
    )
    return np.frombuffer(b"".join(value for (value,) in rows), dtype=_STORED).reshape(keys.size, -1)


@frozen(eq=False)
class Nearest:
    """The largest cosines with a vector."""

    keys: NDArray[np.int64] = field(factory=lambda: np.empty(0, dtype=np.int64))
    """Growing."""
    cosines: NDArray[np.float64] = field(factory=lambda: np.empty(0, dtype=np.float64))
    """Of each."""
    spread: float | None = None
    """The standard deviation of all cosines that were compared; None where there were none, or it was not asked for."""


class Matrix:
    """The vectors of all documents, one row each, by growing key.

    Each number is rounded to one of 255 steps of its row.  How far that may move a cosine is known, so that a first
    pass over the bytes leaves out only what cannot be among the best; the rest is computed anew from the file.

    It is read once and then follows the database: what was added, by this process or another, is read behind the
    largest key it knows, and what was removed is dropped.  Not to be used by two threads at once.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.int64)
        self._namespaces = np.empty(0, dtype=np.int32)
        self._expires = np.empty(0, dtype=np.float64)
        self._codes = np.empty((0, 0), dtype=np.int8)
        self._steps = np.empty(0, dtype=np.float32)
        self._size = 0
        self._removed = 0
        self._slack = 0.0
        self._has_expiring = False
        self._rows_of: dict[tuple[int, ...], NDArray[np.intp]] = {}

    def nearest(
        self, connection: Connection, vector: Vector, pool: int, rows: NDArray[np.intp] | None, *, weighed: bool
    ) -> Nearest:
        """Return the *pool* largest cosines with *vector*.

        Args:
            connection: Where :meth:`refresh` was called, in the same transaction.
            vector: The question's.
            pool: How many; more where the last ones are equal.
            rows: Take these alone, as of :meth:`rows`; None takes all.
            weighed: Whether they are weighed against words, for which their spread is needed.
        """
        size = self._size if rows is None else rows.size
        if not size:
            return Nearest()
        estimates, slack = self._estimates(vector, rows)
        if size > pool:
            edge = np.partition(estimates, size - pool)[size - pool]
            near = np.flatnonzero(estimates >= edge - 2 * slack)
        else:
            near = np.arange(size)
        keys = self._keys[near if rows is None else rows[near]]
        cosines = np.vecdot(vectors_of(connection, keys), vector).astype(np.float64)
        if cosines.size > pool:
            best = np.flatnonzero(cosines >= np.partition(cosines, cosines.size - pool)[cosines.size - pool])
            keys, cosines = keys[best], cosines[best]
        return Nearest(keys, cosines, spread(estimates, size) if weighed else None)

    def rows(self, namespaces: list[int] | None, keys: NDArray[np.int64] | None, now: float) -> NDArray[np.intp] | None:
        """Return the rows that a search may find; None for all.

        Args:
            namespaces: The numbers of those that count; None for all.
            keys: Those that count; None for all.
            now: What expires then or before does not count.
        """
        if keys is None and not self._has_expiring:
            if namespaces is None:
                return None
            name = tuple(namespaces)
            if name not in self._rows_of:
                if len(self._rows_of) >= _REMEMBERED:
                    self._rows_of = {}
                self._rows_of[name] = np.flatnonzero(self._in_namespaces(namespaces))
            return self._rows_of[name]
        chosen: NDArray[np.bool_] | None = None
        if namespaces is not None:
            chosen = self._in_namespaces(namespaces)
        if keys is not None:
            listed = np.isin(self._keys[: self._size], keys, assume_unique=True)
            chosen = listed if chosen is None else chosen & listed
        if self._has_expiring:
            alive = self._expires[: self._size] > now
            chosen = alive if chosen is None else chosen & alive
        return None if chosen is None else np.flatnonzero(chosen)

    def _in_namespaces(self, numbers: list[int]) -> NDArray[np.bool_]:
        known = np.zeros(max(int(self._namespaces[: self._size].max(initial=0)), *numbers, 0) + 1, dtype=bool)
        known[numbers] = True
        return known[self._namespaces[: self._size]]

    def holding(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of *keys* has a row."""
        if not self._size:
            return np.zeros(keys.size, dtype=bool)
        at = np.minimum(np.searchsorted(self._keys[: self._size], keys), self._size - 1)
        there: NDArray[np.bool_] = self._keys[at] == keys
        return there

    def refresh(self, connection: Connection) -> None:
        """Follow the database, as the transaction under way sees it."""
        self._drop_removed(connection)
        last = int(self._keys[self._size - 1]) if self._size else 0
        rows = connection.execute(
            "SELECT key, namespace, coalesce(expires, 9e999), value FROM vector WHERE key > ? ORDER BY key", (last,)
        )
        for block in _blocks(iter(rows)):
            self._append(block)

    def _estimates(self, vector: Vector, rows: NDArray[np.intp] | None) -> tuple[NDArray[np.float64], float]:
        """The cosine of each row to within a slack, and the slack."""
        codes, step, rounding = _rounded(vector[np.newaxis])
        question = codes[0]
        count = self._size
        if rows is not None and rows.size <= count * _SPARSE:
            dots = _dots(question, self._picked(rows))
            dots *= self._steps[rows]
        else:
            dots = _dots(question, self._codes[:count])
            dots *= self._steps[:count]
            if rows is not None:
                dots = dots[rows]
        dots *= float(step[0])
        # At most what rounding took of either times the length of the other, 1, by Cauchy and Schwarz.  It takes from
        # each number up or down, so that most of it cancels out: one deviation is that over the root of their count.
        off = self._slack + (1 + self._slack) * float(rounding[0])
        return dots, off * min(1.0, _DEVIATIONS / math.sqrt(vector.size)) + 1e-6

    def _picked(self, rows: NDArray[np.intp]) -> NDArray[np.int8]:
        first, last = int(rows[0]), int(rows[-1])
        if last - first + 1 == rows.size:
            return self._codes[first : last + 1]
        # As one opaque value each, rows are copied at twice the speed.
        dimension = self._codes.shape[1]
        return self._codes.view(f"V{dimension}")[rows].view(np.int8).reshape(rows.size, dimension)

    def _drop_removed(self, connection: Connection) -> None:
        first, last = connection.execute("SELECT min(number), max(number) FROM removed").fetchone()
        if last is None or last == self._removed:
            return
        if self._size:
            if first > self._removed + 1:
                gone = self._missing(connection)
            else:
                rows = connection.execute("SELECT key FROM removed WHERE number > ?", (self._removed,))
                gone = np.isin(self._keys[: self._size], np.fromiter((key for (key,) in rows), dtype=np.int64))
            self._drop(gone)
        self._removed = last

    def _missing(self, connection: Connection) -> NDArray[np.bool_]:
        """Which rows are gone: the list of them has been cut since."""
        alive = np.fromiter((key for (key,) in connection.execute("SELECT key FROM vector")), dtype=np.int64)
        return np.isin(self._keys[: self._size], alive, assume_unique=True, invert=True)

    def _drop(self, gone: NDArray[np.bool_]) -> None:
        kept = np.flatnonzero(~gone)
        # Nothing before the first gap moves, and the rest in blocks: memory for one block, not for all.
        for start in range(int(np.argmax(gone)) if gone.any() else kept.size, kept.size, _BLOCK):
            block = kept[start : start + _BLOCK]
            for column in (self._keys, self._namespaces, self._expires, self._codes, self._steps):
                column[start : start + block.size] = column[block]
        self._size = kept.size
        self._rows_of = {}

    def _append(self, block: list[tuple[int, int, float, bytes]]) -> None:
        keys, namespaces, expires, values = zip(*block, strict=True)
        vectors = np.frombuffer(b"".join(values), dtype=_STORED).reshape(len(block), -1)
        end = self._size + len(block)
        if end > len(self._keys):
            self._grow(max(end, len(self._keys) * 3 // 2), vectors.shape[1])
        rows = slice(self._size, end)
        self._keys[rows], self._namespaces[rows], self._expires[rows] = keys, namespaces, expires
        self._codes[rows], self._steps[rows], rounding = _rounded(vectors)
        self._slack = max(self._slack, float(rounding.max()))
        self._has_expiring = self._has_expiring or bool(np.isfinite(self._expires[rows]).any())
        self._size = end
        self._rows_of = {}

    def _grow(self, capacity: int, dimension: int) -> None:
        if self._codes.shape[1] != dimension:
            # Only where it is empty: after another embedder's vectors were dropped.
            self._codes = np.empty((0, dimension), dtype=np.int8)
        for name in ("_keys", "_namespaces", "_expires", "_codes", "_steps"):
            old = getattr(self, name)
            new = np.empty((capacity, *old.shape[1:]), dtype=old.dtype)
            if self._size:
                new[: self._size] = old[: self._size]
            setattr(self, name, new)


def _rounded(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.float32]]:
    """Return each row in steps, the length of its step, and how long the part is that rounding took."""
    steps = np.maximum(np.abs(vectors).max(axis=1), np.float32(1e-30)) / np.float32(127)
    codes = np.rint(vectors / steps[:, np.newaxis])
    rest = vectors - codes * steps[:, np.newaxis]
    return codes.astype(np.int8), steps, np.sqrt(np.vecdot(rest, rest))


def _dots(question: NDArray[np.int8], codes: NDArray[np.int8]) -> NDArray[np.float64]:
    # In whole numbers, and on one thread: it reads as fast as memory gives.
    dots: NDArray[np.float64] = np.asarray(_simsimd.cdist(question[np.newaxis], codes, "dot"), dtype=np.float64)[0]
    return dots


def _blocks(rows: Iterator[tuple[int, int, float, bytes]]) -> Iterator[list[tuple[int, int, float, bytes]]]:
    while block := list(islice(rows, _BLOCK)):
        yield block
