"""Scripts: what a story becomes, and which stories cannot be told."""

from __future__ import annotations

import pytest

from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Framing,
    Garble,
    Head,
    Interim,
    Refuse,
    Reset,
    Script,
    Short,
    Silence,
    Step,
    Unreachable,
)


def test_a_number_is_the_pause_before_the_next_action() -> None:
    script = Script.of(0.5, Head(), Chunk(b"a"), 0.25, 0.25, Chunk(b"b"), Reset())

    assert script.steps == ((0.5, Head()), (0.0, Chunk(b"a")), (0.5, Chunk(b"b")), (0.0, Reset()))
    assert script.body == b"ab"
    assert script.ending == Reset()


def test_the_announced_length_counts_what_is_missing() -> None:
    head = Head(framing=Framing.LENGTH)

    assert Script.of(head, Chunk(b"abc"), End()).content_length(head) == 3
    assert Script.of(head, Chunk(b"abc"), Short(7)).content_length(head) == 10
    told = Head(framing=Framing.LENGTH, length_bytes=99)
    assert Script.of(told, Chunk(b"abc"), Reset()).content_length(told) == 99


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((), "ends with"),
        (((0.0, Head()), (0.0, Chunk(b"a"))), "ends with"),
        (((0.0, Chunk(b"a")), (0.0, Reset())), "Chunk before the head"),
        (((0.0, End()),), "End before the head"),
        (((0.0, Head()), (0.0, End()), (0.0, Close())), "nothing can follow End"),
        (((0.0, Head()), (-1.0, End())), "before the step"),
        (((0.0, Head()), (0.0, Head()), (0.0, End())), "Head after the head"),
        (((0.0, Head()), (0.0, Interim()), (0.0, End())), "Interim after the head"),
        (((0.0, Head()), (0.0, Refuse())), "stands alone"),
        (((0.0, Head()), (0.0, Unreachable())), "stands alone"),
        (((0.0, Head()), (0.0, Chunk(b"")), (0.0, End())), "say End"),
        (((0.0, Head(framing=Framing.NONE)), (0.0, Chunk(b"a")), (0.0, End())), "no body"),
        (((0.0, Head()), (0.0, Short())), "Framing.LENGTH"),
        (((0.0, Head(framing=Framing.CLOSE)), (0.0, Garble())), "Framing.CHUNKED"),
    ],
)
def test_a_story_that_cannot_be_told(steps: tuple[Step, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Script(steps)


def test_a_pause_at_the_end_delays_nothing() -> None:
    with pytest.raises(ValueError, match="pause at the end"):
        Script.of(Silence(), 1.0)


def test_rates_are_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Script.of(Silence(), write_bytes=0)


def test_byte_by_byte_is_the_same_story() -> None:
    script = Script.of(Head(), Chunk("é".encode()), End())

    assert script.byte_by_byte().steps == script.steps
    assert script.byte_by_byte().write_bytes == 1
