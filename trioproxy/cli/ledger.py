"""`trioproxy ledger show|tail|summary|export`."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from trioproxy.cli.options import ConfigFile, settings_from

if TYPE_CHECKING:
    from trioproxy.store.reading import Reader

_EXAMPLES = """Examples:
  trioproxy ledger show --since 1h
  trioproxy ledger tail
  trioproxy ledger summary --by day --since 2w
  trioproxy ledger export --csv > requests.csv
"""
_SHOW = """Examples:
  trioproxy ledger show
  trioproxy ledger show --since yesterday --limit 100
  trioproxy ledger show --json | jq .cost_usd
"""
_TAIL = """Examples:
  trioproxy ledger tail
  trioproxy ledger tail --limit 1 --json
"""
_SUMMARY = """Examples:
  trioproxy ledger summary
  trioproxy ledger summary --by day --since 2026-11-01
"""
_EXPORT = """Examples:
  trioproxy ledger export > requests.csv
  trioproxy ledger export --table calls --json --since 1w
"""

LedgerUrl = Annotated[str | None, Parameter(name="--ledger", help="URL of the ledger, in place of ledger.url.")]
Since = Annotated[str | None, Parameter(help="From when on: 30m, 1h, 2d, 1w, today, yesterday, 2026-11-23.")]
Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False, help="One JSON object a line.")]
Csv = Annotated[bool, Parameter(name="--csv", negative="", show_default=False, help="CSV with a header.")]
Limit = Annotated[int | None, Parameter(validator=Number(gte=1), help="How many of the latest.")]

_SHOWN_BY_DEFAULT = 20


def command_line() -> App:
    """The group `ledger`."""
    app = App(name="ledger", help="Read the ledger.", help_format="plaintext", help_epilogue=_EXAMPLES)
    app.command(show, help_epilogue=_SHOW)
    app.command(tail, help_epilogue=_TAIL)
    app.command(summary, help_epilogue=_SUMMARY)
    app.command(export, help_epilogue=_EXPORT)
    return app


def show(
    *,
    since: Since = None,
    limit: Limit = None,
    json: Json = False,
    csv: Csv = False,
    ledger: LedgerUrl = None,
    config: ConfigFile = None,
) -> int:
    """Show the latest requests: what was asked, how it ended, what it cost.

    Without --limit: the last 20, or all since --since. The newest is at the
    bottom. ~ marks estimates. A narrow terminal shows fewer columns.
    """
    from trioproxy.cli import drawing, records
    from trioproxy.views.requests import requests_table

    form = records.form(json=json, csv=csv)
    start = _moment(since)
    if limit is None and start is None:
        limit = _SHOWN_BY_DEFAULT
    with _reader(ledger, config) as reader:
        rows = reader.requests(limit=limit, since=start)
        if form is not None:
            records.write(rows, reader.column_names(), form)
        else:
            drawing.draw(requests_table(rows), drawing.console())
    return 0


def tail(
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1), help="How many of the latest come first.")] = 10,
    json: Json = False,
    ledger: LedgerUrl = None,
    config: ConfigFile = None,
) -> int:
    """Follow the ledger until Ctrl-C.

    A request comes when it begins, as open, and once more when it has ended.
    """
    import trio

    from trioproxy.cli.following import follow

    with _reader(ledger, config) as reader:
        trio.run(follow, reader, limit, json)
    return 0


def summary(
    *,
    by: Annotated[Literal["model", "source", "provider", "day"], Parameter(help="What to group by.")] = "model",
    since: Since = None,
    json: Json = False,
    csv: Csv = False,
    ledger: LedgerUrl = None,
    config: ConfigFile = None,
) -> int:
    """Sum up requests, tokens, cost and savings.

    Dollars at list price. Requests whose price or usage is not known are counted,
    not guessed; ~ marks sums with estimates in them.
    """
    from trioproxy.cli import drawing, records
    from trioproxy.views.sums import FIELDS, sums_table

    form = records.form(json=json, csv=csv)
    start = _moment(since)
    with _reader(ledger, config) as reader:
        groups = reader.sums(by, since=start)
    if form is not None:
        records.write(groups, ["name", *FIELDS, "savings"], form)
    else:
        drawing.draw(sums_table(groups, by=by), drawing.console())
    return 0


def export(
    *,
    table: Annotated[Literal["requests", "calls", "exchanges"], Parameter(help="Which table.")] = "requests",
    since: Since = None,
    json: Json = False,
    csv: Csv = False,
    ledger: LedgerUrl = None,
    config: ConfigFile = None,
) -> int:
    """Write every row with all its columns, oldest first.

    As CSV, unless --json is given.
    """
    from trioproxy.cli import records

    form = records.form(json=json, csv=csv) or "csv"
    start = _moment(since)
    with _reader(ledger, config) as reader, contextlib.closing(reader.export(table, since=start)) as rows:
        records.write(rows, reader.column_names(table), form)
    return 0


def _reader(url: str | None, config: str | None) -> Reader:
    from trioproxy.store.reading import open_reader

    return open_reader(settings_from(config, {"ledger.url": url}).ledger.url)


def _moment(text: str | None) -> datetime | None:
    from trioproxy.errors import ConfigurationError
    from trioproxy.views.since import since

    try:
        return None if text is None else since(text, datetime.now().astimezone())
    except ValueError as error:
        raise ConfigurationError([f"option --since: {error}"]) from None
