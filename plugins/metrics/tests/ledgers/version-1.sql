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
INSERT INTO incidents VALUES(1,'d23f0824128b2f330c5c7fd0a6a3a450','d23f0824128b2f330c5c7fd0a6a3a450','triage',1790000005000000,'denial','guard','tool_call','DeniedError');
CREATE INDEX incidents_started ON incidents (started);
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
INSERT INTO model_calls VALUES(1,'6513270e269e0d37f2a74de452e6b438','d23f0824128b2f330c5c7fd0a6a3a450','d23f0824128b2f330c5c7fd0a6a3a450','researcher',1789999998000000,2.0,'ok',NULL,'house:large','1',1,1000,300,100,200,12300000000);
INSERT INTO model_calls VALUES(2,'d23f0824128b2f330c5c7fd0a6a3a450',NULL,'d23f0824128b2f330c5c7fd0a6a3a450','triage',1790000002750000,0.25,'ok',NULL,'house:small','3',1,120,20,0,0,123000000);
CREATE INDEX model_calls_started ON model_calls (started);
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
INSERT INTO runs VALUES(1,'6513270e269e0d37f2a74de452e6b438','d23f0824128b2f330c5c7fd0a6a3a450','d23f0824128b2f330c5c7fd0a6a3a450','researcher',1789999999000000,3.0,'ok',NULL,1,1000,300,100,200,12300000000,1,1000,300,100,200,12300000000);
INSERT INTO runs VALUES(2,'d23f0824128b2f330c5c7fd0a6a3a450',NULL,'d23f0824128b2f330c5c7fd0a6a3a450','triage',1790000002000000,4.0,'ok',NULL,1,120,20,0,0,123000000,2,1120,320,100,200,12423000000);
CREATE INDEX runs_started ON runs (started);
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
INSERT INTO tool_calls VALUES(1,'6513270e269e0d37f2a74de452e6b438','d23f0824128b2f330c5c7fd0a6a3a450','d23f0824128b2f330c5c7fd0a6a3a450','researcher',1790000000500000,0.5,'error','ValueError','search','2');
INSERT INTO tool_calls VALUES(2,'d23f0824128b2f330c5c7fd0a6a3a450',NULL,'d23f0824128b2f330c5c7fd0a6a3a450','triage',1790000003500000,0.5,'denied','DeniedError','delete','4');
CREATE INDEX tool_calls_started ON tool_calls (started);
PRAGMA user_version=1;
PRAGMA application_id=1633897777;
