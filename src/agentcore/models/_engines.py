"""The engines of this process: each file is loaded once, however many models use it."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, NamedTuple

from agentcore.models._llama import Engine

__all__ = ["ForkedError", "GivenUpError", "Key", "Lease"]


class Key(NamedTuple):
    """What makes two models share an engine."""

    path: Path | None
    """None is the embedded model."""
    context_size: int
    threads: int | None


class _Entry:
    """An engine that is loaded or being loaded, and who uses it."""

    def __init__(self) -> None:
        self.engine: Future[Engine] = Future()
        self.users = 0
        self.waiting = 0
        """Calls that wait until it is loaded."""
        self.abandoned = Event()
        """Nobody wants it any more."""


_lock: Final = Lock()
_entries: Final[dict[Key, _Entry]] = {}
_homes: Final[set[int]] = set()
"""The process that has loaded an engine; in one that was forked off later, it is another's."""


class ForkedError(Exception):
    """This process was forked off one that had loaded an engine: llama.cpp's threads did not come along."""


class GivenUpError(Exception):
    """Nobody waited for the engine any more."""


class Lease:
    """One model's share in an engine.

    The engine is loaded when the first share is taken, and freed when the last one is given back.
    """

    def __init__(self, key: Key, load: Callable[[Event], Engine]) -> None:
        """Take a share in the engine of *key*.

        Args:
            key: Says which one.
            load: Makes the engine, on a thread of its own; it may give up by raising once the event is set.

        Raises:
            ForkedError: No engine can be loaded in this process.
        """
        self._key = key
        if _is_fork():
            raise ForkedError
        with _lock:
            entry = _entries.get(key)
            if entry is None:
                entry = _entries[key] = _Entry()
                # Not a daemon: a process must not end while llama.cpp is loading.
                Thread(target=_load, args=(key, entry, load), name="agentcore-load").start()
            entry.users += 1
        self._entry = entry

    @property
    def valid(self) -> bool:
        """Whether it can still be used: loading did not fail, and this is not a fork of the process that took it."""
        return _entries.get(self._key) is self._entry and not _is_fork()

    async def engine(self) -> Engine:
        """Wait until the engine is loaded; when the last one who waits is cancelled, loading is given up.

        Raises:
            GivenUpError: It was given up meanwhile, by another thread: take a new lease.
        """
        entry, loop, loaded = self._entry, asyncio.get_running_loop(), asyncio.Event()

        def tell(_engine: Future[Engine]) -> None:
            with suppress(RuntimeError):  # The loop was closed meanwhile.
                loop.call_soon_threadsafe(loaded.set)

        if not entry.engine.done():
            with _lock:
                if entry.abandoned.is_set():
                    raise GivenUpError
                entry.waiting += 1
            try:
                entry.engine.add_done_callback(tell)
                await loaded.wait()
            finally:
                self._waited(entry)
        return entry.engine.result()

    def _waited(self, entry: _Entry) -> None:
        with _lock:
            entry.waiting -= 1
            if entry.waiting or entry.engine.done():
                return
            self._abandon()
        _free(entry)

    def give_back(self) -> None:
        """Give the share back; once."""
        if _is_fork():
            # Freeing it would wait for threads that are not here.
            return
        entry = self._entry
        with _lock:
            entry.users -= 1
            if entry.users:
                return
            self._abandon()
        _free(entry)

    def _abandon(self) -> None:
        """Let nobody else find the engine; under the lock."""
        self._entry.abandoned.set()
        _drop(self._key, self._entry)


def _is_fork() -> bool:
    return bool(_homes) and os.getpid() not in _homes


def _drop(key: Key, entry: _Entry) -> None:
    if _entries.get(key) is entry:
        del _entries[key]


def _load(key: Key, entry: _Entry, load: Callable[[Event], Engine]) -> None:
    try:
        engine = load(entry.abandoned)
    except BaseException as error:
        # It is not kept: what stood in the way may be gone at the next attempt.
        with _lock:
            _drop(key, entry)
        entry.engine.set_exception(error)
    else:
        _homes.add(os.getpid())
        entry.engine.set_result(engine)


def _free(entry: _Entry) -> None:
    """Free the engine of *entry*, at once or when it is loaded; twice is as good as once."""
    entry.engine.add_done_callback(_close)


def _close(loaded: Future[Engine]) -> None:
    if loaded.exception() is None:
        loaded.result().close()


@atexit.register
def _free_all() -> None:
    """Free every engine while the interpreter is still whole."""
    if _is_fork():
        return
    with _lock:
        entries = list(_entries.values())
        _entries.clear()
    for entry in entries:
        _free(entry)
