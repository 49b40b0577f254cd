"""What the upstream plays in each cell, and what the client asks.

Every answer is a stream of the Anthropic Messages API, so that proxies that read what they pass on can read it.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from functools import cache

from trioproxy.lab.answers import anthropic_error_event, message_stream
from trioproxy.lab.answers.answer import Answer
from trioproxy.lab.script import (
    Action,
    Ask,
    Chunk,
    Close,
    End,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
    Take,
)
from trioproxy.lab.wire.cells import Cell, Fault, Phase
from trioproxy.lab.wire.target import Asking

MARK_HEADER = b"x-lab-run"
# A paced upstream sends an event so often.
EVERY_S = 0.01
FLOWING_TEXTS = 5  # 1.7 s
# How late a late head is.
LATE_S = 0.5
TEXT = "The quick brown fox jumps over the lazy dog and is not seen again until the evening. " * 2
# A request of this size is still being sent when half of it is.
LARGE_BODY_BYTES = 128 * 1024
HUGE_EVENT_BYTES = 1024 * 1024
# More than all kernels on the way hold.
FLOOD_CHUNKS, FLOOD_CHUNK_BYTES = 1024, 65536
SLOW_BYTES_PER_S = 512 * 1024


@dataclass(frozen=True, slots=True)
class Scene:
    """A cell's story. `body_bytes`: at least so large is the request."""

    script: Script
    body_bytes: int = 0


def scene(cell: Cell) -> Scene:
    """What happens in `cell`."""
    if cell.fault is not None:
        return _fault(cell.fault)
    assert cell.phase is not None
    large = LARGE_BODY_BYTES if cell.phase is Phase.SENDING else 0
    return Scene(_phase(cell.phase, flood=cell.cause == "stops reading"), large)


def ask(asking: Asking, number: int, body_bytes: int = 0) -> Ask:
    """A request for a stream, as the target wants it.

    `number` is in its body, so that it is like no other and is found again at the upstream, behind a proxy that words
    requests anew; and in a header, for an upstream that has answered before it has read the body.
    """
    headers = tuple((name.lower().encode(), value.encode()) for name, value in asking.headers.items())
    body = question(asking.model, number, body_bytes)
    return Ask(asking.path, body, (*headers, (MARK_HEADER, mark(number))))


def question(model: str, number: int, body_bytes: int = 0) -> bytes:
    """The body of such a request, of `body_bytes` and some."""
    words = f"{mark(number).decode()} " + "x" * body_bytes
    messages = [{"role": "user", "content": words}]
    return json.dumps({"model": model, "max_tokens": 1024, "stream": True, "messages": messages}).encode()


def mark(number: int) -> bytes:
    """What stands in the request with this number, and in no other."""
    return b"lab-run-%08d." % number


@cache
def _answer() -> Answer:
    return message_stream(TEXT)


@cache
def _phase(phase: Phase, *, flood: bool) -> Script:
    answer = _answer()
    match phase:
        case Phase.WAITING | Phase.SENDING | Phase.CONNECTED:
            return Script.of(Silence())
        case Phase.HEAD if flood:
            return _flood(answer, 0)
        case Phase.HEAD:
            return Script.of(_head(answer), Silence())
        case Phase.FLOWING if flood:
            return _flood(answer, 4)
        case Phase.FLOWING:
            return message_stream(TEXT * FLOWING_TEXTS).script(every_s=EVERY_S)
        case Phase.SILENT:
            return answer.up_to(5).script(then=Silence())
        case Phase.BLOCKED:
            return _flood(answer, 0)
        case Phase.ENDED:
            return answer.script()


def _fault(fault: Fault) -> Scene:
    answer = _answer()
    half = answer.up_to(len(answer.parts) // 2)
    match fault:
        case Fault.NONE | Fault.REFUSED:
            return Scene(answer.script())
        case Fault.SILENT:
            return Scene(Script.of(Silence()))
        case Fault.HEAD_LATE:
            return Scene(answer.script(head_after_s=LATE_S))
        case Fault.HEAD_ONLY:
            return Scene(Script.of(_head(answer), Silence()))
        case Fault.SILENCE:
            return Scene(half.script(then=Silence()))
        case Fault.RESET:
            # A pause: a RST that comes with the bytes before it may take them along (RFC 9293, 3.5.3).
            return Scene(Script.of(*_story(half), 0.05, Reset()))
        case Fault.NO_LAST_CHUNK:
            return Scene(half.script(then=Close()))
        case Fault.SHORT:
            return Scene(half.script(then=Short(1000), framing=Framing.LENGTH))
        case Fault.GARBLED:
            return Scene(half.script(then=Garble()))
        case Fault.STREAM_RESET:
            return Scene(half.script(then=RstStream()))
        case Fault.GOING_AWAY:
            return Scene(half.script(then=GoAway()))
        case Fault.ERROR_EVENT:
            return Scene(answer.up_to(6, anthropic_error_event()).script())
        case Fault.NO_END:
            return Scene(half.script())
        case Fault.ONE_BYTE:
            return Scene(message_stream("Zażółć 🦊 one by one.").script().byte_by_byte())
        case Fault.HUGE:
            return Scene(message_stream("y" * HUGE_EVENT_BYTES).script())
        case Fault.SPLIT:
            return Scene(_split(message_stream("Zażółć gęślą jaźń 日本語 🦊 " * 4)))
        case Fault.GZIP:
            return Scene(_gzipped(answer))
        case Fault.SLOW_READER:
            return Scene(replace(answer.script(), take_bytes_per_s=SLOW_BYTES_PER_S), LARGE_BODY_BYTES)
        case Fault.EARLY:
            return Scene(replace(answer.script(), take=Take.BESIDE), LARGE_BODY_BYTES)
        case Fault.INTERIM:
            return Scene(Script.of(Interim(103, ((b"link", b"</style>"),)), *_story(answer), End()))


def _head(answer: Answer) -> Head:
    return Head(answer.status, answer.headers)


def _story(answer: Answer) -> list[Action | float]:
    return [_head(answer), *(Chunk(part) for part in answer.parts)]


def _flood(answer: Answer, events: int) -> Script:
    """A head, some events, and then more than anybody holds, as fast as it is taken."""
    chunk = Chunk(message_stream("z" * FLOOD_CHUNK_BYTES).parts[3])
    first = (Chunk(part) for part in answer.parts[: events or 3])
    last = (Chunk(part) for part in answer.parts[-3:])
    return Script.of(_head(answer), *first, *([chunk] * FLOOD_CHUNKS), *last, End())


def _split(answer: Answer) -> Script:
    """Each chunk ends in the middle of a character, where there is one of several bytes."""
    text, pieces, start = answer.body, [], 0
    for at in range(1, len(text)):
        if at - start >= 40 and text[at] & 0xC0 == 0x80:
            pieces.append(text[start:at])
            start = at
    pieces.append(text[start:])
    return Script.of(_head(answer), *(Chunk(piece) for piece in pieces), End())


def _gzipped(answer: Answer) -> Script:
    packed = gzip.compress(answer.body, mtime=0)
    head = Head(answer.status, (*answer.headers, (b"content-encoding", b"gzip")))
    pieces = [packed[at : at + 100] for at in range(0, len(packed), 100)]
    return Script.of(head, *(Chunk(piece) for piece in pieces), End())
