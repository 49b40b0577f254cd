"""Processes that are killed, and processes that share a ledger, for real."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.rows import opening

TESTS = Path(__file__).parents[1]

PRELUDE = """
import sys
import time
from pathlib import Path
from support.rows import call_receipt, exchange_receipt, opening, price
from trioproxy.errors import LedgerError
from trioproxy.store.sqlite import SqliteEngine
engine = SqliteEngine(Path(sys.argv[1]), owner=sys.argv[2], price=price)
engine.connect()
"""
# Writes for ever; says which calls it has been told are durable.
WRITES = """
n = int(sys.argv[3])
while True:
    engine.write([opening(n), opening(n + 1)])
    engine.write([call_receipt(n), exchange_receipt(n)])
    print(n, flush=True)
    n += 2
    time.sleep(0.001)  # a writer that never pauses starves the others
"""
OPENS_AND_WAITS = """
engine.write([opening(int(sys.argv[3]))])
print("open", flush=True)
sys.stdin.read()
"""
FILLS_THE_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine.write([opening(1)])
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
try:
    engine.write([call_receipt(n) for n in range(1, 1000)])
except LedgerError as error:
    print(error, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
engine.write([call_receipt(n) for n in range(1, 1000)])
print("written", flush=True)
"""

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def spawn(sqlite_bench) -> Iterator[Spawn]:
    processes: list[subprocess.Popen[str]] = []

    def start(script: str, owner: str, n: int = 1) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script, str(sqlite_bench.path), owner, str(n)],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("after", [1, 37])
def test_a_process_killed_in_mid_write(sqlite_bench, spawn, after):
    process = spawn(WRITES, "killed")
    acknowledged = [int(process.stdout.readline()) for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    acknowledged += map(int, process.stdout.read().split())
    process.wait()

    engine = sqlite_bench.engine()
    engine.connect()
    crashed = engine.recover()

    calls, exchanges = sqlite_bench.rows("calls"), sqlite_bench.rows("exchanges")
    assert {call[1:] for call in calls} == {exchange[1:] for exchange in exchanges}
    assert all(calls[f"c{n}"]["outcome"] == "completed" for n in acknowledged)
    assert all(exchanges[f"x{n}"]["outcome"] == "delivered" for n in acknowledged)
    # Every second call was never settled; a commit or two may have come after the last word.
    outcomes = [call["outcome"] for call in calls.values()]
    assert outcomes.count("crashed") == crashed
    assert len(acknowledged) <= crashed <= len(acknowledged) + 2
    assert set(outcomes) == {"completed", "crashed"}
    with closing(sqlite3.connect(sqlite_bench.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list((sqlite_bench.path.parent / "ledger.db.owners").iterdir()) == [
        sqlite_bench.path.parent / "ledger.db.owners" / "me.lock"
    ]


def test_only_the_dead_one_of_two_is_crashed(sqlite_bench, spawn):
    live, dead = spawn(OPENS_AND_WAITS, "live", 1), spawn(OPENS_AND_WAITS, "dead", 2)
    assert live.stdout.readline() == dead.stdout.readline() == "open\n"
    dead.kill()
    dead.wait()

    engine = sqlite_bench.engine()
    engine.connect()
    assert engine.recover() == 1
    calls = sqlite_bench.rows("calls")
    assert "outcome" not in calls["c1"]
    assert calls["c2"]["outcome"] == "crashed"

    live.communicate("")  # it ends without settling
    assert engine.recover() == 1
    assert sqlite_bench.rows("calls")["c1"]["outcome"] == "crashed"


def test_two_that_write_to_one_ledger(sqlite_bench, spawn):
    one, two = spawn(WRITES, "one", 1), spawn(WRITES, "two", 1_000_001)
    written = [process.stdout.readline() for _ in range(50) for process in (one, two)]
    assert "" not in written, "a writer gave up on the lock of the other"
    engine = sqlite_bench.engine()
    for n in range(5_000_000, 5_000_020):
        engine.write([opening(n)])
    owners = [call["owner"] for call in sqlite_bench.rows("calls").values()]
    assert owners.count("one") >= 100
    assert owners.count("two") >= 100
    assert owners.count("me") == 20


def test_a_full_disk(sqlite_bench, spawn):
    said = spawn(FILLS_THE_DISK, "full").communicate()[0].splitlines()
    assert said[0].startswith(f"the ledger {sqlite_bench.path} cannot be written: ")
    assert said[1] == "written"
    assert len(sqlite_bench.rows("calls")) == 999
