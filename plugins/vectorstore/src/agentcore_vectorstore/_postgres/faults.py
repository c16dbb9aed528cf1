"""From the server's errors to the store's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import psycopg
import psycopg_pool
from psycopg import errors

from agentcore_vectorstore.errors import (
    DocumentError,
    StoreAccessError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreReadOnlyError,
)

__all__ = ["translated"]

_Fault = tuple[tuple[type[psycopg.Error], ...], type[StoreError], str, str]

_FAULTS: Final[list[_Fault]] = [
    (
        (errors.UndefinedFile, errors.FeatureNotSupported, errors.UndefinedObject),
        StoreError,
        "has no pgvector",
        "install the extension 'vector' on the server, or open the store with embedder='none' for words only.",
    ),
    (
        (errors.InvalidPassword, errors.InvalidAuthorizationSpecification),
        StoreAccessError,
        "refused the login",
        "see user and password; refer to a password as '?password=env:NAME'.",
    ),
    (
        (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction),
        StoreReadOnlyError,
        "cannot be written to",
        "let the user create a schema in the database, or name a user who may.",
    ),
    (
        (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, psycopg_pool.PoolTimeout),
        StoreLockedError,
        "did not answer in time",
        "see what holds the server up, or wait longer with '?timeout=SECONDS'.",
    ),
    ((errors.DiskFull,), StoreAccessError, "cannot grow: the disk is full", "free some space on the server."),
    ((errors.DataCorrupted, errors.IndexCorrupted), StoreCorruptError, "is damaged", "restore it from a backup."),
    (
        (errors.UntranslatableCharacter, psycopg.DataError),
        DocumentError,
        "cannot take a document",
        "PostgreSQL takes no NUL characters and texts of up to 1 GB.",
    ),
    (
        (psycopg.OperationalError, psycopg.InterfaceError),
        StoreAccessError,
        "cannot be reached",
        "see that the server runs, and where.",
    ),
]


@contextmanager
def translated(location: str) -> Generator[None]:
    """Raise the store's errors, with *location* in them, where the body raises the driver's."""
    try:
        yield
    except psycopg.Error as error:
        reason = str(error).partition("\n")[0]
        for kinds, fault, what, hint in _FAULTS:
            if isinstance(error, kinds):
                raise fault(f"{location} {what} ({reason})", hint=hint) from error
        raise StoreError(f"{location} failed: {type(error).__name__}: {reason}") from error
