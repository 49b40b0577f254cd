"""Sums over requests, as `trioproxy ledger summary` and the last line of `trioproxy run` show them.

A group is a row with a `name` and the columns of FIELDS. What is unknown (None) stays out of a sum
and is counted in `unpriced`, so that a sum that is not whole says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trioproxy.views.cells import Row, Value, count, money, number, text
from trioproxy.views.table import Column, Table

FIELDS = (
    *("requests", "completed", "abandoned", "failed", "open"),
    *("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"),
    *("cost_usd", "unpriced", "saved_usd"),
)
_TITLES = ("requests", "completed", "abandoned", "failed", "open", "in", "cached", "out", "cost", "saved")


def sums_table(groups: Sequence[Row], *, by: str) -> Table:
    """One line a group, its first column titled `by`, and a total where there are several."""
    columns = (Column(by), *(Column(title, numeric=True) for title in _TITLES))
    whole = total(groups)
    return Table(
        columns,
        tuple(_cells(group, text(group.get("name"))) for group in groups),
        total=_cells(whole, "total") if len(groups) > 1 else None,
        notes=_notes(whole),
    )


def total(groups: Iterable[Row]) -> dict[str, Value]:
    """The groups as one, without a name; a sum is None where no group knows it."""
    groups = list(groups)
    return {field: _sum([number(group, field) for group in groups]) for field in FIELDS}


def sentence(group: Row) -> str:
    """A group in a line: `3 requests (2 completed, 1 abandoned), 1234 tokens in, 56 out, $0.0123`."""
    requests = number(group, "requests") or 0
    if not requests:
        return "no requests"
    endings = [
        f"{count(many)} {name}"
        for name in ("completed", "abandoned", "failed", "open")
        if (many := number(group, name))
    ]
    head = f"{count(requests)} request{'s' * (requests != 1)}" + (f" ({', '.join(endings)})" if endings else "")
    known = [
        *([f"{count(taken)} token{'s' * (taken != 1)} in"] if (taken := _input(group)) is not None else []),
        *([f"{count(out)} out"] if (out := number(group, "output_tokens")) is not None else []),
        *([money(cost)] if (cost := number(group, "cost_usd")) is not None else []),
    ]
    line = ", ".join((head, *known))
    return "; ".join((line, *_notes(group)))


def _cells(group: Row, name: str) -> tuple[str, ...]:
    return (
        name,
        *(count(number(group, field)) for field in ("requests", "completed", "abandoned", "failed", "open")),
        count(_input(group)),
        count(number(group, "cache_read_tokens")),
        count(number(group, "output_tokens")),
        money(number(group, "cost_usd")),
        money(number(group, "saved_usd")),
    )


def _input(group: Row) -> float | None:
    return number(group, "input_tokens", "cache_read_tokens", "cache_write_tokens")


def _notes(group: Row) -> tuple[str, ...]:
    unpriced = number(group, "unpriced")
    if not unpriced:
        return ()
    return (f"the cost of {count(unpriced)} request{'s' * (unpriced != 1)} is not known",)


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
