"""The ledger's tables, and what marks a file as a ledger."""

from typing import Final

__all__ = ["APPLICATION_ID", "FILE_NAME", "INDEXES", "SCHEMA", "TABLES", "UNUSUAL", "UPGRADES", "VERSION"]

FILE_NAME: Final = "metrics.db"
"""In the state folder."""

APPLICATION_ID: Final = 0x61634D31
"""``PRAGMA application_id`` of every ledger: "acM1"."""

VERSION: Final = 3
"""``PRAGMA user_version``: of the schema, raised with each change of it, which :data:`UPGRADES` makes to older
ledgers."""

TABLES: Final = ("runs", "model_calls", "tool_calls", "knowledge", "incidents")

INDEXES: Final = frozenset(
    {"runs_by_agent", "model_calls_by_agent", "model_calls_by_model", "tool_calls_by_agent", "tool_calls_by_tool"}
)
"""Those that hold a table by what it is grouped by, so that a group is read as it lies."""

UNUSUAL: Final = "cache_write_tokens > 0 OR input_audio_tokens > 0 OR output_audio_tokens > 0 OR from_cache > 0"
"""Which model calls have what most have not: only those are in the index for it."""

_UNUSUAL_INDEX: Final = f"""
CREATE INDEX model_calls_unusual ON model_calls (
    started, agent, model, outcome, cache_write_tokens, input_audio_tokens, output_audio_tokens, from_cache
) WHERE {UNUSUAL};
"""

_KNOWLEDGE: Final = """
CREATE TABLE knowledge (
    id INTEGER PRIMARY KEY,
    context_id TEXT,
    root_id TEXT,
    agent TEXT,
    started INTEGER NOT NULL,
    duration REAL,                      -- of a query
    outcome TEXT NOT NULL,
    error TEXT,
    kind TEXT NOT NULL,                 -- query, update
    items INTEGER NOT NULL,             -- hits, documents
    event TEXT
) STRICT;
CREATE INDEX knowledge_started ON knowledge (started);
"""

# Rows are appended in the order in which things ended, and ids rise with them.  Ids of contexts are random and have no
# index: it would make an append seven times as dear, and the one query that looks for them can scan.
# Those by a name grow at as many ends as there are names, which costs it little.
SCHEMA: Final = f"""
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
    total_cost INTEGER,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,  -- part of input_tokens
    input_audio_tokens INTEGER NOT NULL DEFAULT 0,
    output_audio_tokens INTEGER NOT NULL DEFAULT 0, -- part of output_tokens
    total_cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    total_input_audio_tokens INTEGER NOT NULL DEFAULT 0,
    total_output_audio_tokens INTEGER NOT NULL DEFAULT 0,
    event TEXT                          -- the event's id, without context_id and "-" where it begins so
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
    cost_source TEXT,                   -- reported, configured, genai-prices, cache
    provider TEXT,
    response_model TEXT,
    first_token REAL,                   -- seconds until the first piece of a streamed answer
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    input_audio_tokens INTEGER NOT NULL DEFAULT 0,
    output_audio_tokens INTEGER NOT NULL DEFAULT 0,
    from_cache INTEGER NOT NULL DEFAULT 0,          -- 1 where the model was not asked
    event TEXT
) STRICT;
CREATE INDEX model_calls_started ON model_calls (started);
CREATE INDEX model_calls_by_agent ON model_calls (
    agent, started, requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost
);
CREATE INDEX model_calls_by_model ON model_calls (
    model, started, duration, outcome, first_token,
    requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost
);
{_UNUSUAL_INDEX}
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
    call_id TEXT NOT NULL,
    event TEXT
) STRICT;
CREATE INDEX tool_calls_started ON tool_calls (started);
CREATE INDEX tool_calls_by_agent ON tool_calls (agent, started);
CREATE INDEX tool_calls_by_tool ON tool_calls (tool, started, duration, outcome);
{_KNOWLEDGE}
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    context_id TEXT,
    root_id TEXT,
    agent TEXT,
    started INTEGER NOT NULL,           -- when it happened
    kind TEXT NOT NULL,                 -- denial, retry, plugin_error, budget
    subject TEXT,                       -- the plugin; of a retry the model, of a budget its name
    hook TEXT,
    error TEXT NOT NULL,
    event TEXT
) STRICT;
CREATE INDEX incidents_started ON incidents (started);
"""


def _added(table: str, *columns: str) -> str:
    return "".join(f"ALTER TABLE {table} ADD COLUMN {each};\n" for each in columns)


_USAGE: Final = tuple(
    f"{each} INTEGER NOT NULL DEFAULT 0" for each in ("cache_write_tokens", "input_audio_tokens", "output_audio_tokens")
)

UPGRADES: Final = {
    1: _added("model_calls", "cost_source TEXT", "provider TEXT", "response_model TEXT", "first_token REAL")
    + """
CREATE INDEX runs_by_agent ON runs (agent, started, duration, outcome, total_requests, total_cost);
CREATE INDEX model_calls_by_agent ON model_calls (
    agent, started, requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost
);
CREATE INDEX model_calls_by_model ON model_calls (
    model, started, duration, outcome, first_token,
    requests, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost
);
CREATE INDEX tool_calls_by_agent ON tool_calls (agent, started);
CREATE INDEX tool_calls_by_tool ON tool_calls (tool, started, duration, outcome);
""",
    2: _added("runs", *_USAGE, *(f"total_{each}" for each in _USAGE), "event TEXT")
    + _added("model_calls", *_USAGE, "from_cache INTEGER NOT NULL DEFAULT 0", "event TEXT")
    + _added("tool_calls", "event TEXT")
    + _added("incidents", "event TEXT")
    + _UNUSUAL_INDEX
    + _KNOWLEDGE,
}
"""What makes of a ledger of each older version one of the next."""
