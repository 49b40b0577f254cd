"""Every story that comes with the lab, played over real sockets in both protocols: the fault is there, and is seen."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
import trio

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest import AnswerEnding, Manner, Seen, impossible, play_client
from trioproxy.lab.script import Story
from trioproxy.lab.script.toml import parse_story, write_story
from trioproxy.lab.stories import names, shipped
from trioproxy.lab.upstream import ScriptedUpstream

PAGE = Path(__file__).parents[3] / "docs/lab/stories.md"
CLEAN, TRUNCATED, RESET = AnswerEnding.CLEAN, AnswerEnding.TRUNCATED, AnswerEnding.RESET
HANG, REFUSED = AnswerEnding.HANG, AnswerEnding.REFUSED
# What the last visit of the first client sees: over HTTP/1.1, over HTTP/2. None: it left.
ENDINGS = {
    "upstream_refuse": (REFUSED, REFUSED),
    "upstream_accept_and_say_nothing": (HANG, HANG),
    "upstream_head_late": (CLEAN, CLEAN),
    "upstream_head_only": (HANG, HANG),
    "upstream_silence_in_mid_stream": (HANG, HANG),
    "upstream_reset": (RESET, RESET),
    "upstream_close_without_last_chunk": (TRUNCATED, TRUNCATED),
    "upstream_short_content_length": (TRUNCATED, TRUNCATED),
    "upstream_garbled_chunk_size": (TRUNCATED, TRUNCATED),
    "upstream_error_event_in_200": (CLEAN, CLEAN),
    "upstream_protocol_end_missing": (CLEAN, CLEAN),
    "upstream_one_byte_at_a_time": (CLEAN, CLEAN),
    "upstream_huge_event": (CLEAN, CLEAN),
    "upstream_split_utf8": (CLEAN, CLEAN),
    "upstream_gzip": (CLEAN, CLEAN),
    "upstream_slow_reading": (CLEAN, CLEAN),
    "upstream_early_response": (CLEAN, CLEAN),
    "upstream_interim_responses": (CLEAN, CLEAN),
    "upstream_goaway": (TRUNCATED, TRUNCATED),
    "upstream_rst_stream": (RESET, RESET),
    "client_fin_at_event": (None, None),
    "client_rst_at_byte": (None, None),
    "client_half_close_at_time": (TRUNCATED, "half-close is HTTP/1.1's"),
    "client_rst_stream_at_event": ("RST_STREAM is HTTP/2's", None),
    "client_goaway_at_event": ("GOAWAY is HTTP/2's", None),
    "client_dropped_at_event": (None, None),
    "client_fin_before_request": (None, None),
    "client_rst_while_sending": (None, None),
    "client_fin_while_waiting": (None, None),
    "client_fin_at_head": (None, None),
    "client_fin_while_streaming": (None, None),
    "client_rst_after_the_end": (CLEAN, CLEAN),
    "client_stops_reading": (CLEAN, CLEAN),
    "client_reads_slowly": (CLEAN, CLEAN),
    "client_pipelined_bytes": (CLEAN, "SendMore is HTTP/1.1's"),
    "client_leaves_and_resends": (CLEAN, CLEAN),
}


async def played(name: str, protocol: str) -> tuple[Seen, ScriptedUpstream]:
    story = shipped(name)
    patience_s = 0.2 if ENDINGS[name][0] is HANG else 10.0
    async with ScriptedUpstream(story.upstream[0]) as upstream:
        with trio.fail_after(10):
            seen = await play_client(
                story.clients[0],
                ("127.0.0.1", upstream.port),
                protocol,
                manner=Manner(patience_s=patience_s, linger_s=0.1),
            )
            await upstream.wait_closed()
    return seen, upstream


def test_there_is_one_for_each_fault() -> None:
    assert names() == sorted(ENDINGS)
    with pytest.raises(KeyError):
        shipped("../stories/upstream_reset")


@pytest.mark.parametrize("name", ENDINGS)
def test_it_is_written_as_it_is_read(name: str) -> None:
    assert isinstance(story := shipped(name), Story)
    assert story.name == name
    assert parse_story(write_story(story), "x.toml") == story


@pytest.mark.parametrize("protocol", ["h1", "h2c"])
@pytest.mark.parametrize("name", ENDINGS)
async def test_what_its_client_sees(name: str, protocol: str) -> None:
    expected = ENDINGS[name][protocol == "h2c"]
    if expected is not None and not isinstance(expected, AnswerEnding):
        assert (impossible(shipped(name).clients[0], protocol) or "").startswith(expected)
        return
    seen, upstream = await played(name, protocol)

    assert seen.last.ending == expected
    if expected is None:
        assert seen.last.left_at is not None
        if name != "client_fin_before_request":
            [received] = upstream.requests
            how = str(seen.last.left_by)
            # The kernel answers bytes that a client has not read with RST, however it closes.
            assert received.left_by in {"FIN": ("FIN", "RST"), "dropped connection": ("FIN", "RST")}.get(how, (how,))
            assert (received.left_at or 0) >= seen.last.left_at


@pytest.mark.parametrize("protocol", ["h1", "h2c"])
async def test_what_cannot_be_told_from_the_ending(protocol: str) -> None:
    late, _ = await played("upstream_head_late", protocol)
    assert late.last.marks[1].at_s - late.last.marks[0].at_s >= 0.45
    interim, _ = await played("upstream_interim_responses", protocol)
    assert interim.last.interim == [103, 102]
    early, upstream = await played("upstream_early_response", protocol)
    assert (early.last.status, early.last.sent_at, upstream.requests[0].body_at) == (413, None, None)
    packed, _ = await played("upstream_gzip", protocol)
    assert zlib.decompress(packed.last.body, wbits=31) == message_stream("One two three.").body
    _, upstream = await played("upstream_slow_reading", protocol)
    assert (upstream.requests[0].body_at or 0) - upstream.requests[0].head_at >= 0.4
    huge, _ = await played("upstream_huge_event", protocol)
    assert (huge.last.events, huge.last.size_bytes > 1_000_000) == (2, True)
    split, _ = await played("upstream_split_utf8", protocol)
    first = next(mark for mark in split.last.marks if mark.size_bytes)
    assert (split.last.body.decode(), first.size_bytes) == ("data: é\n\n", len("data: ") + 1)
    again, upstream = await played("client_leaves_and_resends", protocol)
    assert [visit.left_by for visit in again.visits] == ["RST", None]
    first_call, second_call = upstream.requests  # the second client goes home as soon as it has everything
    assert (first_call.left_by, first_call.answered_at, second_call.left) == ("RST", None, False)


async def test_pipelined_bytes_are_a_request_of_their_own() -> None:
    _, upstream = await played("client_pipelined_bytes", "h1")

    assert [received.target for received in upstream.requests] == ["/v1/messages", "/v1/models"]


async def test_one_byte_at_a_time_is_many_reads() -> None:
    seen, _ = await played("upstream_one_byte_at_a_time", "h2c")

    assert max(mark.size_bytes for mark in seen.last.marks) == 1


async def test_a_reset_after_the_end_is_no_abort() -> None:
    for protocol in ("h1", "h2c"):
        seen, upstream = await played("client_rst_after_the_end", protocol)

        assert (seen.last.left_by, upstream.left) == ("RST", [])
        assert upstream.connections[0].left_by == "RST"


def test_the_page_lists_them_all() -> None:
    text = PAGE.read_text()

    assert re.findall(r"`((?:upstream|client)_\w+)`", text) == list(ENDINGS)
