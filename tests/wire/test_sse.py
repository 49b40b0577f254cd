"""The SSE reader against the standard's own algorithm, for any bytes and any way of cutting them."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trioproxy.wire.sse import SseReader
from trioproxy.wire.tallies import Tallies, strings


def by_the_standard(stream: bytes, max_event_bytes: int | None = None) -> list[tuple[bytes, bytes]]:
    """WHATWG HTML 9.2.6, word for word, on a whole stream; an event over the limit keeps its name alone."""
    events = []
    name, data, over = b"", b"", False
    *lines, _unfinished = re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf"))
    for line in lines:
        if not line:
            if data or over:
                events.append((name, b"" if over else data[:-1]))
            name, data, over = b"", b"", False
            continue
        if max_event_bytes is not None and len(line) > max_event_bytes:
            over = True
            continue
        if line.startswith(b":"):
            continue
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"event":
            name = value
        elif field == b"data":
            data += value + b"\n"
            over = over or (max_event_bytes is not None and len(data) > max_event_bytes + 1)
    return events


def read(pieces: list[bytes], **options: object) -> list[tuple[bytes, bytes]]:
    reader = SseReader(**options)  # type: ignore[arg-type]
    return [event for piece in pieces for event in reader.feed(piece)]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(marks)]


LINES = st.sampled_from(
    b"event: delta|event: stop|event:stop|event|event: |eventual: x|data: 1|data:2|data|data: |data:  two spaces|"
    b": comment|id: 7|retry: 9|||\xef\xbb\xbf|xxxxxxxxx|data: event: stop|data: longlonglonglong|unknown| data: x"
    .split(b"|")
)  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r"])
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=25).map(lambda pairs: b"".join(a + b for a, b in pairs))
ANY = STREAMS | st.lists(st.sampled_from([*b"\r\n:d \xef\xbb\xbf"]), max_size=20).map(bytes) | st.binary(max_size=40)


@given(stream=ANY, places=st.lists(st.integers(0, 500), max_size=8), limit=st.sampled_from([None, 3, 8, 12, 20]))
@example(stream=b"data: 1\r\n\r\ndata: 2\r\n\r\n", places=[8, 10], limit=None)
@example(stream=b"event: delta\ndata: 1\n\nevent: delta\ndata: 1\nevent: stop\n\n", places=[], limit=None)
def test_equals_the_standard(stream: bytes, places: list[int], limit: int | None) -> None:
    expected = by_the_standard(stream, limit)
    options = {} if limit is None else {"max_event_bytes": limit}
    pieces = cut(stream, places)
    assert read(pieces, **options) == expected
    wanted = frozenset((b"stop", b""))
    assert read(pieces, wanted=wanted, **options) == [event for event in expected if event[0] in wanted]


@given(stream=ANY)
def test_byte_by_byte(stream: bytes) -> None:
    pieces = [bytes([byte]) for byte in stream]
    assert read(pieces) == by_the_standard(stream)
    assert read(pieces, max_event_bytes=8) == by_the_standard(stream, 8)


@pytest.mark.parametrize("wanted", [(), (b"stop",), (b"",), (b"delta", b"")])
def test_passes_over_what_is_not_wanted(wanted: tuple[bytes, ...]) -> None:
    stream = b"event: delta\ndata: 1\n\nevent: delta\ndata: 2\n\nevent: stop\ndata: 3\n\ndata: 4\n\nevent: stop\n\n"
    expected = [event for event in by_the_standard(stream) if event[0] in wanted]
    assert read([stream], wanted=wanted) == expected
    for i in range(len(stream)):
        assert read([stream[:i], stream[i:]], wanted=wanted) == expected


def test_a_line_feed_after_a_carriage_return_is_not_waited_for() -> None:
    reader = SseReader()
    assert reader.feed(b"data: 1\r\r") == [(b"", b"1")]
    assert reader.feed(b"\ndata: 2\r\n\r") == [(b"", b"2")]
    assert reader.feed(b"") == []
    assert reader.feed(b"\n\ndata: 3\n\n") == [(b"", b"3")]


def test_one_byte_order_mark_is_taken_away_and_no_second_one() -> None:
    assert read([b"\xef", b"\xbb", b"\xbfdata: 1\n\n"]) == [(b"", b"1")]
    assert read([b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\n"]) == []


def test_an_event_may_have_exactly_as_much_data_as_the_limit() -> None:
    within, beyond = b"data:1234567\ndata:1234\n\n", b"data:1234567\ndata:12345\n\n"
    assert read([within], max_event_bytes=12) == by_the_standard(within, 12) == [(b"", b"1234567\n1234")]
    assert read([beyond], max_event_bytes=12) == by_the_standard(beyond, 12) == [(b"", b"")]


def test_an_event_cut_off_by_the_end_never_was_one() -> None:
    assert read([b"data: 1\n\ndata: 2\n"]) == [(b"", b"1")]


@pytest.mark.parametrize("piece_bytes", [1, 7, 100, 5000])
def test_an_event_over_the_limit_keeps_its_name_and_the_stream_its_step(piece_bytes: int) -> None:
    stream = b"event: stop\ndata: " + b"x" * 3000 + b"\n\nevent: stop\ndata: 1\n\n"
    pieces = [stream[i : i + piece_bytes] for i in range(0, len(stream), piece_bytes)]
    assert read(pieces, max_event_bytes=1000) == [(b"stop", b""), (b"stop", b"1")]


def test_an_event_over_the_limit_that_nobody_wants_is_nothing() -> None:
    stream = b"event: delta\ndata: " + b"x" * 3000 + b"\n\nevent: stop\ndata: 1\n\n"
    assert read([stream[:9], stream[9:99], stream[99:]], max_event_bytes=1000, wanted=(b"stop",)) == [(b"stop", b"1")]


def test_what_is_over_the_limit_is_not_held() -> None:
    reader = SseReader(max_event_bytes=1000)
    for _ in range(100):
        reader.feed(b"data: " + b"x" * 90)
    assert sum(map(len, reader._line)) <= 1000
    reader.feed(b"\n" + b"data: y\n" * 1000)
    assert sum(map(len, reader._data)) <= 1000


def test_the_time_for_a_long_line_in_small_pieces_grows_with_its_length_alone() -> None:
    """Work is counted in bytes handed on, not in seconds: what is held is joined once, at the line's end."""
    reader = SseReader(max_event_bytes=1 << 20)
    reader.feed(b"data: ")
    for _ in range(10_000):
        reader.feed(b"x" * 50)
    assert len(reader._line) == 10_001
    ((name, data),) = reader.feed(b"\n\n")
    assert (name, len(data)) == (b"", 500_000)


def some_tallies() -> Tallies:
    usual = re.compile(rb'\{"i":\d,"(?:(?P<text>text)|(?P<tool>tool))":"')
    return Tallies({b"delta": strings(text="text", tool="tool"), b"other": strings(text="t")}, head=usual)


def sums(tallies: Tallies) -> dict[str, tuple[int, int]]:
    return {kind: (tally.pieces, tally.octets) for kind, tally in tallies.of.items()}


EVENTS = st.lists(
    st.sampled_from(
        b'delta\ndata: {"i":0,"text":"Hello"}|delta\ndata: {"i":0,"text":" \\"you\\""}   |'
        b'delta\ndata: {"i":1,"tool":"{"}|delta\ndata: {"i":0,"text":"a\nevent: stop|'
        b'delta\ndata: {"i":0,"text":""}|delta\ndata: {"text":"ab", "i":0}|delta\ndata:{"i":0,"text":"abc"}|'
        b'delta\ndata: {"i":0,"text":\ndata: "d"}|delta\ndata: {"cited":"x"}|'
        b'delta\ndata: {"i":0,"text":"x"}\nevent: other|other\ndata: {"t":"1"}|other\ndata: {"n":2,"t":"22","u":"3"}|'
        b'ping\ndata: {"text":"no"}|stop\ndata: {"text":"wanted, so not counted"}|delta\ndata: junk'
        .split(b"|")
    ),
    max_size=25,
)  # fmt: skip


@given(events=EVENTS, places=st.lists(st.integers(0, 2000), max_size=8), limit=st.sampled_from([None, 24, 32, 80]))
@example(events=[b'delta\ndata: {"i":0,"text":"0123456789"}', b'delta\ndata: {"i":0,"text":"a"}'], places=[], limit=36)
def test_what_is_passed_over_is_counted_whatever_the_cuts(
    events: list[bytes], places: list[int], limit: int | None
) -> None:
    stream = b"".join(b"event: " + event + b"\n\n" for event in events)
    expected = some_tallies()
    for name, data in by_the_standard(stream, limit):
        if name != b"stop":
            expected.count(name, data)
    options = {} if limit is None else {"max_event_bytes": limit}
    for pieces in (cut(stream, places), [bytes([byte]) for byte in stream]):
        tallies = some_tallies()
        read(pieces, wanted=(b"stop",), tallies=tallies, **options)
        assert sums(tallies) == sums(expected)


def test_events_that_begin_alike_are_counted_unparsed() -> None:
    """The head of the last delta is known, so none of those that begin with it is searched."""
    tallies = some_tallies()
    reader = SseReader((), tallies=tallies)
    delta = b'event: delta\ndata: {"i":0,"text":"Hello"}\n\n'
    reader.feed(delta + b'event: delta\ndata: {"cited":"x"}\n\n' + delta)
    tallies.patterns, tallies.head = {}, None
    reader.feed(delta * 1000)
    reader.feed(delta)
    assert sums(tallies) == {"text": (1003, 5015), "tool": (0, 0)}


MANY = st.lists(
    st.sampled_from(
        [
            b'event: delta\ndata: {"i":0,"text":"one \\"quoted\\" word"}\n\n',
            b'event: delta\ndata: {"i":0,"text":""}   \n\n',
            b'event: delta\ndata: {"i":0,"text":"x"}\nevent: stop\n\n',  # the later name wins
            b'event: delta\ndata: {"i":0,\ndata: "text":"two lines"}\n\n',
            b"event: ping\ndata: {}\n\n",
            b"event: stop\ndata: {}\n\n",
            b"event: delta\n\n",
            b": comment\n\n",
            b"\n\n",
        ]
    )
    | st.just(b'event: delta\ndata: {"i":0,"text":"most are like this"}\n\n'),
    max_size=30,
)


@given(MANY, st.sampled_from([0, 2000]))
@example([b'event: delta\ndata: {"i":0,"text":"x"}\nevent: stop\n\n'] * 4, 2000)
def test_many_events_in_one_feed_are_what_they_are_one_by_one(stream: list[bytes], longer_bytes: int) -> None:
    stream = [event.replace(b'"text":"', b'"text":"' + b"x" * longer_bytes) for event in stream]
    together, apart = some_tallies(), some_tallies()
    first = b'event: delta\ndata: {"i":0,"text":"the usual"}\n\n'
    at_once = SseReader((b"stop",), tallies=together)
    events = at_once.feed(first) + at_once.feed(b"".join(stream) + b"event: del")
    one_by_one = SseReader((b"stop",), tallies=apart)
    assert events == [event for piece in (first, *stream) for event in one_by_one.feed(piece)]
    assert sums(together) == sums(apart)


def test_many_events_without_content_are_passed_over_together() -> None:
    tallies = some_tallies()
    reader = SseReader((b"stop",), tallies=tallies)
    ping = b"event: ping\ndata: {}\n\n"
    assert reader.feed(ping) == reader.feed(ping * 50) == []
    assert reader.feed(ping * 50 + b"event: stop\ndata: {}\n\n" + ping * 50) == [(b"stop", b"{}")]
    assert sums(tallies) == {"text": (0, 0), "tool": (0, 0)}
