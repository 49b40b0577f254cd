"""The ledger as it grows, for `trioproxy ledger tail`."""

from __future__ import annotations

import sys

import trio
from rich.console import Console

from trioproxy.cli import drawing
from trioproxy.cli.records import json_line
from trioproxy.store.reading import Reader, Record
from trioproxy.views.requests import requests_table

POLL_S = 0.3


async def follow(reader: Reader, limit: int, as_json: bool) -> None:
    """Print the last `limit` requests, then each that begins or ends; never returns, only cancellation ends it.

    The ledger is asked every 0.3 s: SQLite tells nobody of what other processes write.

    Raises:
        LedgerError: it cannot be read any more.
    """
    out = drawing.console()
    header = True
    # From here on nothing is missed; what is seen twice differs: open first, then ended.
    follower = reader.follow()
    rows = reader.requests(limit=limit)
    while True:
        if rows:
            _show(rows, as_json, out, header=header)
            header = False
        await trio.sleep(POLL_S)
        rows = follower.look()


def _show(rows: list[Record], as_json: bool, out: Console, *, header: bool) -> None:
    if as_json:
        for row in rows:
            print(json_line(row))
    else:
        drawing.draw_more(requests_table(rows), out, header=header)
    sys.stdout.flush()
