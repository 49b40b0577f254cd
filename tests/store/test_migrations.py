"""The schema and its steps."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest

from trioproxy.errors import LedgerError
from trioproxy.store import columns, migrations


def connected(path):
    return closing(sqlite3.connect(path, isolation_level=None, timeout=5))


def columns_of(connection, table):
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_a_new_file_gets_every_step(tmp_path):
    with connected(tmp_path / "l.db") as connection:
        migrations.migrate(connection)
        assert migrations.version_of(connection) == len(migrations.steps()) == 2
        assert set(columns.CALL_OPENING + columns.CALL_SETTLING) <= set(columns_of(connection, "calls"))
        assert {"saved_usd", "savings"} <= set(columns.CALL_SETTLING)
        assert set(columns.EXCHANGE_OPENING + columns.EXCHANGE_SETTLING) == set(columns_of(connection, "exchanges"))
        assert "call_outcome" in columns_of(connection, "requests")
        migrations.migrate(connection)


def test_later_steps_are_applied_to_a_file_that_is_behind(tmp_path, monkeypatch):
    first = migrations.steps()
    with connected(tmp_path / "l.db") as connection:
        migrations.migrate(connection)
        monkeypatch.setattr(migrations, "steps", lambda: (*first, "ALTER TABLE calls ADD COLUMN extra TEXT;\n"))
        migrations.migrate(connection)
        assert migrations.version_of(connection) == 3
        assert columns_of(connection, "calls")[-1] == "extra"


def test_a_step_that_fails_changes_nothing(tmp_path, monkeypatch):
    broken = (*migrations.steps(), "CREATE TABLE half (id TEXT);\nCREATE TABLE calls (id TEXT);\n")
    monkeypatch.setattr(migrations, "steps", lambda: broken)
    with connected(tmp_path / "l.db") as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrations.migrate(connection)
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
        assert migrations.version_of(connection) == 0


def test_a_newer_file_is_refused(tmp_path):
    with connected(tmp_path / "l.db") as connection:
        connection.execute("PRAGMA user_version = 99")
        with pytest.raises(LedgerError, match=r"newer version of trioproxy \(schema 99, this one knows 2\)"):
            migrations.migrate(connection)


def test_two_that_start_at_once_take_turns(tmp_path):
    problems = []
    together = threading.Barrier(4)

    def start():
        try:
            with connected(tmp_path / "l.db") as connection:
                together.wait()
                migrations.migrate(connection)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
