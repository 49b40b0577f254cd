from __future__ import annotations

from support.exploring import our_proxy, play

from trioproxy.lab.answers import message_stream
from trioproxy.lab.explore.case import Case, Scenario
from trioproxy.lab.explore.stage import Happened
from trioproxy.lab.script import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientScript,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    SendMore,
    StopReading,
    Story,
)

SCRIPT = message_stream("One two.").script(head_after_s=1.0, every_s=1.0)


def tell(*steps: object) -> Happened:
    story = Story("test", (SCRIPT,), (ClientScript(Ask(), tuple(steps)),))  # type: ignore[arg-type]
    [happened] = play(Case(Scenario("test", "", story), 0), subject=our_proxy())
    return happened


def left_at(when: object) -> float | None:
    return tell((when, Leave())).visits[0].left_at


def test_it_leaves_when_the_script_says() -> None:
    first, second = (len(action.data) for _, action in SCRIPT.steps[1:3])  # type: ignore[union-attr]

    assert left_at(After(2.5)) == 2.5
    assert left_at(AtEvent(3)) == 4.0
    assert left_at(AtByte(first)) == 2.0
    assert left_at(AtByte(first + 1)) == 3.0
    assert left_at(AtByte(first + second + 1)) == 4.0


def test_it_leaves_in_each_phase() -> None:
    found = {phase: left_at(AtPhase(phase)) for phase in ClientPhase}

    assert found == {
        ClientPhase.CONNECTED: 0.0,
        ClientPhase.SENDING: 0.0,
        ClientPhase.WAITING: 0.0,
        ClientPhase.HEAD: 1.0,
        ClientPhase.STREAMING: 2.0,
        ClientPhase.ENDED: None,  # it has its answer
    }


def test_what_never_comes_is_not_waited_for() -> None:
    happened = tell((AtByte(1_000_000), Leave()), (After(1.0), Resend()))

    assert [visit.finished for visit in happened.visits] == [True, True]


def test_it_asks_again_with_more_headers() -> None:
    happened = tell((AtEvent(1), Leave()), (After(2.0), Resend(((b"x-again", b"1"),))))

    first, second = happened.visits
    assert (first.left_at, second.asked_at) == (2.0, 4.0)
    assert not first.finished
    assert second.finished
    assert (b"x-again", b"1") in second.scope["headers"]


def test_it_reads_as_it_likes() -> None:
    happened = tell(
        (AtPhase(ClientPhase.HEAD), StopReading()),
        (After(20.0), ReadSlowly(1000)),
        (After(0.0), SendMore()),
        (After(5.0), ReadOn()),
    )

    [visit] = happened.visits
    assert visit.finished
    assert visit.over_at == 26.0
