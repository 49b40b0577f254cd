"""Sums over the view `requests`, as one query: a group's row has the columns of `views.sums.FIELDS`.

`savings` of a group is a JSON list, an object for each kind of saving, and for each reason to hold one
back: `kind`, `held_back`, `requests`, `unpriced` (of them, those whose amount is not known), `saved_usd`
or `held_back_usd`. A reason's particulars stand in parentheses at its end; they are left out of it here.
"""

from __future__ import annotations

from typing import Literal

Grouping = Literal["model", "source", "provider", "day"]

_GROUPS: dict[Grouping | None, str] = {
    None: "NULL",
    "model": "coalesce(model, model_sent, model_requested)",
    "source": "source",
    "provider": "provider",
    # The reader's day, not UTC's: it is the one that `--since today` means.
    "day": "date(started_at, 'localtime')",
}
# A request without a call (`rejected`) counts by its delivery. What names no model has no price to be missed.
_SUMS = """
    count(*) AS requests,
    count(*) FILTER (WHERE call_outcome = 'completed') AS completed,
    count(*) FILTER (WHERE call_outcome = 'abandoned') AS abandoned,
    count(*) FILTER (WHERE CASE WHEN call_id IS NULL THEN outcome <> 'delivered'
                                ELSE call_outcome NOT IN ('completed', 'abandoned') END) AS failed,
    count(*) FILTER (WHERE ended_at IS NULL OR (call_id IS NOT NULL AND call_outcome IS NULL)) AS open,
    sum(input_tokens) AS input_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(coalesce(cache_write_5m_tokens + coalesce(cache_write_1h_tokens, 0), cache_write_1h_tokens))
        AS cache_write_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    count(*) FILTER (WHERE call_outcome IS NOT NULL AND cost_usd IS NULL
                       AND coalesce(model, model_sent, model_requested) IS NOT NULL) AS unpriced,
    count(*) FILTER (WHERE usage_source IN ('estimated', 'mixed')) AS estimated,
    sum(input_tokens) FILTER (WHERE usage_source = 'estimated') AS estimated_input_tokens,
    sum(output_tokens) FILTER (WHERE usage_source IN ('estimated', 'mixed')) AS estimated_output_tokens,
    sum(cost_usd) FILTER (WHERE usage_source IN ('estimated', 'mixed')) AS estimated_usd,
    sum(saved_usd) AS saved_usd
"""
# What was saved counts only where the sum over its request is known, so that the kinds add up to `saved_usd`.
_PARTS = """
    SELECT
        name, kind, held_back,
        count(*) AS requests,
        count(*) - count(amount) AS unpriced,
        sum(amount) AS amount
    FROM (
        SELECT
            name, kind,
            CASE WHEN instr(reason, ' (') > 0 THEN substr(reason, 1, instr(reason, ' (') - 1) ELSE reason END
                AS held_back,
            CASE WHEN reason IS NOT NULL THEN held_back_usd WHEN known THEN saved_usd END AS amount
        FROM (
            SELECT
                chosen.name,
                chosen.saved_usd IS NOT NULL AS known,
                json_extract(entry.value, '$.kind') AS kind,
                json_extract(entry.value, '$.held_back') AS reason,
                json_extract(entry.value, '$.saved_usd') AS saved_usd,
                json_extract(entry.value, '$.held_back_usd') AS held_back_usd
            FROM chosen, json_each(chosen.savings) AS entry
        )
    )
    GROUP BY name, kind, held_back
"""
_LISTS = """
    SELECT
        name,
        sum(amount) FILTER (WHERE held_back IS NOT NULL) AS held_back_usd,
        json_group_array(json_object(
            'kind', kind,
            'held_back', held_back,
            'requests', requests,
            'unpriced', unpriced,
            CASE WHEN held_back IS NULL THEN 'saved_usd' ELSE 'held_back_usd' END, amount
        )) AS savings
    FROM parts
    GROUP BY name
"""


def sums_query(by: Grouping | None, where: str) -> str:
    """The query for one row a group, most expensive first (days in order); without `by`, one row for all."""
    group = _GROUPS[by]
    order = "name" if by == "day" else "coalesce(cost_usd, 0) DESC, requests DESC, name"
    return f"""
        WITH
            chosen AS (SELECT {group} AS name, * FROM requests {where}),
            parts AS ({_PARTS}),
            lists AS ({_LISTS}),
            sums AS (SELECT name, {_SUMS} FROM chosen {"GROUP BY name" if by else ""})
        SELECT sums.*, lists.held_back_usd, lists.savings
        FROM sums LEFT JOIN lists ON lists.name IS sums.name
        ORDER BY {order}
    """  # noqa: S608  # put together from this file's own words
