"""Rows for programs: CSV with a header, or one JSON object a line."""

from __future__ import annotations

import csv as csv_format
import json as json_format
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from trioproxy.errors import ConfigurationError

Form = Literal["json", "csv"]
Row = Mapping[str, str | int | float | None]

# Columns that hold JSON already.
_LISTS = ("tools", "savings")


def form(*, json: bool, csv: bool) -> Form | None:
    """What was asked for; None for neither.

    Raises:
        ConfigurationError: for both.
    """
    if json and csv:
        raise ConfigurationError(["option --csv: given together with --json; expected one of them"])
    return "json" if json else "csv" if csv else None


def write(rows: Iterable[Row], columns: Sequence[str], as_form: Form) -> None:
    """Write `rows` to standard output, one at a time."""
    if as_form == "csv":
        writer = csv_format.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row[column] for column in columns] for row in rows)
    else:
        for row in rows:
            print(json_line(row))


def json_line(row: Row) -> str:
    """`row` as JSON on one line, its lists as lists."""
    lists = {name: json_format.loads(text) for name in _LISTS if isinstance(text := row.get(name), str)}
    return json_format.dumps({**row, **lists})
