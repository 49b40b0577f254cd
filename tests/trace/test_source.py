"""A source that notes is the source it notes on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
import trio.testing

from trioproxy.errors import UpstreamError, UpstreamTruncated
from trioproxy.lab.script import Chunk, Close, End, Framing, Head, Interim, Refuse, Reset, Script, Silence
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import Arrival, Plan
from trioproxy.rules.lifecycle import Phase
from trioproxy.trace.notes import Notes, Room
from trioproxy.trace.records import Event, Lane, Run, Value, What
from trioproxy.trace.source import NotingSource

PLAN = Plan("POST", "http://upstream", b"/v1/messages", (), b"{}")


class Progress:
    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def enter(self, phase: Phase) -> None:
        self.phases.append(phase)

    async def permission(self) -> None:
        await trio.lowlevel.checkpoint()


class Stand:
    """A noting source in front of a script."""

    def __init__(self, script: Script) -> None:
        self.notes = Notes(Arrival("id", 0.0, "POST", b"/", b"", (), "1.1"), "asked for", Room(10**6), lambda _: None)
        self.inner = ScriptedSource(script)
        self.source = NotingSource(self.inner, self.notes)
        self.progress = Progress()

    async def read(self) -> bytes:
        body = b""
        async with self.source.open(PLAN, self.progress) as answer:
            while chunk := await answer.receive():
                body += chunk
        return body

    def told(self) -> Sequence[tuple[float, Lane, What, str]]:
        events = [each for each in self.notes.records({}) if isinstance(each, Event)]
        return [(each.at_s, each.lane, each.what, each.note or str(each.size_bytes or "")) for each in events]

    def measures(self) -> dict[str, Value]:
        [run] = [each for each in self.notes.records({}) if isinstance(each, Run)]
        return run.measures


async def test_an_answer_passes_as_it_is(autojump_clock: trio.testing.MockClock) -> None:
    stand = Stand(Script.of(Interim(), 1.0, Head(status=201), 1.0, Chunk(b"ab"), 1.0, Chunk(b"c"), 1.0, End()))

    assert await stand.read() == b"abc"
    assert stand.told() == [
        (1.0, Lane.UPSTREAM, What.HEAD, "201"),
        (2.0, Lane.UPSTREAM, What.BYTES, "2"),
        (3.0, Lane.UPSTREAM, What.BYTES, "1"),
        (4.0, Lane.UPSTREAM, What.END, ""),
    ]
    assert stand.progress.phases == stand.inner.calls[0].phases
    assert stand.source.cancelled is None


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (Script.of(Refuse()), [What.BROKE, What.CLOSED]),
        (Script.of(Close()), [What.BROKE, What.CLOSED]),
        (Script.of(Head(), Chunk(b"a"), Reset()), [What.HEAD, What.BYTES, What.BROKE, What.CLOSED]),
    ],
)
async def test_a_break_is_told_once_and_raised(script: Script, told: list[What]) -> None:
    stand = Stand(script)

    with pytest.raises(UpstreamError):
        await stand.read()

    assert [what for _, _, what, _ in stand.told()] == told
    assert not stand.inner.open_calls


async def test_a_fault_of_whoever_reads_is_no_break() -> None:
    stand = Stand(Script.of(Head(), Chunk(b"a"), End()))

    with pytest.raises(UpstreamTruncated):
        async with stand.source.open(PLAN, stand.progress):
            raise UpstreamTruncated("of another call")

    assert [what for _, _, what, _ in stand.told()] == [What.HEAD, What.CLOSED]


@pytest.mark.parametrize("script", [Script.of(Silence()), Script.of(Head(), Silence())])
async def test_a_cancellation_is_noted_where_it_arrives(script: Script, autojump_clock: trio.testing.MockClock) -> None:
    stand = Stand(script)
    with trio.move_on_after(5.0):
        await stand.read()

    assert [(at_s, lane, what) for at_s, lane, what, _ in stand.told()][-2:] == [
        (5.0, Lane.PUMP, What.CANCELLED),
        (5.0, Lane.UPSTREAM, What.CLOSED),
    ]
    assert stand.source.cancelled is not None


@pytest.mark.parametrize(
    ("head", "framing"),
    [
        (Head(), "chunked"),
        (Head(framing=Framing.LENGTH), "length"),
        (Head(framing=Framing.CLOSE), "close"),
    ],
)
async def test_what_a_head_says_of_its_body(head: Head, framing: str) -> None:
    stand = Stand(Script.of(head, Chunk(b"a"), End()))
    await stand.read()

    assert stand.measures()["framing"] == framing


async def test_a_head_says_no_more_than_that() -> None:
    headers = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"set-cookie", b"secret"))
    stand = Stand(Script.of(Head(headers=(*headers, (b"content-encoding", b"gzip"))), End()))
    await stand.read()

    assert stand.measures() == {
        "status": 200,
        "media_type": "text/event-stream",
        "content_coding": "gzip",
        "framing": "chunked",
        "length_bytes": None,
        "dropped_events": 0,
    }
