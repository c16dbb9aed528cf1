"""The part of apsw that is used here, with types.

The stub of apsw speaks of ``collections.abc.Buffer``, which Python 3.11 does not have, so that type checkers know
nothing of the methods that take one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

__all__ = ["Connection", "Rows"]


class Rows(Protocol):
    """What a statement returns."""

    @property
    def get(self) -> Any:
        """The first value where a row has one, else the first row; None where there is none."""
        ...

    def __iter__(self) -> Iterator[Any]: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """A connection."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, statements: str, bindings: Sequence[Any] = (), /) -> Rows: ...
    def pragma(self, name: str, value: Any = None, /) -> Any: ...
    def last_insert_rowid(self) -> int: ...
    def total_changes(self) -> int: ...
    def create_scalar_function(
        self, name: str, callable: Callable[..., Any] | None, numargs: int = -1, *, deterministic: bool = False
    ) -> None: ...
    def set_busy_timeout(self, milliseconds: int, /) -> None: ...
    def close(self) -> None: ...
