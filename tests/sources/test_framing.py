from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.sources.framing import Chunked, Framing, FramingError, Sized, UntilClose, framing_of

BODY = b"5\r\nhello\r\nA;name=value\r\n, world!!!\r\n0\r\nExpires: never\r\nX:\r\n\r\n"
TEXT = b"hello, world!!!"


def feed(framing: Framing, reads: list[bytes]) -> bytes:
    return b"".join(framing.feed(read) for read in reads)


def chunked(payloads: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    chunks = [b"%x%b\r\n%b\r\n" % (len(payload), extension, payload) for payload in payloads]
    return b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


def test_chunked_whole_in_one_read() -> None:
    framing = Chunked()
    assert framing.feed(BODY) == TEXT
    assert framing.ended
    assert not framing.surplus


def test_chunked_byte_by_byte() -> None:
    framing = Chunked()
    for at in range(len(BODY)):
        assert not framing.ended, at
        framing.feed(BODY[at : at + 1])
    assert framing.ended
    framing = Chunked()
    assert feed(framing, [BODY[at : at + 1] for at in range(len(BODY))]) == TEXT


@pytest.mark.parametrize("at", range(1, len(BODY)))
def test_chunked_at_every_split(at: int) -> None:
    framing = Chunked()
    assert feed(framing, [BODY[:at], BODY[at:]]) == TEXT
    assert framing.ended
    assert not framing.surplus


@pytest.mark.parametrize("at", range(len(BODY)))
def test_chunked_is_not_whole_before_its_last_byte(at: int) -> None:
    framing = Chunked()
    framing.feed(BODY[:at])
    assert not framing.ended
    with pytest.raises(FramingError):
        framing.close()


payloads_st = st.lists(st.binary(min_size=1, max_size=300), max_size=8)
cuts_st = st.lists(st.integers(0, 2000), max_size=12)


@given(
    payloads_st,
    cuts_st,
    st.sampled_from([b"", b";a", b';a="b c"', b" ", b" \t;x=1"]),
    st.sampled_from([b"", b"a: b\r\n", b"a:\r\nb: c\r\n"]),
    st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n"]),
)
def test_any_chunking_in_any_reads(
    payloads: list[bytes], cuts: list[int], extension: bytes, trailers: bytes, surplus: bytes
) -> None:
    framing = Chunked()
    wire = chunked(payloads, extension, trailers)
    assert feed(framing, split(wire, cuts)) == b"".join(payloads)
    assert framing.ended
    if surplus:
        whole = Chunked()
        assert whole.feed(wire + surplus) == b"".join(payloads)
        assert whole.surplus


@given(st.binary(min_size=1, max_size=24).filter(lambda line: not re.match(rb"[0-9a-fA-F]{1,16}[ \t]*(;|\r|$)", line)))
def test_garbled_sizes_never_become_payload(line: bytes) -> None:
    framing = Chunked()
    with pytest.raises(FramingError):
        framing.feed(line + b"\r\npayload\r\n")


@given(payloads_st, st.integers(0, 400), st.binary(min_size=1, max_size=3), cuts_st)
def test_reads_do_not_change_the_verdict(payloads: list[bytes], at: int, noise: bytes, cuts: list[int]) -> None:
    """Damaged bytes: whatever the verdict on the whole, any split comes to the same one."""
    wire = chunked(payloads)
    wire = wire[:at] + noise + wire[at + len(noise) :]

    def verdict(reads: list[bytes]) -> tuple[bytes, bool] | str:
        framing = Chunked()
        payload = b""
        try:
            for read in reads:
                if framing.ended:
                    break
                payload += framing.feed(read)
            framing.close()
        except FramingError:
            return "garbled"
        return payload, framing.ended

    assert verdict(split(wire, cuts)) == verdict([wire])


@pytest.mark.parametrize(
    "wire",
    [
        b"x\r\n",
        b"-5\r\nhello",
        b"+5\r\nhello",
        b"0x5\r\nhello",
        b"5_0\r\nhello",
        b" 5\r\nhello",
        b"5\nhello",
        b"\r\n",
        b"5;a\nb\r\nhello",
        b"5\r\nhello!\r\n",
        b"5\r\nhello\n\n",
        b"5\r\nhello\r5\r\n",
        b"12345678901234567\r\n",
        b"0\r\nno colon\r\n\r\n",
        b"0\r\n folded: x\r\n\r\n",
        b"0\r\n: nameless\r\n\r\n",
    ],
)
def test_garbled(wire: bytes) -> None:
    with pytest.raises(FramingError):
        Chunked().feed(wire)
    with pytest.raises(FramingError):
        feed(Chunked(), [wire[at : at + 1] for at in range(len(wire))])


@pytest.mark.parametrize(
    ("start", "more"),
    [(b"5;", b"e" * 1000), (b"5", b" " * 1000), (b"0\r\n", b"a: b\r\n" * 1000), (b"0\r\na:", b"b" * 4000)],
)
def test_an_endless_line_is_bounded(start: bytes, more: bytes) -> None:
    framing = Chunked()
    framing.feed(start)
    with pytest.raises(FramingError, match="too long"):
        feed(framing, [more] * (200_000 // len(more)))


def test_trailers_are_bounded_even_if_their_end_is_in_sight() -> None:
    framing = Chunked()
    framing.feed(b"0\r\n" + b"a: b\r\n" * 10_000)
    with pytest.raises(FramingError, match="too long"):
        framing.feed(b"a: b\r\n" * 10_000 + b"\r\n")


def test_a_long_line_in_one_read_is_bounded() -> None:
    with pytest.raises(FramingError):
        Chunked().feed(b"5;" + b"e" * 5000 + b"\r\nhello\r\n")


def test_the_inside_of_a_big_chunk_is_not_copied() -> None:
    framing = Chunked()
    framing.feed(b"100000\r\n")
    read = b"x" * 65536
    assert framing.feed(read) is read


def test_sized() -> None:
    framing = Sized(5)
    assert framing.feed(b"hel") == b"hel"
    assert not framing.ended
    with pytest.raises(FramingError, match="3 of 5"):
        framing.close()
    assert framing.feed(b"lo, there") == b"lo"
    assert framing.ended
    assert framing.surplus
    framing.close()


def test_sized_zero_has_ended_before_it_began() -> None:
    framing = Sized(0)
    assert framing.ended
    assert framing.feed(b"x") == b""
    assert framing.surplus


def test_until_close_ends_with_the_connection_alone() -> None:
    framing = UntilClose()
    assert framing.feed(b"anything") == b"anything"
    assert not framing.ended
    framing.close()
    assert framing.ended


@pytest.mark.parametrize(
    ("method", "status", "headers", "kind"),
    [
        ("HEAD", 200, ((b"Content-Length", b"5"),), Sized),
        ("HEAD", 200, ((b"Transfer-Encoding", b"chunked"),), Sized),
        ("GET", 204, (), Sized),
        ("GET", 304, ((b"content-length", b"5"),), Sized),
        ("GET", 200, ((b"TRANSFER-encoding", b" Chunked "), (b"content-length", b"5")), Chunked),
        ("GET", 200, ((b"content-length", b"5"),), Sized),
        ("GET", 200, ((b"content-length", b"5, 5"), (b"Content-Length", b"5")), Sized),
        ("POST", 500, (), UntilClose),
    ],
)
def test_how_a_body_is_delimited(
    method: str, status: int, headers: tuple[tuple[bytes, bytes], ...], kind: type[Framing]
) -> None:
    framing = framing_of(method, status, headers)
    assert type(framing) is kind
    assert framing.ended == (method == "HEAD" or status in {204, 304})


@pytest.mark.parametrize(
    "headers",
    [
        ((b"content-length", b"5"), (b"content-length", b"6")),
        ((b"content-length", b"5, 6"),),
        ((b"content-length", b"-5"),),
        ((b"content-length", b""),),
        ((b"content-length", b"9" * 5000),),
        ((b"transfer-encoding", b"gzip"),),
        ((b"transfer-encoding", b"gzip, chunked"),),
        ((b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")),
    ],
)
def test_heads_that_cannot_be_followed(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    with pytest.raises(FramingError):
        framing_of("GET", 200, headers)
