"""A journal's file: made whole or not at all, and moved away when it is broken."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, cast

import apsw

from agentcore._config import ensure_state_dir
from agentcore._delivery.sqlite.faults import absent, broken
from agentcore._delivery.sqlite.locks import MAKING, Locks
from agentcore._delivery.sqlite.schema import PAGE_SIZE, make
from agentcore._delivery.sqlite.sql import Connection
from agentcore.errors import ConfigError, JournalError

__all__ = ["ensure_file", "is_there", "locks_of", "set_aside"]

_COMPANIONS: Final = ("", "-wal", "-shm")
"""What a database consists of, by what is added to its name."""
_PATIENCE: Final = 30.0
"""Seconds to wait for another process that is making the file, which takes milliseconds."""


def locks_of(path: Path) -> Locks:
    """Return the locks of the journal at *path*."""
    return Locks(path.with_name(path.name + ".lock"))


def ensure_file(path: Path, locks: Locks) -> None:
    """Make the journal at *path* where there is none; nobody ever sees a part of it.  Blocks.

    Raises:
        JournalError: What is there is empty, or only a part; or it cannot be made.
    """
    try:
        ensure_state_dir(path.parent)
    except ConfigError as error:
        raise JournalError(f"the journal {str(path)!r} cannot be made: {error.message}", hint=error.hint) from error
    if is_there(path):
        return
    deadline = time.monotonic() + _PATIENCE
    while not locks.take(MAKING):
        if time.monotonic() > deadline:
            raise broken(path, "another process has been making it for too long")
        time.sleep(0.001)
    try:
        if not is_there(path):
            _make(path)
    finally:
        locks.free(MAKING)


def is_there(path: Path) -> bool:
    """Whether there is a journal at *path*.

    Raises:
        JournalError: What is there is empty, or only a part.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        # A new database beside the old one's log would be overwritten with what that holds.
        if path.with_name(path.name + "-wal").exists():
            raise broken(path, "the file is gone, and only its log, '-wal', is there") from None
        return False
    if size == 0:
        raise broken(path, "the file is empty")
    return True


def _make(path: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".new", dir=path.parent)  # with mode 0600
    os.close(handle)
    try:
        _fill(name)
        os.rename(name, path)
    except BaseException:
        for companion in (*_COMPANIONS, "-journal"):
            with suppress(FileNotFoundError):
                os.remove(name + companion)
        raise
    _sync_folder(path.parent)


def _fill(name: str) -> None:
    connection = cast("Connection", apsw.Connection(name, apsw.SQLITE_OPEN_READWRITE))
    try:
        connection.pragma("synchronous", "EXTRA")
        connection.pragma("page_size", PAGE_SIZE)
        connection.pragma("auto_vacuum", "INCREMENTAL")
        connection.execute("BEGIN IMMEDIATE")
        make(connection)
        connection.execute("COMMIT")
        # The file remembers this, so that nobody has to ask for it, and to wait for others, ever again.
        connection.pragma("journal_mode", "WAL")
    finally:
        connection.close()


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # which knows no such thing
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(path: Path) -> Path:
    """Move a journal away, with its log, to a dated name beside it; the next program begins a new one.

    No program should be using it: one that does will say that its journal was moved.

    Returns:
        Where it is now.

    Raises:
        JournalError: There is none, or it cannot be moved.
    """
    aside = _free_name(path)
    moved = False
    try:
        # The log first: without it the rest is an older journal, while a log without the rest is refused.
        for companion in reversed(_COMPANIONS):
            with suppress(FileNotFoundError):
                os.rename(f"{path}{companion}", f"{aside}{companion}")
                moved = True
    except OSError as error:
        raise JournalError(
            f"the journal {str(path)!r} cannot be moved to {aside.name!r}: {error.strerror}",
            hint="make its folder writable for this user, and end the programs that use it.",
        ) from error
    if not moved:
        raise absent(path)
    return aside


def _free_name(path: Path) -> Path:
    date = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    base = path.with_name(f"{path.stem}-set-aside-{date}{path.suffix}")
    names = (base, *(base.with_stem(f"{base.stem}-{number}") for number in range(2, 1000)))
    return next(name for name in names if not any(Path(f"{name}{each}").exists() for each in _COMPANIONS))
