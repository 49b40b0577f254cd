"""The bytes of an answer of which only the sizes are known: something that is metered the same way.

    sizes 428, 117, 51   ─▶ comments, comments, comments and the protocol's last event

Comments and blank lines are nothing to whoever reads an event stream (HTML Living Standard, 9.2.6), and spaces are
nothing in JSON (RFC 8259, 2).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from trioproxy.lab.answers import answer_to, anthropic_error_event, openai_error_event
from trioproxy.lab.answers.answer import event
from trioproxy.model import CallOutcome

EVENT_STREAM = "text/event-stream"
JSON = "application/json"
_DONE = b"data: [DONE]\n\n"


def _responses_error_event() -> bytes:
    return event({"type": "error", "code": "server_error", "message": "The server had an error."}, named=True)


_ERROR_EVENTS = {"/v1/messages": anthropic_error_event, "/v1/responses": _responses_error_event}


def filler(size: int, media_type: str) -> bytes:
    """So many bytes that say nothing."""
    if media_type != EVENT_STREAM:
        return b" " * size
    return b":\n" * (size // 2) if size % 2 == 0 else b"\n" * size


def last_words(path: str, media_type: str, outcome: str | None) -> bytes:
    """What the answer must have had in it, for its call to be settled as `outcome`; empty where nothing."""
    if media_type != EVENT_STREAM:
        return b"{}" if outcome == CallOutcome.COMPLETED and media_type == JSON else b""
    target = re.sub(r"^/(?!v1)[^/]+(?=/v1)", "", path)
    if outcome == CallOutcome.COMPLETED:
        answer = answer_to(target, (), b'{"stream":true}', "")
        return answer.parts[-1] if answer.streamed else _DONE
    if outcome == CallOutcome.UPSTREAM_ERROR:
        return _ERROR_EVENTS.get(target, openai_error_event)()
    return b""


def filled(sizes: Sequence[int], media_type: str, last: bytes) -> list[bytes]:
    """Chunks of these sizes that end with `last`, on a line of its own; without room for it, the last one is longer."""
    room = sum(sizes) - len(last)
    if room < 0:
        return [*filled(sizes[:-1], media_type, b""), last] if sizes else []
    before: list[bytes] = []
    for size in sizes:
        if size > room:
            break
        before.append(filler(size, media_type))
        room -= size
    return [*before, *sliced(filler(room, media_type) + last, sizes[len(before) :])]


def sliced(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """`body` in pieces of these sizes."""
    return [body[start:end] for start, end in pairwise([0, *accumulate(sizes)])]
