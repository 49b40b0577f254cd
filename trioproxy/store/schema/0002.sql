-- Requests that were served by another's call, or by its recorded answer.
CREATE INDEX exchanges_shared ON exchanges (call_id) WHERE served_by IN ('joined', 'replayed');

-- As before, but such a request saved what the call cost: without it a call of its own would have been
-- paid. That is counted only where the whole answer was delivered: what another call would have come to
-- after its client had left, or in place of one that failed, nobody knows, so it is null there.
DROP VIEW requests;
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
    CASE WHEN e.served_by IN ('joined', 'replayed') THEN again.cost_usd ELSE own.saved_usd END AS saved_usd,
    CASE
        WHEN e.served_by IN ('joined', 'replayed')
        THEN json_array(json_object('kind', e.served_by, 'saved_usd', again.cost_usd))
        ELSE own.savings
    END AS savings,
    own.price_version,
    c.upstream_id, c.request_id, c.tool_calls, c.tools,
    e.ttfb_ms, e.duration_ms, c.duration_ms AS call_duration_ms, c.detached_ms,
    c.bytes_in, e.bytes_out, c.policy,
    e.error, c.error AS call_error, e.preview
FROM exchanges AS e
LEFT JOIN calls AS c ON c.id = e.call_id
LEFT JOIN calls AS own ON own.id = e.call_id AND own.exchange_id = e.id
LEFT JOIN calls AS again ON again.id = e.call_id AND e.outcome = 'delivered';
