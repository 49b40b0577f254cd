"""`trioproxy ledger tail`, on the virtual clock."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from support.rows import call_receipt, exchange_receipt, opening

from trioproxy.cli.following import POLL_S, follow
from trioproxy.store.reading import open_reader
from trioproxy.store.sqlite import SqliteEngine

Output = pytest.CaptureFixture[str]


async def while_following(tmp_path: Path, as_json: bool, watch: Callable[[], object]) -> None:
    """Run `watch` after each look at the ledger, until it raises StopIteration."""
    with open_reader(f"sqlite:///{tmp_path}/ledger.db") as reader:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow, reader, 2, as_json)
            await trio.sleep(POLL_S / 2)
            while watch() is not None:  # noqa: ASYNC110 - what is waited for is the clock
                await trio.sleep(POLL_S)
            nursery.cancel_scope.cancel()


@pytest.mark.usefixtures("autojump_clock")
async def test_what_begins_and_what_ends(recorded: SqliteEngine, tmp_path: Path, capsys: Output):
    seen: list[list[tuple[str, str | None]]] = []
    steps = [
        lambda: recorded.write([opening(4)]),
        lambda: None,
        lambda: recorded.write([call_receipt(4), exchange_receipt(4)]),
        lambda: recorded.write([opening(5), call_receipt(5), exchange_receipt(5)]),
    ]

    def watch() -> object:
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        seen.append([(row["id"], row["outcome"]) for row in rows])
        if len(seen) > len(steps):
            return None
        steps[len(seen) - 1]()
        return True

    await while_following(tmp_path, True, watch)
    assert seen == [
        [("x2", "client_left"), ("x3", None)],
        [("x4", None)],
        [],
        [("x4", "delivered")],
        [("x5", "delivered")],
    ]


@pytest.mark.usefixtures("autojump_clock")
async def test_lines_for_people_have_one_header(recorded: SqliteEngine, tmp_path: Path, capsys: Output):
    shown: list[str] = []

    def watch() -> object:
        shown.extend(capsys.readouterr().out.splitlines())
        if len(shown) > 4:
            return None
        recorded.write([opening(4)])
        return True

    await while_following(tmp_path, False, watch)
    header, _, first, second, third = shown
    assert header.startswith("started ")
    ends = [line.index(word) for line, word in ((first, "client left"), (second, "open"), (third, "open"))]
    assert ends == [header.index("ended")] * 3


@pytest.mark.usefixtures("autojump_clock")
async def test_an_empty_ledger_shows_nothing_at_first(engine: SqliteEngine, tmp_path: Path, capsys: Output):
    shown: list[str] = []

    def watch() -> object:
        shown.append(capsys.readouterr().out)
        engine.write([opening(len(shown))])
        return None if len(shown) > 1 else True

    await while_following(tmp_path, False, watch)
    assert shown[0] == ""
    assert shown[1].startswith("started ")


@pytest.mark.usefixtures("recorded")
def test_ctrl_c_ends_it(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    command = [sys.executable, "-m", "trioproxy", "ledger", "tail", "--json", "--ledger", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert [json.loads(process.stdout.readline())["id"] for _ in range(3)] == ["x1", "x2", "x3"]
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=30)
    assert (process.returncode, rest, error) == (130, "", "")
