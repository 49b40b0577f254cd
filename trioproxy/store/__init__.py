"""The ledger: one row a call, one row an exchange, each settled once.

open_ledger(url, …)       a Ledger to write to, for the proxy
reading.open_reader(url)  a Reader, for people and programs
"""

from __future__ import annotations

import os
import time

from trioproxy.rules.ids import uuid7
from trioproxy.store.base import Engine, Pricing
from trioproxy.store.journal import Durability
from trioproxy.store.location import ledger_path
from trioproxy.store.memory import MemoryEngine, Tables
from trioproxy.store.sqlite import SqliteEngine
from trioproxy.store.writer import LedgerWriter

__all__ = ["LedgerWriter", "open_ledger"]


def open_ledger(
    url: str, *, price: Pricing, durability: Durability = "normal", owner: str | None = None
) -> LedgerWriter:
    """The ledger at `url`. Nothing is touched before its `run()` is started.

    Args:
        owner: the id of this process (instance), never used by another one; a new one if None.

    Raises:
        LedgerError: `url` is not one this version can use.
    """
    path = ledger_path(url)
    owner = owner or uuid7(time.time(), os.urandom(10))
    engine: Engine
    if path is None:
        engine = MemoryEngine(Tables(), owner=owner, price=price, now=time.time)
    else:
        engine = SqliteEngine(path, owner=owner, price=price, durability=durability)
    return LedgerWriter(engine)
