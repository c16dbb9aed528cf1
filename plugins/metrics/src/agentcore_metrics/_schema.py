"""The ledger's tables, and what marks a file as a ledger."""

from typing import Final

__all__ = ["APPLICATION_ID", "FILE_NAME", "INDEXES", "SCHEMA", "TABLES", "VERSION"]

FILE_NAME: Final = "metrics.db"
"""In the state folder."""

APPLICATION_ID: Final = 0x61634D31
"""``PRAGMA application_id`` of every ledger: "acM1"."""

VERSION: Final = 2
"""``PRAGMA user_version``: of the schema, raised with each change of it."""

TABLES: Final = ("runs", "model_calls", "tool_calls", "incidents")

INDEXES: Final = frozenset(
    {"runs_by_agent", "model_calls_by_agent", "model_calls_by_model", "tool_calls_by_agent", "tool_calls_by_tool"}
)
"""Those that hold a table by what it is grouped by, so that a group is read as it lies."""

# Rows are appended in the order in which things ended, and ids rise with them.  Ids of contexts are random and have no
# index: it would make an append seven times as dear, and the one query that looks for them can scan.
# Those by a name grow at as many ends as there are names, which costs it little.
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
CREATE INDEX runs_by_agent ON runs (agent, started, duration, outcome, total_requests, total_cost);

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
    cost INTEGER,
    cost_source TEXT,                   -- reported, configured, genai-prices
    provider TEXT,
    response_model TEXT,
    first_token REAL                    -- seconds until the first piece of a streamed answer
) STRICT;
CREATE INDEX model_calls_started ON model_calls (started);
CREATE INDEX model_calls_by_agent ON model_calls (
    agent, started, requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost
);
CREATE INDEX model_calls_by_model ON model_calls (
    model, started, duration, outcome, first_token,
    requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost
);

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
CREATE INDEX tool_calls_by_agent ON tool_calls (agent, started);
CREATE INDEX tool_calls_by_tool ON tool_calls (tool, started, duration, outcome);

CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    context_id TEXT,
    root_id TEXT,
    agent TEXT,
    started INTEGER NOT NULL,           -- when it happened
    kind TEXT NOT NULL,                 -- denial, retry, plugin_error, budget
    subject TEXT,                       -- the plugin; of a retry the model, of a budget its name
    hook TEXT,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_started ON incidents (started);
"""
