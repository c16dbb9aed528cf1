"""Who owns a lane, among all processes: a byte of a file beside the journal, locked by the system.

The system frees it when the owner dies, however it dies.  These are record locks (``fcntl``), not ``flock``: a forked
child does not inherit them, so that neither a child that outlives its parent keeps a lane, nor one that ends frees it.
The ``filelock`` library locks whole files by ``flock``: that is a file for each lane, and a lock that stays taken as
long as any child lives that was forked behind Python's back.
The price of record locks is that they belong to the process: closing any descriptor of the file frees them all.
So there is one descriptor for each file in the process, and who of the process holds what is noted beside it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from errno import EACCES, EAGAIN, EDEADLK
from pathlib import Path
from typing import Final, TypeAlias

from agentcore.forking import watch_forks

__all__ = ["MAKING", "Locks"]

MAKING: Final = 0
"""The lock of who makes the journal; lanes are numbered from 1."""

_TAKEN: Final = frozenset({EACCES, EAGAIN, EDEADLK})
"""What the systems answer when somebody else holds the lock."""
_PATIENCE: Final = 50
"""Milliseconds to wait for one who only looks."""

_Identity: TypeAlias = tuple[int, int]

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, byte: int, *, shared: bool = False) -> None:
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int, byte: int) -> None:
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, byte: int, *, shared: bool = False) -> None:
        fcntl.lockf(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB, 1, byte)

    def _unlock(descriptor: int, byte: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, byte)


def _tried(descriptor: int, byte: int, *, shared: bool = False) -> bool:
    try:
        _lock(descriptor, byte, shared=shared)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        return False
    return True


class _File:
    """The one descriptor that this process has of a lock file."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.holders: dict[int, Locks] = {}
        self.users: set[Locks] = set()


class _Files:
    """The lock files of this process."""

    def __init__(self) -> None:
        self.guard = threading.RLock()
        self.by_identity: dict[_Identity, _File] = {}

    def before_fork(self) -> None:
        self.guard.acquire()

    def after_fork(self) -> None:
        self.guard.release()

    def after_fork_in_child(self) -> None:
        # Closing frees the locks of this process alone, which has none.
        for file in self.by_identity.values():
            os.close(file.descriptor)
        self.by_identity.clear()
        self.guard = threading.RLock()


_files: Final = _Files()
watch_forks(_files)


class Locks:
    """The locks of one user of one file.  May be used from any thread.

    A number has two bytes: the first decides, and is never touched by those who only look at the second.

    Args:
        path: Made when the first lock is taken, and never deleted: two processes could each lock a file of that name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, number: int) -> bool:
        """Try to take a lock; True where it is held here already.

        Raises:
            OSError: The file cannot be made, or its file system knows no locks.
        """
        with _files.guard:
            file = self._file()
            holder = file.holders.get(number)
            if holder is None and _tried(file.descriptor, 2 * number):
                self._mark(file.descriptor, 2 * number + 1)
                file.holders[number] = holder = self
            return holder is self

    def has(self, number: int) -> bool:
        """Whether a lock is held here."""
        with _files.guard:
            return any(file.holders.get(number) is self for file in _files.by_identity.values())

    def free(self, number: int) -> None:
        """Let go of a lock; nothing where it is not held here."""
        with _files.guard:
            for file in list(_files.by_identity.values()):
                if file.holders.get(number) is self:
                    del file.holders[number]
                    _unlock(file.descriptor, 2 * number + 1)
                    _unlock(file.descriptor, 2 * number)

    def is_taken(self, number: int) -> bool:
        """Whether anybody holds a lock."""
        with _files.guard:
            file = self._file()
            if number in file.holders:
                return True
            if not _tried(file.descriptor, 2 * number + 1, shared=True):
                return True
            _unlock(file.descriptor, 2 * number + 1)
            return False

    def close(self) -> None:
        """Let go of everything."""
        with _files.guard:
            for identity, file in list(_files.by_identity.items()):
                if self in file.users:
                    for number in [number for number, holder in file.holders.items() if holder is self]:
                        self.free(number)
                    file.users.discard(self)
                if not file.users:
                    del _files.by_identity[identity]
                    os.close(file.descriptor)

    def _file(self) -> _File:
        # Where somebody deleted the file, the one that is now at its place is what others lock.
        with suppress(FileNotFoundError):
            file = _files.by_identity.get(_identity(os.stat(self._path)))
            if file is not None:
                file.users.add(self)
                return file
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        file = _File(descriptor)
        file.users.add(self)
        _files.by_identity[_identity(os.fstat(descriptor))] = file
        return file

    def _mark(self, descriptor: int, byte: int) -> None:
        for _ in range(_PATIENCE):
            if _tried(descriptor, byte):
                return
            time.sleep(0.001)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino
