"""Visits that are traced, and what their files say."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import trio

from support.proxy import Proxy
from support.visits import Visit
from trioproxy.settings import TraceSettings
from trioproxy.trace.files import read
from trioproxy.trace.records import Event, Lane, Record, Run, What
from trioproxy.trace.traces import Traces

ASKED = (b"x-trioproxy-trace", b"1")
KEY = (b"x-api-key", b"sk-ant-secret")
BODY = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hello"}]}).encode()


def visit(body: Any = BODY, *more: tuple[bytes, bytes], **options: Any) -> Visit:
    """A client with a key that asks for a trace."""
    return Visit(body=body, headers=(ASKED, KEY, *more), **options)


async def here(work: Callable[[], None]) -> None:
    """In no thread: a virtual clock would not wait for it."""
    await trio.lowlevel.checkpoint()
    work()


async def open_traced(
    proxy: Proxy,
    folder: Path,
    *visits: Visit,
    acts: Sequence[Callable[[], Awaitable[None]]] = (),
    **settings: Any,
) -> Traces:
    """`proxy.open`, with a folder of traces, which is written when it returns."""
    traces = Traces(TraceSettings(folder=str(folder), **settings), {"trioproxy": "0"}, hop=here)
    proxy.app.desk = replace(proxy.app.desk, traces=traces)
    async with trio.open_nursery() as nursery:
        await nursery.start(traces.run)
        await proxy.open(*visits, acts=acts)
        traces.close()
    return traces


class Told:
    """What a trace says."""

    def __init__(self, records: Sequence[Record]) -> None:
        [self.run] = [record for record in records if isinstance(record, Run)]
        self.events = [record for record in records if isinstance(record, Event)]

    def lane(self, lane: Lane, *, but: Sequence[What] = ()) -> list[tuple[float, What, str]]:
        """One lane's moments, chunks without their sizes."""
        return [(each.at_s, each.what, each.note) for each in self.events if each.lane is lane and each.what not in but]

    def words(self) -> list[str]:
        """Every lane's moments in their order, chunks and phases left out."""
        return [f"{each.lane} {each.what}" for each in self.events if each.what not in (What.BYTES, What.PHASE)]

    def bytes_in(self, lane: Lane) -> int:
        return sum(each.size_bytes for each in self.events if each.lane is lane)


# `traced(script, *visits, …)`: a fixture of tests/app.
Play = Callable[..., list[Told]]


def told(folder: Path) -> list[Told]:
    """All traces of a folder, oldest first."""
    return [Told(read(path)) for path in sorted(folder.glob("*.jsonl"))]


def only(folder: Path) -> Told:
    [it] = told(folder)
    return it
