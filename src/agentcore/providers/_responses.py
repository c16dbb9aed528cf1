"""Responses of models by the digest of their request, in SQLite: in memory, or in a file that processes share."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from time import time
from typing import Any, Final, Protocol

import apsw

from agentcore import ModelResponse, ToolCall
from agentcore.forking import watch_forks

__all__ = ["Responses"]

logger = logging.getLogger("agentcore.cache")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS response (key BLOB PRIMARY KEY, response TEXT, expires REAL, used REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS response_used ON response (used);
CREATE INDEX IF NOT EXISTS response_expires ON response (expires);
"""
_BUSY_MILLISECONDS: Final = 100
"""An agent's loop waits that long for another process at most: a cache that is slow is worse than none."""
_VERSION: Final = 1
"""Of what a row holds; a file of another version is emptied."""


class _Database(Protocol):
    """What is used of a connection of APSW, which types its cursors by halves."""

    def execute(self, statements: str, bindings: Sequence[Any] = ()) -> Any: ...
    def pragma(self, name: str, value: Any = None) -> Any: ...
    def set_busy_timeout(self, milliseconds: int) -> None: ...
    def close(self, force: bool = False) -> None: ...
    def __enter__(self) -> Any: ...
    def __exit__(self, etype: Any, evalue: Any, etraceback: Any) -> Any: ...


class Responses:
    """A bounded store that forgets; any number of threads and processes may use it."""

    def __init__(self, path: Path | None, *, ttl: float, max_entries: int) -> None:
        """Prepare; opened on first use.

        Args:
            path: The file, made for its owner alone; None is the memory.
            ttl: Seconds for which a response is kept.
            max_entries: Of more, those that were not used for the longest are dropped.
        """
        self._path = path
        self._ttl = ttl
        self._max_entries = max_entries
        self._lock = threading.RLock()
        self._connection: _Database | None = None
        watch_forks(self)

    def get(self, key: bytes) -> ModelResponse | None:
        """Return the response that is kept under *key*; None where there is none, or it cannot be read."""
        try:
            with self._lock:
                return self._get(self._opened(), key)
        except (apsw.Error, OSError, ValueError, KeyError) as error:
            logger.warning("the cache cannot be read, and the model is asked: %s", type(error).__name__)
            return None

    def _get(self, connection: _Database, key: bytes) -> ModelResponse | None:
        now = time()
        found = connection.execute("SELECT response FROM response WHERE key = ? AND expires > ?", (key, now)).fetchone()
        if found is None:
            return None
        connection.execute("UPDATE response SET used = ? WHERE key = ?", (now, key))
        return _read(json.loads(found[0]))

    def put(self, key: bytes, response: ModelResponse) -> None:
        """Keep *response*; where that cannot be, the log says so."""
        now = time()
        try:
            row = (key, json.dumps(_written(response)), now + self._ttl, now)
            with self._lock, self._opened() as connection:
                connection.execute("INSERT OR REPLACE INTO response VALUES (?, ?, ?, ?)", row)
                connection.execute("DELETE FROM response WHERE expires <= ?", (now,))
                connection.execute(
                    "DELETE FROM response WHERE key IN (SELECT key FROM response ORDER BY used DESC LIMIT -1 OFFSET ?)",
                    (self._max_entries,),
                )
        except (apsw.Error, OSError, TypeError, ValueError) as error:
            logger.warning("a response cannot be kept in the cache: %s", type(error).__name__)

    def close(self) -> None:
        """Close the file; it is opened again when it is used again.  What is in memory stays."""
        with self._lock:
            if self._path is not None and self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> _Database:
        if self._connection is None:
            self._connection = _memory() if self._path is None else _file(self._path)
        return self._connection

    # --- around a fork ---

    def before_fork(self) -> None:
        """Keep still, and hold no lock of the file's."""
        self._lock.acquire()
        self.close()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew in the child."""
        self._lock = threading.RLock()


def _connected(place: str) -> _Database:
    return apsw.Connection(place)


def _memory() -> _Database:
    connection = _connected(":memory:")
    connection.execute(_SCHEMA)
    return connection


def _file(path: Path) -> _Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Before SQLite makes it for everybody.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = _connected(str(path))
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    # What a power cut takes is asked for again.
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    with connection:
        if connection.pragma("user_version") != _VERSION:
            connection.execute("DROP TABLE IF EXISTS response")
            connection.pragma("user_version", _VERSION)
        connection.execute(_SCHEMA)
    return connection


def _written(response: ModelResponse) -> dict[str, Any]:
    # Not what it cost: given again it costs nothing.
    return {
        "text": response.text,
        "tool_calls": [[each.id, each.name, dict(each.arguments)] for each in response.tool_calls],
        "model": response.model,
        "finish_reason": response.finish_reason,
    }


def _read(row: dict[str, Any]) -> ModelResponse:
    return ModelResponse(
        text=row["text"],
        tool_calls=tuple(ToolCall(*each) for each in row["tool_calls"]),
        model=row["model"],
        finish_reason=row["finish_reason"],
    )
