"""What is used of APSW, with types: its own are not known before Python 3.12."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

import apsw

__all__ = ["BUSY_SECONDS", "Connection", "Row", "Value", "connect", "transaction"]

Value: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Value, ...]

BUSY_SECONDS: Final = 2.0
"""How long to wait for another process that is writing; each of its commits takes milliseconds."""


class Connection(Protocol):
    """An open database; its methods raise :class:`apsw.Error`."""

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, statements: str, bindings: Sequence[Value] = ()) -> Iterator[tuple[Any, ...]]: ...
    def executemany(self, statements: str, sequence: Iterable[Row]) -> object: ...
    def pragma(self, name: str, value: Value = None) -> Any: ...
    def changes(self) -> int: ...
    def close(self) -> None: ...


def connect(path: Path, *, write: bool) -> Connection:
    """Open the database at *path*; where it is to be written, it is made if need be."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if write else apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(round(BUSY_SECONDS * 1000))
    return cast("Connection", connection)


@contextmanager
def transaction(connection: Connection, mode: Literal["DEFERRED", "IMMEDIATE"]) -> Generator[None]:
    """All of a block, or nothing of it.

    Not ``with connection:``, which waits for the disk and for other processes without letting other threads run.
    """
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
