"""The tables, and whose file this is."""

from __future__ import annotations

from typing import Final

from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore.errors import StoreFormatError, StoreVersionError

__all__ = ["VERSION", "is_there", "make"]

VERSION: Final = 2
"""The version of the tables that is written here, kept in the file's ``user_version``."""

_APPLICATION: Final = 0x61637673
"""Marks the file as this store's, in its ``application_id``: "acvs" in ASCII."""

# The key of a document is never used again and grows, so that a reader finds what is new behind the largest it knows;
# ``removed`` tells it what went.  The text comes last: a filter that reads the metadata of every document does not
# touch the pages that a long text fills.  ``vector`` repeats what a search needs of the document beside it.
# ``terms`` of a namespace are its own number and those of all above it, as words of the index, so that a search in one
# of them walks through its documents alone.  No trigger writes to ``keyword``: within one, FTS5 writes its index to the
# file for each row, at three times the cost.
_TABLES: Final = """
CREATE TABLE namespace(
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    terms TEXT NOT NULL
) STRICT;
INSERT INTO namespace VALUES (0, '', '');
CREATE TABLE document(
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace INTEGER NOT NULL REFERENCES namespace(number),
    id TEXT NOT NULL,
    stored REAL NOT NULL,
    expires REAL,
    metadata BLOB NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (namespace, id)
) STRICT;
CREATE INDEX document_expires ON document(expires) WHERE expires IS NOT NULL;
CREATE TABLE vector(
    key INTEGER PRIMARY KEY REFERENCES document(key),
    namespace INTEGER NOT NULL,
    expires REAL,
    value BLOB NOT NULL
) STRICT;
CREATE TABLE removed(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key INTEGER NOT NULL
) STRICT;
CREATE VIEW searchable AS
    SELECT document.key, document.text, namespace.terms AS namespace
    FROM document JOIN namespace ON namespace.number = document.namespace;
CREATE VIRTUAL TABLE keyword USING fts5(
    text, namespace, content='searchable', content_rowid='key', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TABLE state(
    one INTEGER PRIMARY KEY CHECK (one = 1),
    embedder TEXT,
    dimension INTEGER,
    fingerprint TEXT
) STRICT;
INSERT INTO state(one) VALUES (1);
"""


def is_there(connection: Connection, location: str) -> bool:
    """Whether the tables are there; where they are not, the database is empty.  Inside a transaction.

    Raises:
        StoreFormatError: There is something else.
        StoreVersionError: The tables are newer than this version knows.
    """
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    if application == _APPLICATION and version == VERSION:
        return True
    if application == _APPLICATION and version < VERSION:
        raise StoreVersionError(
            f"{location} was written by an earlier version of agentcore-vectorstore "
            f"(its tables have version {version}, this one reads {VERSION})",
            hint="name another file: nothing was changed in this one.",
        )
    if application == _APPLICATION:
        raise StoreVersionError(
            f"{location} was written by a newer version of agentcore-vectorstore "
            f"(its tables have version {version}, this one knows {VERSION})",
            hint="run `python -m pip install --upgrade agentcore-vectorstore`.",
        )
    if application or version or connection.execute("SELECT 1 FROM sqlite_schema").get:
        raise StoreFormatError(
            f"{location} is a SQLite database of another program",
            hint="name another file: nothing was changed in this one.",
        )
    return False


def make(connection: Connection) -> None:
    """Make the tables in an empty database; inside a transaction."""
    connection.execute(_TABLES)
    connection.pragma("application_id", _APPLICATION)
    connection.pragma("user_version", VERSION)


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.pragma(name)
    return value
