"""What a client did, out of what was seen of it."""

from __future__ import annotations

import pytest
from support.retelling import Moment, written

from trioproxy.lab.from_trace.client import client_script
from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtPhase,
    ClientPhase,
    ClientStep,
    Going,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    StopReading,
)
from trioproxy.rules.lifecycle import Phase
from trioproxy.trace.records import Lane, What

CLIENT, PUMP, UPSTREAM = Lane.CLIENT, Lane.PUMP, Lane.UPSTREAM
ASKED: Moment = (0.5, CLIENT, What.REQUEST, "POST /v1/messages")
HEAD: Moment = (1.0, CLIENT, What.HEAD, "200")
AT_HEAD = AtPhase(ClientPhase.HEAD)


def left(at_s: float, how: str = "") -> Moment:
    return at_s, CLIENT, What.LEFT, how


def came(at_s: float, size: int, later_s: float = 0.0) -> tuple[Moment, Moment]:
    """A chunk from the upstream, and handed to the client."""
    return (at_s, UPSTREAM, What.BYTES, size), (at_s + later_s, CLIENT, What.BYTES, size)


@pytest.mark.parametrize(
    ("moments", "steps"),
    [
        ([ASKED, HEAD, *came(2.0, 10), (2.0, CLIENT, What.END, "")], ()),
        ([ASKED, left(2.75)], ((After(2.25), Leave()),)),
        ([ASKED, HEAD, left(1.001)], ((AT_HEAD, Leave()),)),
        ([ASKED, HEAD, left(3.0, "RST")], ((AT_HEAD, ReadOn()), (After(2.0), Leave(Going.RST)))),
        ([ASKED, HEAD, *came(2.0, 10), *came(3.0, 5), left(3.0)], ((AtByte(15), Leave()),)),
        (
            [ASKED, HEAD, *came(2.0, 10), left(2.5, "RST_STREAM")],
            ((AtByte(10), ReadOn()), (After(0.5), Leave(Going.RST_STREAM))),
        ),
        (
            [ASKED, HEAD, *came(2.0, 10), left(2.5), (4.0, CLIENT, What.REQUEST, "POST /v1/messages")],
            ((AtByte(10), ReadOn()), (After(0.5), Leave()), (After(1.5), Resend())),
        ),
    ],
)
def test_how_it_left(moments: list[Moment], steps: tuple[ClientStep, ...]) -> None:
    script = client_script(written(*moments), 0, Ask())

    assert script.steps == steps


def test_a_client_that_was_behind_had_stopped_reading() -> None:
    sent = [(1.0 + second, UPSTREAM, What.BYTES, 10) for second in range(3)]
    script = client_script(written(ASKED, HEAD, *sent, (1.0, CLIENT, What.BYTES, 10), left(5.0)), 0, Ask())

    assert script.steps == ((AtByte(10), StopReading()), (After(4.0), Leave()))


@pytest.mark.parametrize(("more", "when"), [([], AT_HEAD), ([*came(2.0, 10)], AtByte(10))])
def test_a_client_that_was_given_up_reads_no_more(more: list[Moment], when: AtPhase | AtByte) -> None:
    moments = [ASKED, HEAD, *more, left(9.0), (9.0, CLIENT, What.STALLED, "")]

    assert client_script(written(*moments), 0, Ask()).steps == ((when, StopReading()),)


def test_a_client_that_the_pump_had_to_wait_for_reads_slowly() -> None:
    blocked: list[Moment] = [(1.0, PUMP, What.PHASE, Phase.BLOCKED), (6.0, PUMP, What.PHASE, Phase.STREAMING)]
    moments = [ASKED, HEAD, *came(1.0, 1000), *came(1.0, 3000, later_s=8.0), *blocked]
    slowly = (AT_HEAD, ReadSlowly(500))

    assert client_script(written(*moments), 0, Ask()).steps == (slowly,)
    assert client_script(written(*moments, left(9.5)), 0, Ask()).steps == (
        slowly,
        (AtByte(4000), ReadSlowly(500)),
        (After(8.5), Leave()),
    )
