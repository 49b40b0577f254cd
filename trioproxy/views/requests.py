"""Requests as a table for people: one line each, as `trioproxy ledger show` and `tail` print them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from trioproxy.views.cells import Row, about, asked, count, duration, ending, moment, money, number, text
from trioproxy.views.table import Column, Table

COLUMNS = (
    Column("started"),
    Column("client"),
    Column("asked for"),
    Column("ended"),
    Column("status", numeric=True),
    Column("stop reason"),
    Column("in", numeric=True),
    Column("cached", numeric=True),
    Column("out", numeric=True),
    Column("cost", numeric=True),
    Column("first byte", numeric=True),
    Column("took", numeric=True),
)


def requests_table(rows: Iterable[Row], *, zone: tzinfo | None = None) -> Table:
    """Rows of the view `requests`, in their order; times in `zone` (the local one if None)."""
    return Table(COLUMNS, tuple(request_cells(row, zone=zone) for row in rows))


def request_cells(row: Row, *, zone: tzinfo | None = None) -> tuple[str, ...]:
    """One row of `requests` under COLUMNS. `in` is all of the input; `cached` is the part that came from a cache.

    `~` marks what is estimated.
    """
    source = row.get("usage_source")
    estimated = source in ("estimated", "mixed")
    return (
        moment(row.get("started_at"), zone),
        text(row.get("source")),
        asked(row),
        ending(row),
        text(row.get("status")),
        text(row.get("stop_reason")),
        about(count(input_tokens(row)), source == "estimated"),
        count(number(row, "cache_read_tokens")),
        about(count(number(row, "output_tokens")), estimated),
        about(money(number(row, "cost_usd")), estimated),
        duration(number(row, "ttfb_ms")),
        duration(number(row, "duration_ms")),
    )


def input_tokens(row: Row) -> float | None:
    """All of the input: fresh, read from a cache and written to one."""
    return number(row, "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")
