"""The tables, and whose file this is."""

from __future__ import annotations

from typing import Final

from agentcore_vectorstore._sqlite.sql import Connection
from agentcore_vectorstore.errors import StoreFormatError, StoreVersionError

__all__ = ["VERSION", "is_there", "make"]

VERSION: Final = 1
"""The version of the tables that is written here, kept in the file's ``user_version``."""

_APPLICATION: Final = 0x61637673
"""Marks the file as this store's, in its ``application_id``: "acvs" in ASCII."""

# The key of a document is never used again and grows, so that a reader finds what is new behind the largest it knows;
# ``removals`` tells it that something went.  The text comes last: a filter that reads the metadata of every document
# does not touch the pages that a long text fills.
_TABLES: Final = """
CREATE TABLE document(
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    stored REAL NOT NULL,
    metadata BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE vector(
    key INTEGER PRIMARY KEY REFERENCES document(key),
    value BLOB NOT NULL
) STRICT;
CREATE VIRTUAL TABLE keyword USING fts5(
    text, content='document', content_rowid='key', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TABLE state(
    one INTEGER PRIMARY KEY CHECK (one = 1),
    removals INTEGER NOT NULL,
    embedder TEXT,
    dimension INTEGER,
    fingerprint TEXT
) STRICT;
INSERT INTO state(one, removals) VALUES (1, 0);
CREATE TRIGGER document_inserted AFTER INSERT ON document BEGIN
    INSERT INTO keyword(rowid, text) VALUES (new.key, new.text);
END;
CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN
    INSERT INTO keyword(keyword, rowid, text) VALUES ('delete', old.key, old.text);
    DELETE FROM vector WHERE key = old.key;
    UPDATE state SET removals = removals + 1;
END;
"""


def is_there(connection: Connection, location: str) -> bool:
    """Whether the tables are there; where they are not, the database is empty.  Inside a transaction.

    Raises:
        StoreFormatError: There is something else.
        StoreVersionError: The tables are newer than this version knows.
    """
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    if application == _APPLICATION and version <= VERSION:
        return True
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
