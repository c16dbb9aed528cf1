"""The ledger's tables, and what marks a file as a ledger."""

from typing import Final

__all__ = ["APPLICATION_ID", "FILE_NAME", "PICO", "SCHEMA", "TABLES", "VERSION"]

FILE_NAME: Final = "metrics.db"
"""In the state folder."""

APPLICATION_ID: Final = 0x61634D31
"""``PRAGMA application_id`` of every ledger: "acM1"."""

VERSION: Final = 1
"""``PRAGMA user_version``: of the schema, raised with each change of it."""

PICO: Final = 10**12
"""Cost is kept in whole millionths of a micro-dollar: then the price of one token is a whole number wherever the price
of a million has at most six decimals."""

TABLES: Final = ("runs", "model_calls", "tool_calls", "incidents")

# Rows are appended in the order in which things ended, and ids rise with them.  Ids of contexts are random and have no
# index: it would make an append seven times as dear, and the one query that looks for them can scan.
SCHEMA: Final = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    context_id TEXT NOT NULL,
    parent_id TEXT,
    root_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    started INTEGER NOT NULL,           -- microseconds since the epoch, UTC
    duration REAL NOT NULL,             -- seconds, as the event told it
    outcome TEXT NOT NULL,
    error TEXT,                         -- the name of the error's class
    requests INTEGER NOT NULL,          -- the run's own usage
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,     -- part of input_tokens
    reasoning_tokens INTEGER NOT NULL,  -- part of output_tokens
    cost INTEGER,                       -- 10^-12 US dollars, NULL where unknown
    total_requests INTEGER NOT NULL,    -- the run's own usage with that of its children
    total_input_tokens INTEGER NOT NULL,
    total_output_tokens INTEGER NOT NULL,
    total_cached_tokens INTEGER NOT NULL,
    total_reasoning_tokens INTEGER NOT NULL,
    total_cost INTEGER
) STRICT;
CREATE INDEX runs_started ON runs (started);

CREATE TABLE model_calls (
    id INTEGER PRIMARY KEY,
    context_id TEXT NOT NULL,
    parent_id TEXT,
    root_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    started INTEGER NOT NULL,
    duration REAL NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    model TEXT NOT NULL,
    call_id TEXT NOT NULL,
    requests INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost INTEGER
) STRICT;
CREATE INDEX model_calls_started ON model_calls (started);

CREATE TABLE tool_calls (
    id INTEGER PRIMARY KEY,
    context_id TEXT NOT NULL,
    parent_id TEXT,
    root_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    started INTEGER NOT NULL,
    duration REAL NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    tool TEXT NOT NULL,
    call_id TEXT NOT NULL
) STRICT;
CREATE INDEX tool_calls_started ON tool_calls (started);

CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    context_id TEXT,
    root_id TEXT,
    agent TEXT,
    started INTEGER NOT NULL,           -- when it happened
    kind TEXT NOT NULL,                 -- denial, retry, plugin_error
    subject TEXT,                       -- the plugin, of a retry the model
    hook TEXT,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_started ON incidents (started);
"""
