from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from trioproxy.errors import ClientError
from trioproxy.model import RawHeaders
from trioproxy.sources.outgoing import PIECE_BYTES, Content, Outgoing

HOST: RawHeaders = ((b"Host", b"h"),)


async def stream() -> AsyncIterator[bytes]:
    yield b""


def post(content: Content, *headers: tuple[bytes, bytes]) -> Outgoing:
    return Outgoing("POST", b"/", (*HOST, *headers), content)


def test_a_small_body_goes_with_the_head_and_headers_are_verbatim() -> None:
    request = post(b"hello", (b"CONTENT-length", b"5"), (b"x-a", b"1"), (b"X-A", b"1"))
    assert request.headers == ((b"Host", b"h"), (b"CONTENT-length", b"5"), (b"x-a", b"1"), (b"X-A", b"1"))
    assert request.compact() == b"hello"


def test_no_body_needs_no_framing() -> None:
    request = post(None)
    assert request.headers == HOST
    assert request.compact() == b""


def test_an_empty_body_is_no_body() -> None:
    assert post(b"").headers == HOST
    assert post(b"", (b"content-length", b"0")).compact() == b""


def test_a_whole_body_without_a_length_gets_one() -> None:
    assert post(b"hello").headers[-1] == (b"content-length", b"5")


def test_a_stream_without_a_length_is_chunked() -> None:
    request = post(stream())
    assert request.headers[-1] == (b"transfer-encoding", b"chunked")
    assert request.compact() is None
    assert b"".join(bytes(piece) for piece in request.frame(b"hello")) == b"5\r\nhello\r\n"
    assert list(request.frame(b"")) == []  # an empty chunk would be the last one
    assert request.end() == b"0\r\n\r\n"


def test_a_coding_that_is_there_already_is_not_added_twice() -> None:
    assert len(post(stream(), (b"Transfer-Encoding", b"chunked")).headers) == 2
    whole = post(b"hello", (b"Transfer-Encoding", b"chunked"))
    assert whole.compact() is None
    assert b"".join(map(bytes, whole.frame(b"hello"))) + whole.end() == b"5\r\nhello\r\n0\r\n\r\n"


def test_big_bodies_go_in_pieces_without_a_copy() -> None:
    body = bytes(PIECE_BYTES * 2 + 1)
    request = post(body)
    assert request.compact() is None
    pieces = list(request.frame(body))
    assert [len(piece) for piece in pieces] == [PIECE_BYTES, PIECE_BYTES, 1]
    assert all(isinstance(piece, memoryview) and piece.obj is body for piece in pieces)
    assert request.end() == b""


def test_a_stream_must_be_as_long_as_its_head_says() -> None:
    request = post(stream(), (b"content-length", b"5"))
    assert request.headers[-1] == (b"content-length", b"5")
    list(request.frame(b"hel"))
    with pytest.raises(ClientError, match="shorter"):
        request.end()
    with pytest.raises(ClientError, match="longer"):
        list(request.frame(b"lo!"))


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"5"), (b"content-length", b"6")],
        [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"4")],
        [(b"content-length", b"five")],
        [(b"content-length", b"5" * 5000)],
    ],
)
def test_contradictions_are_refused(headers: RawHeaders) -> None:
    with pytest.raises(ClientError):
        post(b"hello", *headers)


def test_a_length_without_a_body_is_refused() -> None:
    with pytest.raises(ClientError):
        post(None, (b"content-length", b"5"))


def test_connect_is_refused() -> None:
    with pytest.raises(ClientError):
        Outgoing("CONNECT", b"a:1", HOST, None)


def test_keep_alive() -> None:
    assert post(None).keep_alive
    assert not post(None, (b"Connection", b"x-foo, Close")).keep_alive


def test_forgetting() -> None:
    request = post(b"hello")
    request.forget()
    assert request.content is None
