"""Events of chat streams, with and without usage, and a stripper that is fed and watched."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from trioproxy.providers.usage_asking import MAX_HELD_BYTES, UsageStripper

MOST_HELD_BYTES = MAX_HELD_BYTES + 2  # and a line end that may be half of a blank line


def stripped(pieces: Iterable[bytes]) -> bytes:
    stripper = UsageStripper()
    out = []
    for piece in pieces:
        out.append(stripper.feed(piece))
        assert stripper.held_bytes <= MOST_HELD_BYTES
    return b"".join([*out, stripper.end()])


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    marks = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(marks)]


USAGE = b'data: {"id":"x","choices":[],"usage":{"prompt_tokens":1}}'
DELTA = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null}'
DONE = b"data: [DONE]"
KEPT = [
    DELTA,
    b'data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}',
    b'data: {"choices":[],"usage":null}',
    b'data: {"choices":[],"usage":{"prompt_tokens":1},"error":{"message":"no"}}',
    b'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}',
    b'data: {"choices":[ {"delta":{}}],"usage":{"prompt_tokens":1}}',
    b'data: {"choices":[\ndata: {"delta":{}}],"usage":{"prompt_tokens":1}}',
    b'data: {"choices":[{"delta":{"content":"data: [DONE] \\"choices\\":[],\\"usage\\":{}"}}],"usage":null}',
    b'data: {"x":"{\\"choices\\":[],\\"usage\\":{}}"}',
    b'data: {"usage":{"prompt_tokens":1}}',
    b'data: {"choices":null,"usage":{"prompt_tokens":1}}',
    b'data: {"choices":[],"usage":5}',
    b'data: {"choices":[],"usage":[]}',
    b'data: {"choices":[],"usage":{"choices":[1]}}',
    b'data: {"choices":{},"usage":{"prompt_tokens":1}}',
    b'data: {"choices":[],"usage":{"prompt_tokens":1}',
    b'data: [{"choices":[],"usage":{"prompt_tokens":1}}]',
    b'data: 5\ndata: {"choices":[],"usage":{"prompt_tokens":1}}',
    b'data: \xff{"choices":[],"usage":{"prompt_tokens":1}}',
    b'\xef\xbb\xbfdata: {"choices":[],"usage":{"prompt_tokens":1}}',
    b'dat: {"choices":[],"usage":{"prompt_tokens":1}}',
    b"event: ping",
    b"id: 7",
    b"data",
    b"retry: 3\nunknown",
]
TAKEN = [
    USAGE,
    b'event: message\nid: 7\ndata:{"usage":{},"choices" : [ ]}\nretry: 7',
    b'data: {"choices":[\ndata: ],"usage":\ndata: {"a":{"b":"]}"}}}\n: late',
    b'data: {"choices":[],"usage":{},"error":null}',
]
