"""The usage event is taken out of any stream, cut anywhere, and nothing else is."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_events import DELTA, DONE, KEPT, TAKEN, USAGE, cut, stripped

from trioproxy.providers.usage_asking import MAX_HELD_BYTES


@pytest.mark.parametrize("event", KEPT)
def test_an_event_that_is_not_the_usage_alone_stays(event: bytes) -> None:
    stream = b"\n\n".join([DELTA, event, DELTA, b""])
    assert stripped([stream]) == stream
    assert stripped(bytes([byte]) for byte in stream) == stream


@pytest.mark.parametrize("event", TAKEN)
def test_the_usage_alone_goes_however_it_is_written(event: bytes) -> None:
    stream = b"\n\n".join([event, DELTA, event, event, DONE, b""])
    expected = b"\n\n".join([DELTA, DONE, b""])
    assert stripped([stream]) == expected
    assert stripped(bytes([byte]) for byte in stream) == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"\xef\xbb\xbf" + USAGE + b"\n\n" + DELTA, b"\xef\xbb\xbf" + DELTA),
        (b"\xef" + USAGE + b"\n\n", b"\xef" + USAGE + b"\n\n"),
        (b": ping\n" + USAGE + b"\n\n: pong\r\n\r\n", b": ping\n: pong\r\n\r\n"),
        (b": ping\n" + DELTA + b"\n\n" + USAGE + b"\n\n", b": ping\n" + DELTA + b"\n\n"),
        (USAGE + b"\n\n\n" + DELTA + b"\n\r", b"\n" + DELTA + b"\n\r"),
        (USAGE + b"\r\n\r\n\n" + DELTA, b"\n" + DELTA),
        (USAGE + b"\r\r\r" + DELTA, b"\r" + DELTA),
        (DELTA + b"\r\r" + USAGE + b"\n\r" + DELTA + b"\r\n\n", DELTA + b"\r\r" + DELTA + b"\r\n\n"),
        (DELTA + b"\n\n" + DONE + b"\n\n" + USAGE + b"\n\n", DELTA + b"\n\n" + DONE + b"\n\n" + USAGE + b"\n\n"),
    ],
)
def test_what_stands_around_the_usage_stays(stream: bytes, expected: bytes) -> None:
    assert stripped([stream]) == without_usage(stream) == expected
    assert stripped(bytes([byte]) for byte in stream) == expected
    for place in range(len(stream)):
        assert stripped([stream[:place], stream[place:]]) == expected


# Any stream, cut anywhere.


def without_usage(stream: bytes) -> bytes:
    """The same by another way: the whole stream in lines, an event being those up to a blank one."""
    start = 3 if stream.startswith(b"\xef\xbb\xbf") else 0
    out, event = [stream[:start]], []
    lines = re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", stream[start:])
    while lines:
        line = lines.pop(0)
        content = line.rstrip(b"\r\n")
        if not event and re.match(rb"data:[ \t]*\[DONE\]", line):
            return b"".join([*out, line, *lines])
        if not event and (not content or line.startswith(b":")):
            out.append(line)
            continue
        event.append(line)
        if not content:
            if not is_usage(event):
                out += event
            event = []
    return b"".join(out + event)


def is_usage(lines: list[bytes]) -> bool:
    text = b"".join(lines[:-1])[: -len(re.search(rb"[\r\n]*\Z", lines[-2])[0])]
    data = [line.rstrip(b"\r\n").removeprefix(b"data:").strip(b" ") for line in lines if line.startswith(b"data:")]
    try:
        chunk = json.loads(b"\n".join(data))
    except ValueError:
        return False
    if not isinstance(chunk, dict) or len(text) > MAX_HELD_BYTES:
        return False
    return chunk.get("choices") == [] and isinstance(chunk.get("usage"), dict) and chunk.get("error") is None


LINES = [
    *(DELTA, USAGE, USAGE, b"", b"", b"", b": ping", b":", b"event: message", b"id: 7", b"data", b"data:", b" ", b"x"),
    *(b'data: {"choices":[', b"data: ]", b'data: ],"usage":{}}', b'data: ,"usage":{}}', b"\xef\xbb\xbf" + USAGE),
    *(b'data: {"choices":[],"prompt_filter_results":[]}', b'data: {"usage":{"x":1},"choices":[', b"data: [1]", DONE),
]
LINE_ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r\n", b"\r", b"\n\n"])


@st.composite
def streams(draw: st.DrawFn, lines: list[bytes]) -> bytes:
    one_end = draw(LINE_ENDS | st.none())
    pairs = draw(st.lists(st.tuples(st.sampled_from(lines), LINE_ENDS), max_size=14))
    start = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xef"]))
    return start + b"".join(line + (one_end or end) for line, end in pairs) + draw(st.sampled_from([b"", b"data: {"]))


@given(stream=streams(LINES), places=st.lists(st.integers(0, 2000), max_size=8))
def test_whatever_the_cuts_all_but_the_usage_event_comes_out(stream: bytes, places: list[int]) -> None:
    expected = without_usage(stream)
    assert stripped([stream]) == expected
    assert stripped(cut(stream, places)) == expected
    assert stripped(bytes([byte]) for byte in stream) == expected


@given(stream=streams([line for line in LINES if b"usage" not in line or b"null" in line]) | st.binary(max_size=60))
def test_a_stream_without_such_an_event_comes_out_as_it_is(stream: bytes) -> None:
    assert stripped([stream]) == stream
    assert stripped(bytes([byte]) for byte in stream) == stream
