"""A client's script over real sockets: how each answer ends, and every deed."""

from __future__ import annotations

import pytest
import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest import AnswerEnding, Manner, Seen, impossible, play_client
from trioproxy.lab.script import (
    After,
    AtEvent,
    Chunk,
    ClientScript,
    ClientStep,
    Close,
    End,
    Framing,
    Garble,
    Going,
    Head,
    Interim,
    Leave,
    Raw,
    Refuse,
    Resend,
    Reset,
    Script,
    SendMore,
    Short,
    Silence,
)
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.trace.records import What

A = Chunk(b"aaa")
BY_LENGTH = Head(framing=Framing.LENGTH)
BY_CLOSE = Head(framing=Framing.CLOSE)
PATIENT = Manner(patience_s=10.0)
IMPATIENT = Manner(patience_s=0.1)


async def play(upstream: ScriptedUpstream, *steps: ClientStep, manner: Manner = PATIENT) -> Seen:
    return await play_client(ClientScript(steps=steps), ("127.0.0.1", upstream.port), manner=manner)


@pytest.mark.parametrize(
    ("script", "body", "ending"),
    [
        (Script.of(Head(), A, A, End()), b"aaaaaa", AnswerEnding.CLEAN),
        (Script.of(BY_LENGTH, A, End()), b"aaa", AnswerEnding.CLEAN),
        (Script.of(BY_CLOSE, A, End()), b"aaa", AnswerEnding.CLEAN),
        (Script.of(Interim(), Head(), A, End()).byte_by_byte(), b"aaa", AnswerEnding.CLEAN),
        (Script.of(Head(), A, Close()), b"aaa", AnswerEnding.TRUNCATED),
        (Script.of(Head(), A, Garble()), b"aaa", AnswerEnding.TRUNCATED),
        (Script.of(BY_LENGTH, A, Short(4)), b"aaa", AnswerEnding.TRUNCATED),
        (Script.of(Head(), A, 0.02, Reset()), b"aaa", AnswerEnding.RESET),
        (Script.of(Head(), A, Silence()), b"aaa", AnswerEnding.HANG),
        (Script.of(Close()), b"", AnswerEnding.TRUNCATED),
        (Script.of(Reset()), b"", AnswerEnding.RESET),
        (Script.of(Silence()), b"", AnswerEnding.HANG),
        (Script.of(Refuse()), b"", AnswerEnding.REFUSED),
        (Script.of(Raw(b"SMTP ready\r\n\r\n"), Silence()), b"", AnswerEnding.TRUNCATED),
    ],
)
async def test_how_an_answer_ends(script: Script, body: bytes, ending: AnswerEnding) -> None:
    async with ScriptedUpstream(script) as upstream:
        seen = await play(upstream, manner=IMPATIENT if ending is AnswerEnding.HANG else PATIENT)

        assert (seen.last.body, seen.last.ending) == (body, ending)
        await upstream.wait_closed()


@pytest.mark.parametrize("how", [Going.FIN, Going.RST, Going.DROPPED, Going.HALF_CLOSE])
async def test_it_leaves_at_an_event_and_comes_back(how: Going) -> None:
    answer = message_stream("One two three four.")
    scripts = [answer.up_to(4).script(then=Silence()), answer.script()]
    async with ScriptedUpstream(scripts) as upstream:
        seen = await play(upstream, (AtEvent(4), Leave(how)), (After(0.05), Resend(((b"x-again", b"1"),))))

        first, again = seen.visits
        assert (first.events, first.left_by, first.status) == (4, how, 200)
        assert (again.ending, again.body) == (AnswerEnding.CLEAN, answer.body)
        assert [each.what for each in first.marks][-1 if how is not Going.HALF_CLOSE else -2] is What.LEFT
        assert upstream.requests[0].left_by == ("RST" if how is Going.RST else "FIN")
        assert upstream.requests[0].left_at is not None
        assert first.left_at is not None
        assert 0 <= upstream.requests[0].left_at - first.left_at < 0.25
        assert again.began_at - first.left_at >= 0.05
        assert (b"x-again", b"1") in upstream.requests[1].headers


async def test_many_at_once() -> None:
    count = 200
    answer = message_stream("One two three four.")
    seen = [Seen() for _ in range(count)]
    async with ScriptedUpstream(answer.script(every_s=0.01)) as upstream, trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(_play_one, upstream.port, number, seen[number])

    assert {each.last.ending for each in seen} == {AnswerEnding.CLEAN}
    assert {each.last.size_bytes for each in seen} == {len(answer.body)}
    assert [each.last.marks[0].who for each in seen] == list(range(count))


async def _play_one(port: int, who: int, seen: Seen) -> None:
    await play_client(ClientScript(), ("127.0.0.1", port), keep_body=False, who=who, seen=seen)


@pytest.mark.parametrize(
    ("protocol", "deed", "said"),
    [
        ("h1", Leave(Going.RST_STREAM), "RST_STREAM is HTTP/2's"),
        ("h1", Leave(Going.GOAWAY), "GOAWAY is HTTP/2's"),
        ("h2c", Leave(Going.HALF_CLOSE), "half-close is HTTP/1.1's"),
        ("h2", SendMore(), "SendMore is HTTP/1.1's"),
        ("h3", SendMore(), "protocol 'h3'; expected one of h1, h2c, h2"),
    ],
)
async def test_what_a_protocol_lacks(protocol: str, deed: Leave | SendMore, said: str) -> None:
    script = ClientScript(steps=((AtEvent(1), deed),))

    with pytest.raises(ValueError, match=said):
        await play_client(script, ("127.0.0.1", 1), protocol)
    assert (impossible(script, protocol) or "").startswith(said)


async def test_h2_without_tls_is_none() -> None:
    with pytest.raises(ValueError, match="tls is missing"):
        await play_client(ClientScript(), ("127.0.0.1", 1), "h2")
