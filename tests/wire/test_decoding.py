"""Content decoders: any cut, any coding, bounded pieces, no bombs, no exceptions."""

from __future__ import annotations

import gzip
import itertools
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.wire.decoding import PIECE_BYTES, decoded, decoder_for


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:]),
    "X-GZIP ": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": bare_deflate,
    "zstd": lambda data: zstandard.compress(data[:10]) + zstandard.compress(data[10:]),
}


@pytest.mark.parametrize("coding", CODINGS)
@given(data=st.binary(max_size=300), places=st.lists(st.integers(0, 400), max_size=5))
def test_gives_back_what_was_coded(coding: str, data: bytes, places: list[int]) -> None:
    packed = CODINGS[coding](data)
    out: list[bytes] = []
    decoder = decoder_for(coding, out.append)
    assert decoder is not None
    marks = [0, *sorted(place % (len(packed) + 1) for place in places), len(packed)]
    for a, b in itertools.pairwise(marks):
        decoder.feed(packed[a:b])
    assert b"".join(out) == data
    assert not decoder.failed
    assert decoded(packed, coding, 300) == data


@pytest.mark.parametrize("coding", CODINGS)
def test_large_output_comes_in_bounded_pieces(coding: str) -> None:
    data = bytes(range(256)) * 4000
    out: list[bytes] = []
    decoder = decoder_for(coding, out.append)
    assert decoder is not None
    decoder.feed(CODINGS[coding](data) + (b"trailing" if coding.lower() == "deflate" else b""))
    assert b"".join(out) == data
    assert max(map(len, out)) <= PIECE_BYTES


@pytest.mark.parametrize("size", range(PIECE_BYTES, PIECE_BYTES + 600, 50))
def test_what_is_left_when_the_input_is_used_up_comes_too(size: int) -> None:
    assert decoded(bare_deflate(bytes(size)), "deflate", size) == bytes(size)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_not_unfolded(coding: str) -> None:
    sizes: list[int] = []
    decoder = decoder_for(coding, lambda piece: sizes.append(len(piece)))
    assert decoder is not None
    packed = CODINGS[coding](bytes(50_000_000))
    decoder.feed(packed)
    assert decoder.failed
    assert sum(sizes) <= (1 << 24) + 200 * len(packed)
    sizes.clear()
    decoder.feed(packed)
    assert sizes == []


@pytest.mark.parametrize("coding", CODINGS)
@given(junk=st.binary(min_size=1, max_size=60))
def test_junk_fails_quietly(coding: str, junk: bytes) -> None:
    out: list[bytes] = []
    decoder = decoder_for(coding, out.append)
    assert decoder is not None
    decoder.feed(junk)
    decoder.feed(junk)
    assert len(b"".join(out)) <= PIECE_BYTES * 2


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_over_the_limit_is_none(coding: str) -> None:
    assert decoded(CODINGS[coding](bytes(1000)), coding, 1000) == bytes(1000)
    assert decoded(CODINGS[coding](bytes(1001)), coding, 1000) is None


def test_no_coding_and_unknown_codings() -> None:
    assert decoded(b"plain", "", 5) == b"plain"
    assert decoded(b"plain", "Identity", 4) is None
    assert decoded(b"plain", "br", 100) is None
    assert decoded(b"plain", "gzip", 100) is None
    assert decoder_for("gzip, zstd", print) is None


def test_a_zstd_window_beyond_the_content_codings_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(b"x" * 1000) + packer.flush()
    assert decoded(packed, "zstd", 10_000) is None
