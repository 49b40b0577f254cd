from __future__ import annotations

from trioproxy.lab.explore.shrinking_client import plainer, with_other, without_one
from trioproxy.lab.script import (
    After,
    Ask,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientScript,
    Leave,
    ReadOn,
    Resend,
    StopReading,
)

STOPS = (AtPhase(ClientPhase.HEAD), StopReading())
READS = (After(4.0), ReadOn())
LEAVES = (AtEvent(5), Leave())
COMES_BACK = (After(1.0), Resend(((b"x", b"y"),)))


def steps_of(*steps: object) -> list[tuple[object, ...]]:
    client = ClientScript(Ask(body=b"{}"), steps)  # type: ignore[arg-type]
    return [each.steps for each in plainer(client)]


def test_the_last_deeds_go_then_each_of_them() -> None:
    found = steps_of(STOPS, READS, LEAVES)

    assert found[:5] == [(), (STOPS,), (STOPS, READS), (STOPS, LEAVES), (READS, LEAVES)]


def test_what_cannot_be_told_without_a_deed_is_passed_over() -> None:
    # To ask again without having left is no story.
    assert (COMES_BACK,) not in steps_of(LEAVES, COMES_BACK)


def test_a_deed_comes_sooner_and_a_resend_is_plain() -> None:
    found = steps_of(LEAVES, COMES_BACK)

    assert ((AtEvent(2), Leave()), COMES_BACK) in found
    assert (LEAVES, (After(0.0), COMES_BACK[1])) in found
    assert (LEAVES, (After(1.0), Resend())) in found
    assert steps_of((AtEvent(1), Leave())) == [()]


def test_less_is_asked() -> None:
    ask = Ask(body=b'{"model":"m"}', headers=((b"a", b"1"), (b"b", b"2")))

    asked = [client.ask for client in plainer(ClientScript(ask))]

    assert [(each.body, each.headers) for each in asked] == [
        (b"{}", ask.headers),
        (ask.body, ((b"a", b"1"),)),
        (ask.body, ((b"b", b"2"),)),
    ]


def test_things_without_one_and_with_another() -> None:
    assert list(without_one("abc")) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert with_other("abc", 1, "x") == ("a", "x", "c")
