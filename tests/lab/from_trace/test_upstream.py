"""What an upstream did, out of what was seen of it."""

from __future__ import annotations

from typing import Any

import pytest
from support.retelling import Moment, written

from trioproxy.lab.from_trace.upstream import GARBAGE, Call
from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    GoAway,
    Head,
    Raw,
    Refuse,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
    Take,
    Unreachable,
)
from trioproxy.rules.lifecycle import Phase
from trioproxy.trace.records import Lane, What

UPSTREAM, PUMP = Lane.UPSTREAM, Lane.PUMP
STREAM = ((b"content-type", b"text/event-stream"),)  # what is taken for granted
HEAD: Moment = (3.0, UPSTREAM, What.HEAD, "200")


def phases(*names: Phase, at_s: float = 0.0) -> list[Moment]:
    return [(at_s + number, PUMP, What.PHASE, name) for number, name in enumerate(names)]


SENT = phases(Phase.CONNECTING, Phase.SENDING, Phase.WAITING)


def script(*moments: Moment, played: Script | None = None, lane: Lane = UPSTREAM, **measures: Any) -> Script:
    return Call(written(*moments, measures=measures), lane, 0, "/v1/messages", played).script()


def test_times_are_from_the_moment_at_which_the_request_was_sent() -> None:
    moments = [*SENT, HEAD, (4.5, UPSTREAM, What.BYTES, b"ab"), (4.75, UPSTREAM, What.BYTES, b"c")]
    told = script(*moments, (5.0, UPSTREAM, What.END, ""))

    assert told.steps == ((1.0, Head(headers=STREAM)), (1.5, Chunk(b"ab")), (0.25, Chunk(b"c")), (0.25, End()))
    assert told.take is Take.WHOLE


def test_or_at_which_it_came_there() -> None:
    told = script((0.0, Lane.CLIENT, What.REQUEST, ""), (1.0, UPSTREAM, What.ASKED, ""), HEAD)

    assert told.steps == ((2.0, Head(headers=STREAM)), (0.0, Silence()))
    assert script((0.5, Lane.CLIENT, What.REQUEST, ""), HEAD).steps[0] == (2.5, Head(headers=STREAM))
    assert script(HEAD).steps[0] == (3.0, Head(headers=STREAM))


@pytest.mark.parametrize(
    ("note", "ending"),
    [
        ("upstream broke off: x closed the connection", Close()),
        ("upstream broke off: x reset the connection in the body", Reset()),
        ("upstream garbled: x", Garble()),
        ("RST", Reset()),
        ("FIN", Close()),
        ("UpstreamTruncated: the script says RstStream in mid-body", RstStream()),
        ("RST_STREAM", RstStream()),
        ("GOAWAY", GoAway()),
        ("refused", Close()),  # once there is a head, it was none
    ],
)
def test_how_it_broke_off(note: str, ending: Ending) -> None:
    assert script(*SENT, HEAD, (4.0, UPSTREAM, What.BROKE, note)).steps[-1] == (1.0, ending)


def test_garbage_where_no_chunk_can_be_garbled() -> None:
    broke = (5.0, UPSTREAM, What.BROKE, "upstream garbled: x")

    assert script(*SENT, broke).steps == ((3.0, Raw(GARBAGE)), (0.0, Close()))
    assert script(*SENT, HEAD, broke, framing="close").steps[1:] == ((2.0, Raw(GARBAGE)), (0.0, Close()))


def test_nobody_answered() -> None:
    refused = (2.5, UPSTREAM, What.BROKE, "upstream refused: cannot connect")

    assert script(*phases(Phase.CONNECTING, at_s=1.0), refused).steps == ((1.5, Refuse()),)
    assert script(*phases(Phase.CONNECTING), (5.0, PUMP, What.CANCELLED, "client left")).steps == (
        (0.0, Unreachable()),
    )
    assert script((5.0, Lane.SETTLE, What.CALL, "connect_failed")).steps == ((0.0, Unreachable()),)


def test_nothing_more_came() -> None:
    cancelled = (9.0, PUMP, What.CANCELLED, "client left")

    assert script(*SENT, cancelled).steps == ((0.0, Silence()),)
    assert script(*SENT, HEAD, cancelled).steps == ((1.0, Head(headers=STREAM)), (0.0, Silence()))


def test_a_request_that_was_not_taken() -> None:
    stuck = phases(Phase.CONNECTING, Phase.SENDING)

    assert script(*stuck, (9.0, PUMP, What.CANCELLED, "upstream silent")).take is Take.NOTHING
    assert script(*stuck, exchange="rejected").take is Take.WHOLE


@pytest.mark.parametrize(
    ("measures", "head", "ending"),
    [
        ({"framing": "close"}, Head(headers=STREAM, framing=Framing.CLOSE), Close()),
        ({"framing": "length", "length_bytes": 2}, Head(headers=STREAM, framing=Framing.LENGTH), End()),
        ({"framing": "length", "length_bytes": 9}, Head(headers=STREAM, framing=Framing.LENGTH, length_bytes=9), End()),
        ({"media_type": "text/html"}, Head(headers=((b"content-type", b"text/html"),)), End()),
    ],
)
def test_what_the_head_said(measures: dict[str, Any], head: Head, ending: Ending) -> None:
    chunk = (4.0, UPSTREAM, What.BYTES, b"ab")
    told = script(*SENT, HEAD, chunk, (5.0, UPSTREAM, What.END, ""), **measures)

    assert (told.steps[0][1], told.ending) == (head, ending)


def test_a_length_that_was_not_reached() -> None:
    broke = (5.0, UPSTREAM, What.BROKE, "upstream broke off: closed")

    assert script(*SENT, HEAD, broke, framing="length", length_bytes=9).ending == Close()
    assert script(*SENT, HEAD, broke, framing="length").ending == Short()


def test_no_body_where_there_cannot_be_one() -> None:
    told = script(*SENT, (3.0, UPSTREAM, What.HEAD, "204"), (3.0, UPSTREAM, What.END, ""))

    assert told.steps[0][1] == Head(204, STREAM, Framing.NONE)


def test_the_script_that_was_played_knows_the_bytes_and_the_head() -> None:
    head = Head(headers=((b"x", b"y"),), framing=Framing.LENGTH, length_bytes=6)
    played = Script.of(head, Chunk(b"abcdef"), End())
    told = script(HEAD, (4.0, UPSTREAM, What.BYTES, 2), (5.0, UPSTREAM, What.BYTES, 3), played=played)

    assert [action for _, action in told.steps] == [head, Chunk(b"ab"), Chunk(b"cde"), Silence()]


def test_of_several_calls_each_has_its_own_outcome() -> None:
    first: list[Moment] = [HEAD, (4.0, UPSTREAM, What.BYTES, 100), (4.0, Lane.SETTLE, What.CALL, "abandoned")]
    told = written(*first, (9.0, Lane.SETTLE, What.CALL, "completed"))

    assert b"message_stop" not in Call(told, UPSTREAM, 0, "/v1/messages").script().body


def test_a_call_that_is_not_in_the_run_is_told_from_its_client() -> None:
    client: list[Moment] = [
        (0.0, Lane.CLIENT, What.REQUEST, "POST /v1/messages"),
        (1.0, Lane.CLIENT, What.HEAD, "200"),
        (2.0, Lane.CLIENT, What.BYTES, 100),
    ]
    whole = script(*client, (2.0, Lane.CLIENT, What.END, ""), lane=Lane.CLIENT)
    cut = script(*client, (2.0, Lane.CLIENT, What.TRUNCATED, ""), lane=Lane.CLIENT)

    assert whole.ending == End()
    assert b"message_stop" in whole.body
    assert cut.ending == Reset()
    assert script(client[0], (1.0, Lane.CLIENT, What.RESET, ""), lane=Lane.CLIENT).steps == ((1.0, Close()),)
