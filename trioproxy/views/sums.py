"""Sums over requests, as `trioproxy ledger summary` and the last line of `trioproxy run` show them.

A group is a row with a `name`, the columns of FIELDS and `savings` (views/savings.py). What is unknown (None)
stays out of a sum and is counted in `unpriced`, so that a sum that is not whole says so; what is estimated
is in it, marked `~`, and told apart in the columns `estimated…`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trioproxy.views.cells import UNKNOWN, Row, Value, about, count, money, number, text
from trioproxy.views.savings import merged, savings_notes
from trioproxy.views.table import Column, Table

FIELDS = (
    *("requests", "completed", "abandoned", "failed", "open"),
    *("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"),
    *("cost_usd", "unpriced", "estimated", "estimated_input_tokens", "estimated_output_tokens", "estimated_usd"),
    *("saved_usd", "held_back_usd"),
)
_TITLES = (
    *("requests", "completed", "abandoned", "failed", "open", "in", "cached", "out", "cost"),
    *("saved", "held back"),
)


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
    sums = {field: _sum([number(group, field) for group in groups]) for field in FIELDS}
    return {**sums, "savings": merged(group.get("savings") for group in groups)}


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
    head = _requests(requests) + (f" ({', '.join(endings)})" if endings else "")
    taken, out, cost = _amounts(group)
    known = [
        *([f"{taken} token{'s' * (taken != '1')} in"] if taken != UNKNOWN else []),
        *([f"{out} out"] if out != UNKNOWN else []),
        *([cost] if cost != UNKNOWN else []),
    ]
    line = ", ".join((head, *known))
    return "; ".join((line, *_notes(group)))


def _cells(group: Row, name: str) -> tuple[str, ...]:
    taken, out, cost = _amounts(group)
    return (
        name,
        *(count(number(group, field)) for field in ("requests", "completed", "abandoned", "failed", "open")),
        taken,
        count(number(group, "cache_read_tokens")),
        out,
        cost,
        money(number(group, "saved_usd")),
        money(number(group, "held_back_usd")),
    )


def _amounts(group: Row) -> tuple[str, str, str]:
    """All of the input, the output, and what they cost."""
    taken = count(number(group, "input_tokens", "cache_read_tokens", "cache_write_tokens"))
    return (
        about(taken, number(group, "estimated_input_tokens") is not None),
        about(count(number(group, "output_tokens")), number(group, "estimated_output_tokens") is not None),
        about(money(number(group, "cost_usd")), number(group, "estimated_usd") is not None),
    )


def _notes(group: Row) -> tuple[str, ...]:
    notes = []
    if unpriced := number(group, "unpriced"):
        notes.append(f"the cost of {_requests(unpriced)} is not known")
    if estimated := number(group, "estimated"):
        usd = number(group, "estimated_usd")
        what = "tokens are" if usd is None else f"{money(usd)} of the cost is"
        notes.append(f"{what} estimated, for {_requests(estimated)} whose usage was not reported in full")
    return (*notes, *savings_notes(group))


def _requests(many: float) -> str:
    return f"{count(many)} request{'s' * (many != 1)}"


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
