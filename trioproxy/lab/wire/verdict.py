"""What a client that stayed saw of an upstream's fault, and whether that was the truth."""

from __future__ import annotations

import gzip
import re
import zlib
from contextlib import suppress

from trioproxy.lab.guest import AnswerEnding, Visit
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.script import End, Script
from trioproxy.lab.wire.guest import SAW
from trioproxy.trace.records import Value

# The text of the answer's events, which a proxy that words them anew has to keep all the same.
_TEXT = re.compile(
    rb'"type":\s?"text_delta",\s?"text":\s?"((?:[^"\\]|\\.)*)"|"text":\s?"((?:[^"\\]|\\.)*)",\s?"type":\s?"text_delta"'
)


def of_fault(script: Script, visit: Visit, *, verbatim: bool) -> dict[str, Value]:
    """The measures of one run whose client stayed.

    A clean end is a lie where the upstream's story has no such end, or where the client has got less, or other bytes,
    than it was to send. Both are known from the script: nothing depends on when the upstream noted what. `verbatim`:
    the target passes bytes as they are; else the text in the events is compared.
    """
    saw = SAW[visit.ending] if visit.ending else Saw.HANG
    if saw is Saw.CLEAN_END and visit.status is not None and visit.status >= 400:
        saw = Saw.ERROR
    whole = is_whole(script.body, visit, verbatim=verbatim)
    measures: dict[str, Value] = {
        Measure.SAW: saw,
        Measure.LIE: saw is Saw.CLEAN_END and not (whole and isinstance(script.ending, End)),
        "status": visit.status,
        "whole": whole,
    }
    if visit.ended_at is not None and visit.ending is not AnswerEnding.HANG:
        measures["ended_ms"] = (visit.ended_at - visit.began_at) * 1000
    if visit.interim:
        measures["interim"] = ", ".join(map(str, visit.interim))
    return measures


def is_whole(sent: bytes, visit: Visit, *, verbatim: bool) -> bool:
    """The client has all that the upstream had to say. Either may be compressed, or both."""
    got = bytes(visit.body)
    if got == sent:
        return True
    if sent[:2] == b"\x1f\x8b":
        sent = _unpacked(sent)
        got = _unpacked(got) if (visit.header(b"content-encoding") or b"").lower() == b"gzip" else got
    return got == sent if verbatim else _text(got) == _text(sent)


def _text(body: bytes) -> bytes:
    return b"".join(one or other for one, other in _TEXT.findall(body))


def _unpacked(data: bytes) -> bytes:
    with suppress(OSError, EOFError, zlib.error):
        return gzip.decompress(data)
    return data
