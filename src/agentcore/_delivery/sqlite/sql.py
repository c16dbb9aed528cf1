"""What is used of APSW, with types: its own are not known before Python 3.12."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

__all__ = ["Connection", "Row", "Value", "slots"]

Value: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[Any, ...]


class Cursor(Protocol):
    """The rows of one statement."""

    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Row | None: ...


class Connection(Protocol):
    """An open database.  Its methods raise :class:`apsw.Error`."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, statements: str, bindings: Sequence[Value] = ()) -> Cursor: ...
    def executemany(self, statements: str, sequence: Iterable[Sequence[Value]]) -> object: ...
    def pragma(self, name: str, value: Value = None) -> Any: ...
    def changes(self) -> int: ...
    def last_insert_rowid(self) -> int: ...
    def config(self, op: int, value: int) -> int: ...
    def set_wal_hook(self, callable: Callable[[Any, str, int], int]) -> None: ...
    def close(self, force: bool = False) -> None: ...


def slots(count: int) -> str:
    """Return the placeholders of a list of *count* values."""
    return ",".join("?" * count)
