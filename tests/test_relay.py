from __future__ import annotations

import pytest
import trio
from support.seeds import over_seeds
from support.stage import ERROR_EVENT, LAST_EVENT, Stage, at

from trioproxy.errors import UpstreamTruncated
from trioproxy.lab.script import Chunk, Close, End, Framing, Head, Interim, Reset, Script, Short, Silence
from trioproxy.model import CallOutcome, Reading
from trioproxy.rules.lifecycle import Cause, Phase

SSE = ((b"content-type", b"text/event-stream"),)
WHOLE = Script.of(1.0, Interim(), Head(headers=SSE), 0.5, Chunk(b"one "), 0.25, Chunk(LAST_EVENT), 0.25, End())


def test_a_whole_answer() -> None:
    async def story() -> Stage:
        script = Script.of(
            1.0, Head(201, ((b"request-id", b"req_1"),)), 0.5, Chunk(b"one "), 0.25, Chunk(LAST_EVENT), 0.25, End()
        )
        stage = Stage(script, body=b"{}")
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        receipt = settled.receipt
        assert (settled.phase, settled.cause) == (Phase.ENDED, None)
        assert receipt.outcome is CallOutcome.COMPLETED
        assert (receipt.status, receipt.request_id, receipt.error) == (201, "req_1", None)
        assert (receipt.ttfb_ms, receipt.duration_ms, receipt.detached_ms) == (1500, 2000, 0)
        assert receipt.bytes_in == len(stage.script.body)
        assert receipt.reading == Reading(ended=True)
        assert stage.reader.whole
        assert stage.relay.whole
        assert stage.meter.ends == 1
        [call] = stage.scripted.calls
        assert call.body == b"{}"


def test_each_chunk_is_on_its_way_the_moment_it_comes() -> None:
    async def story() -> list[tuple[float, bytes]]:
        stage = Stage(WHOLE)
        arrivals: list[tuple[float, bytes]] = []

        async def note(stage: Stage) -> None:
            while len(stage.reader.body) < len(WHOLE.body):
                before = len(stage.reader.chunks)
                await trio.sleep(0.05)
                arrivals.extend((trio.current_time(), chunk) for chunk in stage.reader.chunks[before:])

        await stage.play(note)
        return arrivals

    for _, arrivals in over_seeds(story, 5):
        assert [chunk for _, chunk in arrivals] == [b"one ", LAST_EVENT]
        assert [at_s for at_s, _ in arrivals] == pytest.approx([1.5, 1.75], abs=0.051)


@pytest.mark.parametrize("name", [b"request-id", b"X-Request-Id"])
async def test_the_upstreams_request_id(name: bytes, autojump_clock: trio.abc.Clock) -> None:
    stage = Stage(Script.of(Head(headers=((name, b"r\xe9q"),)), End()))
    settled = await stage.play()
    assert settled.receipt.request_id == "réq"


@pytest.mark.parametrize("by_protocol", [True, False])
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
@pytest.mark.parametrize("last", [LAST_EVENT, ERROR_EVENT, b"nothing"])
def test_how_an_answer_that_ended_as_framed_is_booked_and_passed_on(
    by_protocol: bool, framing: Framing, last: bytes
) -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(Head(framing=framing), Chunk(b"one "), Chunk(last), End()), by_protocol=by_protocol)
        await stage.play()
        return stage

    framed = framing is not Framing.CLOSE
    if last == LAST_EVENT:
        outcome = CallOutcome.COMPLETED
    elif by_protocol or not framed:
        outcome = CallOutcome.UPSTREAM_ERROR if last == ERROR_EVENT else CallOutcome.TRUNCATED
    else:
        outcome = CallOutcome.COMPLETED
    # Only an event stream that lacks both its last event and a framing of its own is broken off.
    broken_off = by_protocol and not framed and last != LAST_EVENT
    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.receipt.outcome is outcome
        assert stage.reader.body == stage.script.body
        assert stage.reader.whole is not broken_off
        assert stage.meter.ends == framed  # the end of a connection concludes nothing
        if last == ERROR_EVENT and not broken_off:
            assert settled.receipt.error == "the stream's own error"


@pytest.mark.parametrize("ending", [Close(), Reset()])
@pytest.mark.parametrize(
    ("last", "outcome"), [(LAST_EVENT, CallOutcome.COMPLETED), (ERROR_EVENT, CallOutcome.UPSTREAM_ERROR)]
)
def test_what_breaks_after_the_last_event_takes_nothing_back(
    ending: Close | Reset, last: bytes, outcome: CallOutcome
) -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(Head(), Chunk(last), ending))
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.receipt.outcome is outcome
        assert isinstance(stage.reader.failure, UpstreamTruncated)
        assert stage.reader.body == last


def test_a_body_shorter_than_its_content_length() -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(Head(framing=Framing.LENGTH), Chunk(b"{"), Short(7)), by_protocol=False)
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.TRUNCATED
        assert isinstance(stage.reader.failure, UpstreamTruncated)


@pytest.mark.parametrize("cause", [Cause.CLIENT_LEFT, Cause.CLIENT_STALLED])
@pytest.mark.parametrize("leaves_at_s", [1.75, 1.9, 2.0])
def test_a_client_that_leaves_once_it_has_the_last_event(cause: Cause, leaves_at_s: float) -> None:
    async def story() -> Stage:
        stage = Stage(WHOLE)

        async def leave(stage: Stage) -> None:
            await trio.sleep_until(leaves_at_s)
            while stage.reader.body != WHOLE.body:
                await trio.lowlevel.checkpoint()
            stage.reader.seat.leave(cause)

        await stage.play(leave)
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert stage.relay.whole


# Two causes at the same moment: which one it was is read from the structure.


@pytest.mark.parametrize("phase_s", [0.5, 1.25, 1.6])
def test_a_shutdown_and_a_departure_at_the_same_moment_are_a_shutdown(phase_s: float) -> None:
    async def story() -> Stage:
        stage = Stage(WHOLE)
        await stage.play(
            at(phase_s, lambda stage: stage.reader.seat.leave(Cause.CLIENT_LEFT)),
            at(phase_s, lambda stage: stage.house.close()),
        )
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.cause is Cause.SHUTDOWN
        assert settled.receipt.outcome is CallOutcome.SHUTDOWN
        assert settled.receipt.error == "ShuttingDown: the proxy is shutting down"


def test_a_departure_because_of_the_shutdown_is_a_shutdown() -> None:
    async def story() -> Stage:
        stage = Stage(WHOLE)
        await stage.play(at(1.25, lambda stage: stage.reader.seat.leave(Cause.SHUTDOWN)))
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.SHUTDOWN


def test_a_departure_and_a_timeout_at_the_same_moment_are_one_of_both() -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(Silence()), limits_s={Phase.WAITING: 3.0})
        await stage.play(at(3.0, lambda stage: stage.reader.seat.leave(Cause.CLIENT_LEFT)))
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        pair = (settled.cause, settled.receipt.outcome)
        assert pair in {
            (Cause.CLIENT_LEFT, CallOutcome.ABANDONED),
            (Cause.UPSTREAM_SILENT, CallOutcome.TIMEOUT),
        }


def test_leaving_before_the_relay_has_taken_its_first_step() -> None:
    async def story() -> Stage:
        stage = Stage(WHOLE)
        stage.on_start = lambda: stage.relay.sit().leave(Cause.CLIENT_LEFT)
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert (settled.phase, settled.cause) == (Phase.CONNECTING, Cause.CLIENT_LEFT)
        assert settled.receipt.outcome is CallOutcome.ABANDONED
        assert not any(call.permitted for call in stage.scripted.calls)
