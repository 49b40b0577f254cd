"""Times and bytes of one story."""

from __future__ import annotations

import math

from trioproxy.lab.compare.semantics import Leaving, Semantics
from trioproxy.lab.compare.sweep import Contestant
from trioproxy.lab.compare.telling import Telling, ask, stream, tell
from trioproxy.lab.script import AtEvent, ClientScript, Leave, ReadSlowly, Story
from trioproxy.lab.script.client import After

SCRIPT = stream(10, 1.0, 100)


def test_a_stream_is_so_many_events_of_one_size_and_the_last_word() -> None:
    events = SCRIPT.body.split(b"\n\n")

    assert [len(event) for event in events[:10]] == [98] * 10
    assert events[10].startswith(b"event: message_stop")
    assert sum(after_s for after_s, _ in stream(10, 1.0, first_s=5.0).steps) == 15.0


def test_a_whole_answer() -> None:
    [told] = tell([Telling(Contestant(Semantics()), Story("whole", (SCRIPT,), (ClientScript(ask()),)))])

    assert told.pulled_bytes() == told.got_bytes() == told.all_pulled_bytes == len(SCRIPT.body)
    assert told.pulled_bytes(until_s=3.5) == 300
    assert told.ended_at() == told.closed_at() == 11.0
    assert told.ended_at(1) == math.inf
    assert told.most_waiting_bytes() == 100


def test_one_that_is_left_and_one_that_is_read_slowly() -> None:
    leaver = ClientScript(ask(), ((AtEvent(3), Leave()),))
    slow = ClientScript(ask(), ((After(0.0), ReadSlowly(50)),))
    lingering = Contestant(Semantics(leaving=Leaving.of("linger:2.5")))
    left, read = tell([Telling(lingering, Story("story", (SCRIPT,), (each,))) for each in (leaver, slow)])

    assert left.closed_at() == 5.5
    assert (left.got_bytes(), left.pulled_bytes()) == (300, 500)
    assert left.ended_at() == math.inf
    assert read.most_waiting_bytes() > 400


def test_another_number_is_another_request() -> None:
    assert ask(0) == ask()
    assert ask(0).body != ask(1).body
