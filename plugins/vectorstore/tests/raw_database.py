"""A way into the file past the store, for what the store would never do."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Protocol, cast

import apsw


class RawDatabase(Protocol):
    """The part of a connection that the tests use."""

    def execute(self, statement: str, /) -> object: ...
    def pragma(self, name: str, value: object, /) -> object: ...


@contextlib.contextmanager
def raw(path: Path) -> Generator[RawDatabase]:
    """Open a database past the store."""
    connection = apsw.Connection(str(path))
    try:
        yield cast("RawDatabase", connection)
    finally:
        connection.close()
