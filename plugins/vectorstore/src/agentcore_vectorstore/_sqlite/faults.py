"""From the database's errors to the store's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import apsw

from agentcore_vectorstore.errors import (
    DocumentError,
    StoreAccessError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreReadOnlyError,
)

__all__ = ["translated"]

_FAULTS: Final[list[tuple[tuple[type[apsw.Error], ...], type[StoreError], str, str]]] = [
    (
        (apsw.NotADBError, apsw.CorruptError, apsw.FormatError),
        StoreCorruptError,
        "is damaged, or no SQLite database",
        "restore it from a backup, or move it away to begin a new one; whatever can still be read is read by "
        "`sqlite3 FILE .recover`.",
    ),
    (
        (apsw.BusyError, apsw.LockedError),
        StoreLockedError,
        "is locked by another process",
        "end that process, or wait longer with '?timeout=SECONDS' in the connection string.",
    ),
    (
        (apsw.ReadOnlyError, apsw.PermissionsError),
        StoreReadOnlyError,
        "cannot be written to",
        "make the file and its folder writable for this user.",
    ),
    (
        (apsw.FullError,),
        StoreAccessError,
        "cannot grow: the disk is full",
        "free some space; what was stored before is still there.",
    ),
    (
        (apsw.CantOpenError,),
        StoreAccessError,
        "cannot be opened",
        "see that its folder is there and that this user may write to it.",
    ),
    ((apsw.IOError,), StoreAccessError, "cannot be read or written", "see whether the disk is well."),
    ((apsw.TooBigError,), DocumentError, "cannot take a text this large", "store at most 1 GB at once."),
]


@contextmanager
def translated(location: str) -> Generator[None]:
    """Raise the store's errors, with *location* in them, where the body raises the database's."""
    try:
        yield
    except apsw.Error as error:
        for kinds, fault, what, hint in _FAULTS:
            if isinstance(error, kinds):
                raise fault(f"{location} {what} ({error})", hint=hint) from error
        raise StoreError(f"{location} failed: {type(error).__name__}: {error}") from error
