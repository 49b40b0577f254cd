"""One run: what each side saw, measured; without a proxy, so that what is measured is known."""

from __future__ import annotations

import pytest
import trio

from trioproxy.lab.guest.line import Way
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.ports import free_ports
from trioproxy.lab.wire.cells import Cell, chosen
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import scene
from trioproxy.lab.wire.target import Asking
from trioproxy.lab.wire.trial import Outcome, Trial
from trioproxy.trace.records import What


async def tried(word: str, patience_s: float = 5) -> Outcome:
    [cell] = chosen([word], ["h1"])
    assert isinstance(cell, Cell)
    played, port = scene(cell), free_ports(1)[0]
    async with Stage.set_up(port, played.script) as stage:
        return await Trial(stage, played, cell, Asking(), patience_s).run(Way(("127.0.0.1", port)))


@pytest.mark.parametrize("when", ["waiting for the head", "head received", "between chunks", "between chunks, silent"])
async def test_who_leaves_is_told_of(when: str):
    outcome = await tried(f"FIN/{when}")

    assert outcome.measures["reached"] is True
    assert outcome.measures[Measure.TOLD] is True
    assert 0 <= float(outcome.measures[Measure.ABORT_MS] or 0) < 1000
    assert not outcome.waited
    order = [event.what for event in outcome.events]
    assert order.index(What.ASKED) < order.index(What.LEFT) < order.index(What.TOLD)
    assert [event.at_s for event in outcome.events] == sorted(event.at_s for event in outcome.events)


async def test_who_never_asked_is_nobody_to_be_told_of():
    outcome = await tried("FIN/connected")
    assert outcome.measures[Measure.TOLD] is None
    assert outcome.measures["asked_after"] is False


async def test_after_the_end_there_is_nothing_to_be_told():
    assert (await tried("FIN/after the last chunk")).measures[Measure.TOLD] is None


async def test_a_half_closed_client_reads_on_and_sees_how_it_ends():
    # The scripted upstream takes a FIN for a departure.
    outcome = await tried("half-close/waiting")
    assert outcome.measures[Measure.SAW] == Saw.TRUNCATION
    assert outcome.measures[Measure.LIE] is False


async def answers_at_eof(stream: trio.SocketStream) -> None:
    """A proxy that answers whatever it has got of a request, and ends that well."""
    async for _ in stream:
        pass
    await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK")
    await stream.aclose()


async def test_a_half_closed_client_that_gets_a_clean_end_where_there_is_none_is_lied_to():
    [cell] = chosen(["half-close/sending"], ["h1"])
    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, answers_at_eof, [listener])
        way = Way(listener.socket.getsockname())
        outcome = await Trial(Stage.nobody(1), scene(cell), cell, Asking(), 5).run(way)
        nursery.cancel_scope.cancel()

    assert outcome.measures[Measure.SAW] == Saw.CLEAN_END
    assert outcome.measures[Measure.LIE] is True


async def test_patience_ends_what_would_not_end():
    outcome = await tried("silence in mid-stream", patience_s=0.2)
    assert outcome.waited
    assert outcome.measures[Measure.SAW] == Saw.HANG


@pytest.mark.parametrize(
    ("word", "saw"),
    [
        ("none", Saw.CLEAN_END),
        ("gzip", Saw.CLEAN_END),
        ("split", Saw.CLEAN_END),
        ("one byte", Saw.CLEAN_END),
        ("1xx", Saw.CLEAN_END),
        ("short", Saw.TRUNCATION),
        ("reset", Saw.RESET),
    ],
)
async def test_what_a_client_saw_is_the_truth_without_a_proxy(word: str, saw: Saw):
    outcome = await tried(word)
    assert outcome.measures[Measure.SAW] == saw
    assert outcome.measures[Measure.LIE] is False
