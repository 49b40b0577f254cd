from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.model import RawHeaders
from trioproxy.wire.headers import (
    HOP_BY_HOP,
    coding,
    content_coding,
    fields,
    first_fields,
    get,
    length,
    media_type,
    request_headers,
    response_headers,
)

TOKENS = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
NAMES = (
    TOKENS
    | st.sampled_from([name.decode() for name in sorted(HOP_BY_HOP)])
    | st.sampled_from(["host", "expect", "content-length", "accept-encoding", "x-trioproxy-id", "x-trioproxy-", "x"])
)
PAIRS = st.tuples(NAMES, st.binary(max_size=8))
LISTED = st.lists(TOKENS | st.just("x"), max_size=3).map(lambda names: ("connection", ", ".join(names).encode()))


def _pair(name: str, value: bytes, capitals: bool) -> tuple[bytes, bytes]:
    return (name.title() if capitals else name).encode(), value


HEADERS = st.lists(st.tuples(PAIRS | LISTED, st.booleans()).map(lambda x: _pair(*x[0], x[1])), max_size=12).map(tuple)


def end_to_end(headers: RawHeaders, *more: bytes) -> list[tuple[bytes, bytes]]:
    """What may pass, said once more and differently."""
    listed = b",".join(value for name, value in headers if name.lower() == b"connection").lower()
    hops = {token.strip() for token in listed.split(b",")} | HOP_BY_HOP | set(more)
    return [(n, v) for n, v in headers if n.lower() not in hops and not n.lower().startswith(b"x-trioproxy-")]


@given(HEADERS, st.none() | st.integers(0, 2**40), st.booleans())
def test_a_request_keeps_its_end_to_end_headers_as_they_are_and_in_order(
    headers: RawHeaders, whole_length: int | None, identity: bool
) -> None:
    ours = [b"content-length"] * (whole_length is not None) + [b"accept-encoding"] * identity
    sent = request_headers(headers, host=b"api.test", whole_length=whole_length, identity=identity)
    expected = [(b"host", b"api.test"), *end_to_end(headers, b"host", b"expect", *ours)]
    if identity:
        expected.append((b"accept-encoding", b"identity"))
    if whole_length is not None:
        expected.append((b"content-length", str(whole_length).encode()))
    assert list(sent) == expected


@given(HEADERS, st.sampled_from([200, 304, 404]))
def test_a_response_keeps_its_end_to_end_headers_in_order_with_names_in_lower_case(
    headers: RawHeaders, status: int
) -> None:
    passed = response_headers(headers, status=status, own=((b"x-trioproxy-id", b"0199"),))
    more = [b"content-length"] if status == 304 else []
    kept = [(name.lower(), value) for name, value in end_to_end(headers, *more)]
    assert list(passed) == [*kept, (b"x-trioproxy-id", b"0199")]


@given(HEADERS)
def test_what_has_passed_once_passes_unchanged(headers: RawHeaders) -> None:
    once = request_headers(headers, host=b"api.test")
    assert request_headers(once, host=b"api.test") == once


@given(HEADERS, NAMES.map(str.encode))
def test_get_finds_the_first(headers: RawHeaders, name: bytes) -> None:
    values = [value for key, value in headers if key.lower() == name]
    assert get(headers, name) == (values[0] if values else None)


def test_a_request_of_a_real_client() -> None:
    headers = (
        (b"Host", b"127.0.0.1:8082"),
        (b"Accept", b"application/json"),
        (b"Authorization", b"Bearer sk-1"),
        (b"X-Api-Key", b"sk-1"),
        (b"Connection", b"keep-alive, X-Drop"),
        (b"X-Drop", b"1"),
        (b"Accept-Encoding", b"gzip, br"),
        (b"Content-Length", b"99"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Expect", b"100-continue"),
        (b"X-TrioProxy-Replay", b"1"),
        (b"anthropic-beta", b"a"),
        (b"anthropic-beta", b"b"),
    )
    assert request_headers(headers, host=b"api.anthropic.com", whole_length=12, identity=True) == (
        (b"host", b"api.anthropic.com"),
        (b"Accept", b"application/json"),
        (b"Authorization", b"Bearer sk-1"),
        (b"X-Api-Key", b"sk-1"),
        (b"anthropic-beta", b"a"),
        (b"anthropic-beta", b"b"),
        (b"accept-encoding", b"identity"),
        (b"content-length", b"12"),
    )


def test_a_body_that_streams_keeps_the_length_that_was_announced() -> None:
    headers = ((b"Content-Length", b"99"), (b"Accept-Encoding", b"gzip"))
    assert request_headers(headers, host=b"h") == ((b"host", b"h"), *headers)


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_no_hop_by_hop_header_passes(name: bytes) -> None:
    assert request_headers(((name, b"x"),), host=b"h") == ((b"host", b"h"),)
    assert response_headers(((name.upper(), b"x"),), status=200, own=((b"x-trioproxy-id", b"i"),)) == (
        (b"x-trioproxy-id", b"i"),
    )


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        (None, ""),
        (b"", ""),
        (b"identity", ""),
        (b" Identity ", ""),
        (b"GZip", "gzip"),
        (b"gzip,br", "gzip, br"),
        (b"identity, br", "br"),
    ],
)
def test_a_content_coding_is_one_unless_it_is_none(value: bytes | None, coding: str) -> None:
    assert content_coding(((b"Content-Encoding", value),) if value is not None else ()) == coding


def test_codings_are_those_of_all_fields() -> None:
    assert content_coding(((b"content-encoding", b"identity"), (b"Content-Encoding", b"br"))) == "br"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, ""),
        (b"Text/Event-Stream; charset=utf-8", "text/event-stream"),
        (b" application/json ", "application/json"),
    ],
)
def test_a_media_type_is_without_its_parameters(value: bytes | None, kind: str) -> None:
    assert media_type(((b"Content-Type", value),) if value is not None else ()) == kind


@pytest.mark.parametrize(
    ("headers", "size"),
    [
        ((), None),
        (((b"Content-Length", b"12"),), 12),
        (((b"content-length", b"0"),), 0),
        (((b"content-length", b""),), None),
        (((b"content-length", b"-1"),), None),
        (((b"content-length", b"1e3"),), None),
        (((b"content-length", b"9" * 20),), None),
    ],
)
def test_a_length_is_a_number_that_a_body_can_have(headers: RawHeaders, size: int | None):
    assert length(headers) == size


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.binary(max_size=4)), max_size=6).map(tuple))
def test_fields_of_one_name_make_one_list(headers: RawHeaders) -> None:
    found = fields(headers)
    assert set(found) == {name for name, _ in headers}
    for name, value in found.items():
        assert value == b", ".join(each for key, each in headers if key == name)


@pytest.mark.parametrize(
    ("field", "expected"),
    [(None, ""), (b"", ""), (b" Identity", ""), (b"GZIP , identity,zstd", "gzip, zstd"), (b",br,", "br")],
)
def test_the_codings_of_a_field(field: bytes | None, expected: str) -> None:
    assert coding(field) == expected


class Counted(tuple[tuple[bytes, bytes], ...]):
    """Headers that count how often they are gone through."""

    rounds = 0

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        self.rounds += 1
        return super().__iter__()


def test_a_name_that_repeats_does_not_make_it_slow() -> None:
    """A head of 128 KiB has room for 20,000 fields."""
    headers = Counted([*((b"%d" % number, b"") for number in range(20_000)), (b"0", b"x")])
    assert fields(headers)[b"0"] == b", x"
    assert headers.rounds <= 2


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.binary(max_size=4)), max_size=6).map(tuple))
def test_of_what_is_no_list_the_first_counts(headers: RawHeaders) -> None:
    assert first_fields(headers) == {name: get(headers, name) for name, _ in headers}
