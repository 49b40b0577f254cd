"""What a trace does not say, and who gets none."""

from __future__ import annotations

from pathlib import Path

from support.tracing import ASKED, BODY, Play, only, visit
from support.visits import Visit

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.trace.records import Lane, What

ANSWER = message_stream("One two three.")
# The head after 2 s, then an event every half second.
SLOW = ANSWER.script(head_after_s=2.0, every_s=0.5)
CLIENT, SEAT, PUMP, UPSTREAM, SETTLE = Lane


def test_it_is_ignored_from_elsewhere(traced: Play) -> None:
    guest = visit()
    guest.scope["client"] = ("192.0.2.1", 40_000)

    assert traced(SLOW, guest) == []
    assert guest.header(b"x-trioproxy-trace") is None


def test_a_page_of_ours_is_nothing_to_tell(traced: Play) -> None:
    assert traced(SLOW, Visit("/_trioproxy/health", b"", method="GET"), trace={"sample": 1.0}) == []


def test_no_header_value_no_key_and_no_byte_of_the_request(traced: Play, tmp_path: Path) -> None:
    guest = Visit("/v1/messages", BODY, query=b"key=sk-query", headers=(ASKED, (b"x-api-key", b"/v1/messages")))
    traced(SLOW, guest)
    [file] = tmp_path.iterdir()
    text = file.read_bytes()

    assert b"POST [secret]" in text
    for word in (b"hello", b"sk-query", b"no-cache", b'"data"'):
        assert word not in text


def test_the_bytes_of_the_answer_where_they_are_asked_for(traced: Play) -> None:
    [it] = traced(SLOW, visit(), trace={"bodies": True})

    assert b"".join(event.data or b"" for event in it.events if event.lane is UPSTREAM) == ANSWER.body
    assert not any(event.data for event in it.events if event.lane is CLIENT)


def test_what_is_not_recorded_is_traced_without_a_receipt(traced: Play, tmp_path: Path) -> None:
    guest = Visit("/api/oauth/profile", b"", method="GET", headers=(ASKED,))
    [it] = traced(Script.of(Head(), Chunk(b"x"), End()), guest)

    assert [what for _, what, _ in it.lane(SETTLE)] == [What.CALL]
    assert only(tmp_path).run.id == it.run.id


def test_a_request_that_the_proxy_answers_itself(traced: Play) -> None:
    [it] = traced(SLOW, Visit("/nowhere/v1/messages", headers=(ASKED,)))

    assert it.words() == ["client request", "client head", "client end"]
    assert it.lane(CLIENT)[1][2] == "404"
