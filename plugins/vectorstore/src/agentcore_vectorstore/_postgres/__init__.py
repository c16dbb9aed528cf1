"""PostgreSQL with pgvector: ``postgresql://[user@]host[:port]/database[/collection]``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agentcore.errors import ConfigError
from agentcore_vectorstore.errors import StoreError

if TYPE_CHECKING:
    from agentcore_vectorstore._postgres.backend import PostgresBackend
    from agentcore_vectorstore._url import StoreURL

__all__ = ["open_postgres"]

_COLLECTION: Final = "agentcore"
_LIBPQ: Final = ("host", "sslmode", "sslrootcert", "sslcert", "sslkey")
"""Options that go to libpq as they are; ``host`` names the folder of a socket."""


def open_postgres(url: StoreURL, *, folder: Callable[[], Path], create: bool) -> PostgresBackend:
    """Open a collection, which is a schema of the database.

    Options: ``password`` (``env:NAME`` or ``file:/path``), ``timeout`` in seconds (10), ``pool`` connections (4), and
    libpq's ``host``, ``sslmode``, ``sslrootcert``, ``sslcert`` and ``sslkey``.
    """
    url.check_options({"password", "timeout", "pool", *_LIBPQ})
    database, _, collection = url.path.strip("/").partition("/")
    if not database or "/" in collection:
        raise ConfigError(
            f"{str(url)!r} does not name a database and at most a collection in it",
            hint="write 'postgresql://user@host/database' or 'postgresql://user@host/database/collection'.",
        )
    timeout = url.option("timeout", _seconds, 10.0)
    parameters: dict[str, Any] = {name: url.options[name] for name in _LIBPQ if name in url.options}
    given = {"host": url.host, "port": url.port, "user": url.user, "password": url.secret("password") or url.password}
    parameters |= {name: value for name, value in given.items() if value}
    parameters |= {"dbname": database, "connect_timeout": max(1, round(timeout))}
    try:
        from agentcore_vectorstore._postgres.backend import PostgresBackend
    except ImportError as error:
        raise StoreError(
            f"{str(url)!r} needs the PostgreSQL driver: {error}",
            hint="run `python -m pip install 'agentcore-vectorstore[postgres]'`.",
        ) from error
    return PostgresBackend(
        parameters,
        collection or _COLLECTION,
        str(url),
        size=url.option("pool", _connections, 4),
        timeout=timeout,
        create=create,
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise ValueError("it must be between 0 and 3600 seconds")
    return seconds


def _connections(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise ValueError("it must be between 1 and 1000")
    return number
