"""Whether a clean end was the truth."""

from __future__ import annotations

import gzip

import pytest

from trioproxy.lab.answers import message_stream
from trioproxy.lab.guest import AnswerEnding, Visit
from trioproxy.lab.measures import Measure, Saw
from trioproxy.lab.script import Close, Script
from trioproxy.lab.wire.verdict import is_whole, of_fault

ANSWER = message_stream("Hello there.")


def visit(body: bytes, ending: AnswerEnding | None = AnswerEnding.CLEAN, status: int | None = 200) -> Visit:
    made = Visit(0.0)
    if status is not None:
        made.has_head(status, ((b"content-type", b"text/event-stream"),))
    if body:
        made.has(body)
    if ending is not None:
        made.end(ending)
    return made


@pytest.mark.parametrize(
    ("script", "body", "ending", "saw", "lie"),
    [
        (ANSWER.script(), ANSWER.body, AnswerEnding.CLEAN, Saw.CLEAN_END, False),
        (ANSWER.script(then=Close()), ANSWER.body, AnswerEnding.CLEAN, Saw.CLEAN_END, True),
        (ANSWER.script(), ANSWER.body[:-1], AnswerEnding.CLEAN, Saw.CLEAN_END, True),
        (ANSWER.script(), ANSWER.body[:9], AnswerEnding.TRUNCATED, Saw.TRUNCATION, False),
        (ANSWER.script(), ANSWER.body[:9], AnswerEnding.RESET, Saw.RESET, False),
        (ANSWER.script(), ANSWER.body[:9], None, Saw.HANG, False),
    ],
)
def test_lies(script: Script, body: bytes, ending: AnswerEnding | None, saw: Saw, lie: bool):
    measures = of_fault(script, visit(body, ending), verbatim=True)
    assert (measures[Measure.SAW], measures[Measure.LIE]) == (saw, lie)


def test_an_answer_of_the_proxys_own_is_an_error_and_no_lie():
    measures = of_fault(ANSWER.script(), visit(b"{}", status=502), verbatim=True)
    assert (measures[Measure.SAW], measures[Measure.LIE], measures["status"]) == (Saw.ERROR, False, 502)


def test_interim_responses_are_named():
    came = visit(ANSWER.body)
    came.interim.append(103)
    assert of_fault(ANSWER.script(), came, verbatim=True)["interim"] == "103"


def test_compressed_bodies_are_compared_unpacked():
    packed = gzip.compress(ANSWER.body)
    assert is_whole(packed, visit(packed), verbatim=True)
    assert is_whole(packed, visit(ANSWER.body), verbatim=True)
    assert not is_whole(packed, visit(ANSWER.body[:50]), verbatim=True)
    assert not is_whole(packed, visit(packed[:50]), verbatim=True)


def test_of_events_worded_anew_the_text_counts():
    anew = b"event: message_start\ndata: {}\n\n" + b"".join(
        b'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "%b"}}\n\n' % text
        for text in (b"Hello ", b"there.")
    )
    assert is_whole(ANSWER.body, visit(anew), verbatim=False)
    assert not is_whole(ANSWER.body, visit(anew), verbatim=True)
    assert not is_whole(ANSWER.body, visit(anew[:-130]), verbatim=False)
