"""Every engine there is, behind one pair of hands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from support.rows import AT, price

from trioproxy.store.base import Engine
from trioproxy.store.memory import MemoryEngine, Tables
from trioproxy.store.sqlite import SqliteEngine

Rows = dict[str, dict[str, Any]]


class Bench(Protocol):
    """One ledger: engines for it, and what is in it."""

    def engine(self, owner: str = "me") -> Engine: ...

    def rows(self, table: str) -> Rows:
        """By id, without the columns that are null."""
        ...

    def clear(self) -> None: ...


@dataclass
class SqliteBench:
    path: Path
    engines: list[SqliteEngine] = field(default_factory=list)

    def engine(self, owner: str = "me") -> SqliteEngine:
        engine = SqliteEngine(self.path, owner=owner, price=price, now=lambda: AT + 100)
        self.engines.append(engine)
        return engine

    def rows(self, table: str) -> Rows:
        connection = sqlite3.connect(self.path)
        try:
            connection.row_factory = sqlite3.Row
            found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
        finally:
            connection.close()
        return {row["id"]: {name: value for name, value in row.items() if value is not None} for row in found}

    def clear(self) -> None:
        connection = sqlite3.connect(self.path)
        connection.executescript("DELETE FROM calls; DELETE FROM exchanges")
        connection.close()


@dataclass
class MemoryBench:
    tables: Tables = field(default_factory=Tables)

    def engine(self, owner: str = "me") -> MemoryEngine:
        return MemoryEngine(self.tables, owner=owner, price=price, now=lambda: AT + 100)

    def rows(self, table: str) -> Rows:
        found = {"calls": self.tables.calls, "exchanges": self.tables.exchanges}[table]
        return {id_: {name: value for name, value in row.items() if value is not None} for id_, row in found.items()}

    def clear(self) -> None:
        self.tables.calls.clear()
        self.tables.exchanges.clear()


@pytest.fixture
def sqlite_bench(tmp_path: Path) -> Iterator[SqliteBench]:
    bench = SqliteBench(tmp_path / "ledger.db")
    yield bench
    for engine in bench.engines:
        engine.disconnect()


@pytest.fixture
def memory_bench() -> MemoryBench:
    return MemoryBench()


@pytest.fixture(params=["sqlite_bench", "memory_bench"])
def bench(request: pytest.FixtureRequest) -> Bench:
    found: Bench = request.getfixturevalue(request.param)
    return found
