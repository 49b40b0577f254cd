"""HTTP/1.1 by hand: what is read, however it is cut, and what is refused."""

from __future__ import annotations

import pytest

from trioproxy.lab import http1
from trioproxy.lab.script import Chunk, End, Framing, Head, Interim, Script, Short

CHUNKED = b"POST /a?b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = b"5;note=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: 1\r\n\r\n"


def test_a_head_is_read() -> None:
    head = http1.request_head(b"POST /a?b HTTP/1.1\r\nHost: x\r\nX-Two:  1 \r\nx-two: 2\r\n\r\n")

    assert (head.method, head.target) == ("POST", "/a?b")
    assert head.headers == ((b"Host", b"x"), (b"X-Two", b"1"), (b"x-two", b"2"))
    assert head.header(b"x-two") == b"1"
    assert head.header(b"absent") is None


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nx\r\n\r\n",
        b"GET / HTTP/1.1\r\nx : 1\r\n\r\n",
    ],
)
def test_what_is_no_head_is_refused(raw: bytes) -> None:
    with pytest.raises(http1.Malformed):
        http1.request_head(raw + b"\r\n\r\n")


@pytest.mark.parametrize("cut", range(len(BODY) + 1))
def test_a_chunked_body_is_read_at_every_cut(cut: int) -> None:
    body = http1.Body(http1.request_head(CHUNKED).headers)
    read = body.feed(BODY[:cut])
    assert body.whole == (cut == len(BODY))
    read += body.feed(BODY[cut:] + b"GET /next")

    assert (read, body.whole, body.rest) == (b"hello world", True, b"GET /next")


def test_a_body_by_length() -> None:
    body = http1.Body(http1.request_head(b"POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n").headers)

    assert not body.whole
    assert body.feed(b"ab") == b"ab"
    assert not body.whole
    assert body.feed(b"cdGET") == b"cd"
    assert (body.whole, body.rest) == (True, b"GET")


def test_no_body_is_whole_at_once() -> None:
    body = http1.Body(http1.request_head(b"GET / HTTP/1.1\r\n\r\n").headers)

    assert body.whole
    assert body.feed(b"GET") == b""
    assert body.rest == b"GET"


@pytest.mark.parametrize("wrong", [b"zz\r\n", b"-1\r\n", b"1\r\nabc\r\n"])
def test_bad_chunks_are_refused(wrong: bytes) -> None:
    with pytest.raises(http1.Malformed):
        http1.Body(http1.request_head(CHUNKED).headers).feed(wrong)


def test_a_bad_length_is_refused() -> None:
    with pytest.raises(http1.Malformed):
        http1.Body(http1.request_head(b"POST / HTTP/1.1\r\ncontent-length: -4\r\n\r\n").headers)


def test_heads_are_worded() -> None:
    by_length = Head(529, ((b"x", b"1"),), Framing.LENGTH)
    script = Script.of(by_length, Chunk(b"abc"), Short(2))

    assert http1.response_head(by_length, script) == b"HTTP/1.1 529 \r\nx: 1\r\ncontent-length: 5\r\n\r\n"
    whole = Script.of(Head(), End())
    assert http1.response_head(Head(), whole) == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert http1.response_head(Head(204, framing=Framing.NONE), whole) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert http1.interim_head(Interim(103)) == b"HTTP/1.1 103 Early Hints\r\n\r\n"
    assert http1.chunk(b"x" * 16, Framing.CHUNKED) == b"10\r\n" + b"x" * 16 + b"\r\n"
    assert http1.chunk(b"x", Framing.CLOSE) == b"x"
