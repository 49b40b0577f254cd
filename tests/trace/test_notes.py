"""Notes are bounded, in time and without secrets."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from trioproxy.model import Arrival, RawHeaders
from trioproxy.trace import notes as subject
from trioproxy.trace.notes import EVENT_BYTES, LONGEST_TEXT, Notes, Room
from trioproxy.trace.records import Event, Header, Lane, Run, What


def arrival(headers: RawHeaders = ()) -> Arrival:
    return Arrival("id", 0.5, "POST", b"/v1/messages", b"", headers, "1.1")


def noted(room_bytes: int = 10**6, **options: bool) -> tuple[Notes, Room, list[Notes]]:
    over: list[Notes] = []
    room = Room(room_bytes)
    return Notes(arrival(((b"x-api-key", b"sk-secret"),)), "sampled", room, over.append, **options), room, over


def events(notes: Notes) -> list[Event]:
    return [record for record in notes.records({}) if isinstance(record, Event)]


async def test_a_file_begins_with_what_ran_and_what_was_asked(autojump_clock: trio.testing.MockClock) -> None:
    notes, _, _ = noted()
    await trio.sleep(1.5)
    notes.note(Lane.CLIENT, What.LEFT)
    header, run, event = notes.records({"trioproxy": "9"})

    assert isinstance(header, Header)
    assert (header.lab, header.began_at, header.versions) == (
        "trace",
        "1970-01-01T00:00:00.500000Z",
        {"trioproxy": "9"},
    )
    assert isinstance(run, Run)
    assert (run.id, run.cell) == ("id", {"why": "sampled", "protocol": "HTTP/1.1"})
    assert event == Event(run="id", at_s=1.5, lane=Lane.CLIENT, what=What.LEFT)


async def test_a_credential_is_never_said() -> None:
    notes, _, _ = noted()
    notes.note(Lane.UPSTREAM, What.BROKE, "no such key: sk-secret")

    assert events(notes)[0].note == "no such key: [secret]"


async def test_nor_in_what_is_measured() -> None:
    notes, _, _ = noted()
    notes.measure({"media_type": "text/sk-secret", "status": 200})

    assert notes.measures == {"media_type": "text/[secret]", "status": 200}


async def test_a_long_text_is_cut() -> None:
    notes, _, _ = noted()
    notes.complete(notes.note(Lane.UPSTREAM, What.BROKE, "x" * 9999), "y" * 9999)
    notes.note(Lane.UPSTREAM, What.BROKE, "x" * 9999)

    assert [event.note for event in events(notes)] == ["y" * LONGEST_TEXT, "x" * LONGEST_TEXT]


async def test_what_is_being_read_is_not_let_go() -> None:
    notes, _, _ = noted(0)
    notes.note(Lane.CLIENT, What.REQUEST)
    notes.chunk(Lane.CLIENT, b"abc")
    reading = notes.records({})
    notes.let_go()

    assert len([*reading]) == 4


async def test_what_was_noted_can_be_completed() -> None:
    notes, _, _ = noted()
    number = notes.note(Lane.PUMP, What.CANCELLED)
    notes.complete(number, "shutdown")
    notes.complete(-1, "it was not noted")

    assert [event.note for event in events(notes)] == ["shutdown"]


@pytest.mark.parametrize("keeps", [False, True])
async def test_bytes_are_kept_where_that_is_asked_for(keeps: bool) -> None:
    notes, _, _ = noted(keeps_bodies=keeps)
    notes.chunk(Lane.UPSTREAM, b"abc", keep=True)
    notes.chunk(Lane.CLIENT, b"abc")

    assert [event.data for event in events(notes)] == [b"abc" if keeps else None, None]


async def test_chunks_without_room_are_told_as_one(autojump_clock: trio.testing.MockClock) -> None:
    notes, _, _ = noted(2 * EVENT_BYTES)
    for _ in range(5):
        await trio.sleep(1)
        notes.chunk(Lane.UPSTREAM, b"abc")
        notes.phase("blocked")
    await trio.sleep(1)
    notes.note(Lane.UPSTREAM, What.END)

    assert [(event.at_s, event.what, event.size_bytes) for event in events(notes)] == [
        (1.0, What.BYTES, 3),
        (1.0, What.PHASE, 0),
        (5.0, What.BYTES, 12),
        (6.0, What.END, 0),
    ]
    assert events(notes)[2].note == "4 chunks, of which the last came now"
    [run] = [record for record in notes.records({}) if isinstance(record, Run)]
    assert run.measures["dropped_events"] == 8


async def test_one_request_does_not_take_all_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "NOTES_BYTES", 3 * EVENT_BYTES)
    notes, room, _ = noted()
    for _ in range(9):
        notes.chunk(Lane.UPSTREAM, b"abc")

    assert len(events(notes)) == 4
    assert room.take(10**6 - 3 * EVENT_BYTES)


async def test_the_room_is_given_back_once() -> None:
    notes, room, _ = noted(keeps_bodies=True)
    notes.chunk(Lane.UPSTREAM, b"abc", keep=True)
    assert not room.take(10**6)
    notes.let_go()
    notes.let_go()

    assert room.take(10**6)
    assert not room.take(1)


async def test_it_is_over_with_the_last_part() -> None:
    notes, _, over = noted()
    notes.open_part()
    notes.end_part()
    assert not over
    notes.end_part()

    assert over == [notes]
