-- One row per request sent upstream. Times are UTC, ISO 8601 with microseconds; money is USD.
CREATE TABLE calls (
    id                    TEXT PRIMARY KEY NOT NULL,
    exchange_id           TEXT NOT NULL,
    owner                 TEXT NOT NULL,
    started_at            TEXT NOT NULL,
    ended_at              TEXT,
    provider              TEXT NOT NULL,
    dialect               TEXT NOT NULL,
    method                TEXT NOT NULL,
    path                  TEXT NOT NULL,
    model_requested       TEXT,
    model_sent            TEXT,
    model                 TEXT,
    outcome               TEXT,
    status                INTEGER,
    stop_reason           TEXT,
    input_tokens          INTEGER,
    output_tokens         INTEGER,
    cache_read_tokens     INTEGER,
    cache_write_5m_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    reasoning_tokens      INTEGER,
    usage_source          TEXT,
    cost_usd              REAL,
    saved_usd             REAL,
    savings               TEXT,
    effort                TEXT,
    upstream_id           TEXT,
    request_id            TEXT,
    price_version         TEXT,
    tool_calls            INTEGER,
    tools                 TEXT,
    ttfb_ms               REAL,
    duration_ms           REAL,
    detached_ms           REAL,
    bytes_in              INTEGER,
    policy                TEXT,
    error                 TEXT
);

-- One row per client request on a recorded route.
CREATE TABLE exchanges (
    id           TEXT PRIMARY KEY NOT NULL,
    owner        TEXT NOT NULL,
    started_at   TEXT NOT NULL,
    ended_at     TEXT,
    provider     TEXT NOT NULL,
    method       TEXT NOT NULL,
    path         TEXT NOT NULL,
    http_version TEXT NOT NULL,
    source       TEXT,
    session      TEXT,
    agent        TEXT,
    served_by    TEXT,
    call_id      TEXT,
    outcome      TEXT,
    status       INTEGER,
    ttfb_ms      REAL,
    duration_ms  REAL,
    bytes_out    INTEGER,
    error        TEXT,
    preview      TEXT
);

CREATE INDEX calls_started_at ON calls (started_at);
CREATE INDEX calls_open ON calls (owner) WHERE ended_at IS NULL;
CREATE INDEX exchanges_started_at ON exchanges (started_at);
CREATE INDEX exchanges_open ON exchanges (owner) WHERE ended_at IS NULL;

-- What the client asked, who answered, how it ended, what it cost. Tokens and money belong to the
-- request that opened the call: one that joined it or was replayed cost nothing, so sums add up.
CREATE VIEW requests AS
SELECT
    e.id, e.started_at, e.ended_at, e.owner,
    e.source, e.session, e.agent,
    e.provider, e.method, e.path, e.http_version,
    c.model_requested, c.model_sent, c.model, c.effort,
    e.served_by, e.outcome, e.status,
    e.call_id, c.outcome AS call_outcome, c.status AS call_status, c.stop_reason,
    own.input_tokens, own.output_tokens,
    own.cache_read_tokens, own.cache_write_5m_tokens, own.cache_write_1h_tokens,
    own.reasoning_tokens, own.usage_source,
    CASE WHEN c.id IS NOT NULL AND own.id IS NULL THEN 0.0 ELSE own.cost_usd END AS cost_usd,
    own.saved_usd, own.savings, own.price_version,
    c.upstream_id, c.request_id, c.tool_calls, c.tools,
    e.ttfb_ms, e.duration_ms, c.duration_ms AS call_duration_ms, c.detached_ms,
    c.bytes_in, e.bytes_out, c.policy,
    e.error, c.error AS call_error, e.preview
FROM exchanges AS e
LEFT JOIN calls AS c ON c.id = e.call_id
LEFT JOIN calls AS own ON own.id = e.call_id AND own.exchange_id = e.id;
