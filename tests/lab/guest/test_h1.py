"""An HTTP/1.1 answer, read bit by bit, and a request worded."""

from __future__ import annotations

import pytest

from trioproxy.lab.guest.h1 import MOST_HEAD_BYTES, AnswerReader, request_head
from trioproxy.lab.guest.seen import AnswerEnding, Visit
from trioproxy.lab.script import Ask

CLEAN, TRUNCATED = AnswerEnding.CLEAN, AnswerEnding.TRUNCATED
HEAD = b"HTTP/1.1 200 OK\r\n"
TYPE = b"content-type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def read(*data: bytes, method: str = "POST") -> Visit:
    """The visit after these reads."""
    visit = Visit(0.0)
    reader = AnswerReader(visit)
    reader.method = method
    for each in data:
        reader.feed(each)
    return visit


@pytest.mark.parametrize(
    ("wire", "body", "ending", "rest_bytes"),
    [
        (CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", b"abc", CLEAN, 0),
        (CHUNKED + b"3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200", b"abc", CLEAN, 12),
        (CHUNKED + b"3\r\nabc\r\n", b"abc", None, 0),
        (CHUNKED + b"3\r\nabc\r\nzz\r\n", b"abc", TRUNCATED, None),
        (CHUNKED + b"3\r\nabcd\r\n", b"abc", TRUNCATED, None),
        (HEAD + b"content-length: 3\r\n\r\nabc", b"abc", CLEAN, 0),
        (HEAD + b"content-length: 3\r\n\r\nabcd", b"abc", CLEAN, 1),
        (HEAD + b"content-length: 4\r\n\r\nabc", b"abc", None, 0),
        (HEAD + b"content-length: 0\r\n\r\n", b"", CLEAN, 0),
        (HEAD + b"content-length: x\r\n\r\n", b"", TRUNCATED, None),
        (HEAD + b"\r\nabc", b"abc", None, 0),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", CLEAN, 0),
        (b"HTTP/1.1 103\r\na: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + CHUNKED + b"0\r\n\r\n", b"", CLEAN, 0),
        (b"SMTP ready\r\n\r\n", b"", TRUNCATED, None),
        (HEAD + b"no colon\r\n\r\n", b"", TRUNCATED, None),
    ],
)
def test_an_answer_is_read_at_every_cut(
    wire: bytes, body: bytes, ending: AnswerEnding | None, rest_bytes: int | None
) -> None:
    for cut in range(1, len(wire)):
        visit = read(wire[:cut], wire[cut:])
        assert (visit.body, visit.ending) == (body, ending)
        assert rest_bytes in (None, visit.rest_bytes)


@pytest.mark.parametrize(
    ("wire", "ending", "note"),
    [
        (b"", TRUNCATED, "no head"),
        (HEAD, TRUNCATED, "no head"),
        (CHUNKED + b"3\r\nabc\r\n", TRUNCATED, ""),
        (CHUNKED + b"3\r\na", TRUNCATED, ""),
        (HEAD + b"content-length: 4\r\n\r\nabc", TRUNCATED, ""),
        # Nothing else tells the end of it.
        (HEAD + b"\r\nabc", CLEAN, ""),
    ],
)
def test_the_connection_ends(wire: bytes, ending: AnswerEnding, note: str) -> None:
    visit = read(*([wire] if wire else []), b"")

    assert (visit.ending, visit.note) == (ending, note)
    assert visit.framed == (b"\r\n\r\nabc" not in wire or b"content-length" in wire)


def test_an_answer_to_head_has_no_body() -> None:
    visit = read(HEAD + b"content-length: 4\r\n\r\n", method="HEAD")

    assert (visit.status, visit.ending, visit.header(b"content-length")) == (200, CLEAN, b"4")


def test_interim_answers_are_noted() -> None:
    assert read(b"HTTP/1.1 103 Early Hints\r\n\r\n").interim == [103]


def test_a_head_without_an_end_is_none() -> None:
    visit = read(HEAD + b"a: " + b"x" * MOST_HEAD_BYTES)

    assert visit.ending is TRUNCATED
    assert visit.note.startswith("garbled: a head of more than")


@pytest.mark.parametrize(
    ("ask", "wire"),
    [
        (
            Ask(headers=((b"x-a", b"1"), (b"x-a", b"2"))),
            b"POST /v1/messages HTTP/1.1\r\nhost: h:1\r\n" + TYPE + b"content-length: 2\r\nx-a: 1\r\nx-a: 2\r\n\r\n",
        ),
        (Ask("/x", b"", (), "GET"), b"GET /x HTTP/1.1\r\nhost: h:1\r\n\r\n"),
        (Ask("/x", b""), b"POST /x HTTP/1.1\r\nhost: h:1\r\ncontent-length: 0\r\n\r\n"),
        (
            Ask("/x", b"abc", ((b"Host", b"o"), (b"Content-Type", b"t"), (b"Content-Length", b"9"))),
            b"POST /x HTTP/1.1\r\nHost: o\r\nContent-Type: t\r\nContent-Length: 9\r\n\r\n",
        ),
        (
            Ask("/x", b"abc", ((b"transfer-encoding", b"chunked"), (b"content-type", b"t"))),
            b"POST /x HTTP/1.1\r\nhost: h:1\r\ntransfer-encoding: chunked\r\ncontent-type: t\r\n\r\n",
        ),
    ],
)
def test_what_a_request_looks_like(ask: Ask, wire: bytes) -> None:
    assert request_head(ask, "h:1") == wire
