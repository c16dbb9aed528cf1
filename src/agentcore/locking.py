"""A lock between processes, by a file; the system frees it when its holder dies."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from errno import EACCES, EAGAIN, EDEADLK
from pathlib import Path
from time import sleep
from typing import IO, Final

__all__ = ["locked"]

_PAUSE: Final = 0.1
"""Seconds between two attempts."""
_TAKEN: Final = frozenset({EACCES, EAGAIN, EDEADLK})
"""What the systems answer when somebody else holds the lock."""

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _free(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _free(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path, *, waiting: Callable[[], None]) -> Generator[None, None, None]:
    """Hold the lock at *path*, once everybody else has let go of it.

    Blocks.  The file stays: removing it would let two processes each lock a file of that name.
    On a file system that knows no locks nobody waits, so whatever is done under the lock must be right without it.

    Args:
        path: Made if it is not there.
        waiting: Called before each further attempt; it may raise to give up.
    """
    with path.open("ab") as file:
        while not _tried(file):
            waiting()
            sleep(_PAUSE)
        try:
            yield
        finally:
            with suppress(OSError):
                _free(file)


def _tried(file: IO[bytes]) -> bool:
    try:
        _take(file)
    except OSError as error:
        return error.errno not in _TAKEN
    return True
