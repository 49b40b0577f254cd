"""Stories of clients: which can be told, and which cannot."""

from __future__ import annotations

import pytest

from trioproxy.lab.script import (
    After,
    AtByte,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientScript,
    ClientStep,
    Going,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    SendMore,
    StopReading,
)

GO: ClientStep = (AtEvent(3), Leave(Going.RST))


def test_a_client_without_steps_stays() -> None:
    assert not ClientScript().leaves


def test_a_client_that_comes_back_does_not_leave_for_good() -> None:
    assert ClientScript(steps=(GO,)).leaves
    assert not ClientScript(steps=(GO, (After(1.0), Resend()))).leaves


def test_all_deeds_can_follow_each_other_while_it_is_there() -> None:
    steps: tuple[ClientStep, ...] = (
        (AtPhase(ClientPhase.WAITING), SendMore()),
        (AtByte(1), StopReading()),
        (After(5.0), ReadSlowly(100)),
        (After(5.0), ReadOn()),
        (AtPhase(ClientPhase.ENDED), Leave()),
        (After(0.5), Resend(((b"x", b"y"),))),
        (AtEvent(1), Leave()),
    )

    assert ClientScript(steps=steps).leaves


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (((After(-1.0), Leave()),), "cannot happen 1.0 s before"),
        (((AtByte(0), Leave()),), "the first is 1"),
        (((AtEvent(0), Leave()),), "the first is 1"),
        ((GO, (After(0.0), StopReading())), "can only Resend"),
        ((GO, (AtEvent(1), Resend())), "can only Resend"),
        (((After(0.0), Resend()),), "Resend before Leave"),
        (((After(0.0), ReadSlowly(0)),), "at least 1 byte"),
    ],
)
def test_a_story_that_cannot_be_told(steps: tuple[ClientStep, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ClientScript(steps=steps)
