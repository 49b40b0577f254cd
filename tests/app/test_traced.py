"""What a trace says of a request, for every way in which it can be served and can end."""

from __future__ import annotations

import pytest
from support.tracing import BODY, KEY, Play, visit
from support.visits import Visit, at

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Chunk, End, Head, Refuse, Reset, Script, Silence
from trioproxy.rules.lifecycle import Phase
from trioproxy.seat import LIMIT_BYTES
from trioproxy.trace.records import Lane, What

ANSWER = message_stream("One two three.")
# The head after 2 s, then an event every half second.
SLOW = ANSWER.script(head_after_s=2.0, every_s=0.5)
CLIENT, SEAT, PUMP, UPSTREAM, SETTLE = Lane


def test_a_whole_answer(traced: Play) -> None:
    guest = visit()
    [it] = traced(SLOW, guest)

    assert it.words() == [
        "client request", "seat sat", "upstream head", "client head", "upstream end", "settle call",
        "seat end", "client end", "settle exchange",
    ]  # fmt: skip
    assert it.lane(CLIENT, but=[What.BYTES]) == [
        (0.0, What.REQUEST, "POST /v1/messages"),
        (2.0, What.HEAD, "200"),
        (SLOW_ENDS_S, What.END, ""),
    ]
    assert [(when, note) for when, what, note in it.lane(PUMP) if what is What.PHASE] == [
        (0.0, Phase.CONNECTING),
        (0.0, Phase.SENDING),
        (0.0, Phase.WAITING),
        (2.0, Phase.STREAMING),
        (SLOW_ENDS_S, Phase.ENDED),
    ]
    assert it.bytes_in(UPSTREAM) == it.bytes_in(CLIENT) == len(ANSWER.body)
    sizes = [event.size_bytes for event in it.events if event.lane is UPSTREAM and event.what is What.BYTES]
    assert sizes == [len(part) for part in ANSWER.parts]
    assert it.lane(SETTLE) == [(SLOW_ENDS_S, What.CALL, "completed"), (SLOW_ENDS_S, What.EXCHANGE, "delivered")]
    assert it.run.cell == {
        "why": "asked for", "protocol": "HTTP/1.1", "provider": "anthropic", "served by": "call",
    }  # fmt: skip
    assert it.run.measures["media_type"] == "text/event-stream"
    assert guest.header(b"x-trioproxy-trace") == guest.header(b"x-trioproxy-id") == it.run.id.encode()


SLOW_ENDS_S = 2.0 + 0.5 * len(ANSWER.parts)


def test_a_departure(traced: Play) -> None:
    guest = visit()
    [it] = traced(SLOW, guest, acts=lambda _: [at(3.2, guest.leave)])

    assert it.words()[4:] == [
        "client left", "seat left", "pump cancelled", "upstream closed", "settle call", "settle exchange",
    ]  # fmt: skip
    assert {event.at_s for event in it.events if event.at_s > 3.0} == {3.2}
    assert it.lane(PUMP)[-1] == (3.2, What.CANCELLED, "client left")
    assert it.lane(SETTLE) == [(3.2, What.CALL, "abandoned"), (3.2, What.EXCHANGE, "client_left")]


def test_a_departure_from_a_call_that_lives_on(traced: Play) -> None:
    guest = visit()
    [it] = traced(SLOW, guest, acts=lambda _: [at(3.2, guest.leave)], disconnect={"policy": "drain"})

    assert [words for words in it.words() if words.startswith(("settle", "pump", "upstream"))] == [
        "upstream head", "settle exchange", "upstream end", "settle call",
    ]  # fmt: skip
    assert it.lane(SETTLE) == [(3.2, What.EXCHANGE, "client_left"), (SLOW_ENDS_S, What.CALL, "completed")]
    assert it.run.measures["detached_ms"] == pytest.approx((SLOW_ENDS_S - 3.2) * 1000)


def test_a_departure_before_all_of_the_request_was_there(traced: Play) -> None:
    guest = visit([(0.0, b"{"), (5.0, b"}")])
    [it] = traced(SLOW, guest, acts=lambda _: [at(1.0, guest.leave)])

    assert it.words() == ["client request", "client left", "settle exchange"]


@pytest.mark.parametrize(
    ("script", "broke", "call", "code"),
    [
        (Script.of(Refuse()), "upstream refused: ", "connect_failed", "upstream_connect_failed"),
        (Script.of(1.0, Reset()), "upstream broke off: ", "truncated", "upstream_closed"),
    ],
)
def test_an_upstream_that_breaks_before_a_head(traced: Play, script: Script, broke: str, call: str, code: str) -> None:
    [it] = traced(script, visit())

    assert it.words() == [
        "client request", "seat sat", "upstream broke", "upstream closed", "settle call", "seat failed",
        "client head", "client end", "settle exchange",
    ]  # fmt: skip
    assert it.lane(UPSTREAM)[0][2].startswith(broke)
    assert it.lane(SEAT)[-1][2].startswith(code)
    assert [note for _, _, note in it.lane(SETTLE)] == [call, "upstream_failed"]
    assert it.run.cell["served by"] == "proxy"


def test_an_upstream_that_breaks_in_mid_body(traced: Play) -> None:
    [it] = traced(Script.of(Head(), Chunk(b"a"), 1.0, Reset()), visit())

    assert it.words()[-6:] == [
        "upstream broke", "upstream closed", "settle call", "seat failed", "client truncated", "settle exchange",
    ]  # fmt: skip
    assert it.lane(SETTLE) == [(1.0, What.CALL, "truncated"), (1.0, What.EXCHANGE, "upstream_failed")]


def test_a_silence_is_a_cancellation_of_ours(traced: Play) -> None:
    [it] = traced(Script.of(Head(), Chunk(b"a"), Silence()), visit(), limits_s={Phase.STREAMING: 9.0})

    assert it.lane(PUMP)[-1][1:] == (What.CANCELLED, "upstream silent")
    assert it.lane(CLIENT)[-1][1] is What.TRUNCATED


def test_a_shutdown(traced: Play) -> None:
    [it] = traced(SLOW, visit(), acts=lambda proxy: [at(3.2, proxy.house.close)])

    assert it.lane(PUMP)[-1] == (3.2, What.CANCELLED, "shutdown")
    assert it.lane(SETTLE) == [(3.2, What.CALL, "shutdown"), (3.2, What.EXCHANGE, "shutdown")]
    assert it.lane(CLIENT)[-1][1] is What.TRUNCATED


def test_a_request_that_is_cancelled_from_outside(traced: Play) -> None:
    guest = visit()
    [it] = traced(SLOW, guest, acts=lambda _: [at(3.2, guest.server_scope.cancel)])

    assert it.lane(CLIENT)[-1] == (3.2, What.TRUNCATED, "shutdown")
    assert it.lane(SEAT)[-1] == (3.2, What.LEFT, "shutdown")


def test_a_client_that_does_not_read(traced: Play) -> None:
    much = Script.of(Head(), *[Chunk(bytes(LIMIT_BYTES))] * 3, End())
    guest = visit(reads=False)
    [it] = traced(much, guest, acts=lambda _: [at(9.0, guest.stall)])

    assert (0.0, What.PHASE, Phase.BLOCKED) in it.lane(PUMP)
    assert it.lane(CLIENT)[-1] == (9.0, What.STALLED, "")
    assert it.lane(SEAT)[-1][:2] == (9.0, What.LEFT)
    assert it.lane(SETTLE)[-1][2] == "client_stalled"


def test_a_fault_of_ours_in_delivering(traced: Play) -> None:
    guest = visit()
    guest.send_fault = ZeroDivisionError("ours")
    [it] = traced(SLOW, guest)

    assert it.lane(SEAT)[-1][1] is What.FAILED
    assert it.lane(CLIENT)[-1][1] is What.TRUNCATED


def test_who_joins_tells_of_its_own_seat_alone(traced: Play) -> None:
    first, second = Visit(body=BODY, headers=(KEY,)), visit([(3.2, BODY)])
    [it] = traced(SLOW, first, second, replay={"join": "always"})

    assert it.words() == [
        "client request", "seat joined", "client head", "seat end", "client end", "settle exchange",
    ]  # fmt: skip
    assert it.run.cell["served by"] == "joined"
    assert it.bytes_in(CLIENT) == len(ANSWER.body)
    assert it.lane(SEAT)[0][2].startswith("call ")
    assert not it.lane(UPSTREAM)


def test_a_replay(traced: Play) -> None:
    first, second = Visit(body=BODY, headers=(KEY,)), visit([(SLOW_ENDS_S + 1, BODY)])
    [it] = traced(SLOW, first, second, replay={}, trace={"bodies": True})

    assert it.words() == [
        "client request", "seat replayed", "client head", "seat end", "client end", "settle exchange",
    ]  # fmt: skip
    assert b"".join(event.data or b"" for event in it.events) == ANSWER.body


def test_the_request_that_is_traced_is_the_same_request(traced: Play) -> None:
    first, second = visit(), Visit(body=[(SLOW_ENDS_S + 1, BODY)], headers=(KEY,))
    [it] = traced(SLOW, first, second, replay={})

    assert it.run.cell["served by"] == "call"
    assert second.header(b"x-trioproxy-replayed") is not None
    assert second.header(b"x-trioproxy-trace") is None
