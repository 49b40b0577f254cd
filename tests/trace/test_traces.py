"""The task that writes traces: nothing of it reaches a client, and what can be written is."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from trioproxy.model import Arrival
from trioproxy.rules.ids import uuid7
from trioproxy.settings import TraceSettings
from trioproxy.trace import traces as subject
from trioproxy.trace.files import read
from trioproxy.trace.folder import Folder
from trioproxy.trace.notes import Notes
from trioproxy.trace.records import Lane, Run, Value, What
from trioproxy.trace.traces import LAST_S, Traces

HEADERS = ((b"x-trioproxy-trace", b"1"),)


def begin(traces: Traces, number: int = 0) -> Notes:
    arrival = Arrival(uuid7(1000.0 + number, bytes(10)), 0.0, "POST", b"/", b"", HEADERS, "1.1")
    notes = traces.begin(arrival, "127.0.0.1")
    assert notes is not None
    return notes


def traces_in(folder: Path, **settings: Any) -> Traces:
    return Traces(TraceSettings(folder=str(folder), **settings), {})


def dropped(folder: Path) -> list[Value]:
    runs = [record for path in folder.iterdir() for record in read(path) if isinstance(record, Run)]
    return [run.measures["dropped_events"] for run in runs]


def count(folder: Path) -> int:
    return len(list(folder.glob("*.jsonl")))


async def until(fact: Callable[[], bool]) -> None:
    with trio.fail_after(10):
        while not fact():
            await trio.lowlevel.checkpoint()


async def test_each_is_written_when_it_is_over(tmp_path: Path) -> None:
    traces = traces_in(tmp_path)
    async with trio.open_nursery() as nursery:
        await nursery.start(traces.run)
        first, second = begin(traces, 1), begin(traces, 2)
        first.end_part()
        await until(lambda: count(tmp_path) == 1)
        second.end_part()
        await until(lambda: count(tmp_path) == 2)
        traces.close()
    assert traces.ended.is_set()
    assert traces.dropped == 0


async def test_who_is_not_chosen_has_no_notes(tmp_path: Path) -> None:
    arrival = Arrival("id", 0.0, "POST", b"/", b"", HEADERS, "1.1")

    assert traces_in(tmp_path).begin(arrival, "192.0.2.1") is None


async def test_what_is_nothing_to_tell_is_not_written(tmp_path: Path) -> None:
    traces = traces_in(tmp_path)
    notes = begin(traces)
    notes.void = True
    notes.end_part()
    traces.close()
    await traces.run()

    assert count(tmp_path) == 0


async def test_when_it_is_closed_what_waits_is_written(tmp_path: Path) -> None:
    traces = traces_in(tmp_path)
    begin(traces).end_part()
    traces.close()
    await traces.run()

    assert count(tmp_path) == 1


async def test_cancelled_it_waits_for_those_that_are_being_cancelled(tmp_path: Path) -> None:
    traces = traces_in(tmp_path)

    async def request() -> None:
        notes = begin(traces)
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                for _ in range(9):  # it takes longer to end than the writer to be cancelled
                    await trio.lowlevel.checkpoint()
            notes.end_part()

    async with trio.open_nursery() as nursery:
        await nursery.start(traces.run)
        nursery.start_soon(request)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert count(tmp_path) == 1


async def test_it_does_not_wait_for_ever(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    traces = traces_in(tmp_path)
    begin(traces)
    traces.close()
    await traces.run()

    assert trio.current_time() == LAST_S
    assert "1 traces were not written" in caplog.text


async def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    folder = tmp_path / "traces"
    folder.write_text("a file is in the way")
    traces = traces_in(folder)
    async with trio.open_nursery() as nursery:
        await nursery.start(traces.run)
        for number in range(3):
            begin(traces, number).end_part()
        await until(lambda: traces.dropped == 3)
        folder.unlink()
        begin(traces, 4).end_part()
        await until(lambda: count(folder) == 1)
        traces.close()

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert "no trace can be written" in said[0]
    assert "3 were lost" in said[1]
    assert "3 traces were not written" in said[2]


async def test_a_disk_that_hangs_costs_traces_and_nothing_else(
    tmp_path: Path, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(Folder, "keep", lambda *_: hangs.wait(30))
    traces = traces_in(tmp_path)
    for number in range(3):
        begin(traces, number).end_part()
    traces.close()
    await traces.run()

    assert trio.current_time() == LAST_S
    assert traces.dropped == 3
    hangs.set()


async def test_a_bug_in_writing_is_no_error_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traces = traces_in(tmp_path)
    notes = begin(traces)
    monkeypatch.setattr(notes, "records", lambda _: 1 / 0)
    notes.end_part()
    traces.close()
    await traces.run()

    assert traces.dropped == 1


async def test_what_is_late_is_late_and_not_empty(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    given_up: list[Callable[[], None]] = []

    async def hop(work: Callable[[], None]) -> None:
        given_up.append(work)
        await trio.sleep_forever()

    traces = Traces(TraceSettings(folder=str(tmp_path)), {}, hop=hop)
    notes = begin(traces)
    notes.note(Lane.CLIENT, What.REQUEST)
    notes.end_part()
    traces.close()
    await traces.run()
    assert traces.dropped == 1
    given_up[0]()  # the thread goes on

    assert len(read(tmp_path / f"{notes.id}.jsonl")) == 3


async def test_old_traces_that_cannot_be_removed_are_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / f"{uuid7(1.0, bytes(10))}.jsonl").mkdir()
    traces = traces_in(tmp_path, max_files=1)
    for number in range(2):
        begin(traces, number).end_part()
    traces.close()
    await traces.run()

    assert traces.dropped == 0
    [said] = caplog.messages
    assert "traces are written" in said
    assert "cannot be removed" in said


async def test_so_many_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subject, "MOST", 2)
    traces = traces_in(tmp_path)
    first, _ = begin(traces, 1), begin(traces, 2)
    first.end_part()  # still waits for the disk
    arrival = Arrival("id", 0.0, "POST", b"/", b"", HEADERS, "1.1")

    for _ in range(2):
        assert traces.begin(arrival, "127.0.0.1") is None
    assert traces.dropped == 2
    [said] = caplog.messages
    assert "2 requests are noted on" in said


async def test_what_was_written_is_let_go(tmp_path: Path) -> None:
    traces = Traces(TraceSettings(folder=str(tmp_path)), {}, chance=os.urandom, room_bytes=800)
    async with trio.open_nursery() as nursery:
        await nursery.start(traces.run)
        for number in range(20):
            notes = begin(traces, number)
            for _ in range(3):
                notes.phase("blocked")
            notes.end_part()
            await until(lambda: traces._room._left_bytes == 800)
        traces.close()

    assert dropped(tmp_path) == [0] * 20
