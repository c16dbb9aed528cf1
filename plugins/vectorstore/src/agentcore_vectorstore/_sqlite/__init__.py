"""The embedded backend: one SQLite file with texts, metadata, keywords and vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agentcore.errors import ConfigError
from agentcore_vectorstore._sqlite.backend import SQLiteBackend
from agentcore_vectorstore._sqlite.database import DEFAULT_TIMEOUT, Database

if TYPE_CHECKING:
    from agentcore_vectorstore._url import StoreURL

__all__ = ["open_memory", "open_sqlite"]


def open_sqlite(url: StoreURL, *, folder: Callable[[], Path], create: bool) -> SQLiteBackend:
    """Open a file: ``sqlite:///relative.db``, ``sqlite:////absolute.db``; option ``timeout`` in seconds."""
    if url.host or url.user or url.port:
        raise ConfigError(
            f"{str(url)!r} names a host, and a SQLite file has none",
            hint=f"write three slashes: 'sqlite:///{url.host or ''}{url.path}'.",
        )
    name = url.path.removeprefix("/")
    if not name or name.endswith("/"):
        raise ConfigError(f"{str(url)!r} names no file", hint="write 'sqlite:///memory.db'.")
    url.check_options({"timeout"})
    timeout = url.option("timeout", _seconds, DEFAULT_TIMEOUT)
    return SQLiteBackend(Database(url.place(folder), timeout=timeout, create=create))


def open_memory(url: StoreURL, *, folder: Callable[[], Path], create: bool) -> SQLiteBackend:
    """Open a store of its own that is gone when it is closed: ``memory://``."""
    if url.host or url.user or url.port or url.path.strip("/"):
        raise ConfigError(f"{str(url)!r} names a place, and 'memory://' has none")
    url.check_options(())
    return SQLiteBackend(Database(None))


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:
        raise ValueError("it must be between 0 and 3600 seconds")
    return seconds
