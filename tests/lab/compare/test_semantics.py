"""The axes: each value has a text that it can be read from, and some combinations cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trioproxy.lab.compare.semantics import Again, Cause, End, Follow, Leaving, Pump, Room, Semantics, Settle
from trioproxy.model import Policy


@pytest.mark.parametrize("text", ["enqueue", "unshielded", "shielded:0.3", "shielded:2"])
def test_settling_reads_back_as_it_is_written(text: str) -> None:
    assert str(Settle.of(text)) == text


@pytest.mark.parametrize("text", ["abort", "linger:10", "linger:0.5", "drain", "drain:60"])
def test_a_policy_reads_back_as_it_is_written(text: str) -> None:
    assert str(Leaving.of(text)) == text


@pytest.mark.parametrize("text", ["0", "16", "0KiB", "32KiB"])
def test_a_channel_reads_back_as_it_is_written(text: str) -> None:
    assert str(Room.of(text)) == text


@pytest.mark.parametrize("text", ["", "shielded", "shielded:", "shielded:0", "shielded:x", "unshielded:1", "enqueue:1"])
def test_what_is_no_settling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected enqueue"):
        Settle.of(text)


@pytest.mark.parametrize("text", ["", "linger", "abort:1", "linger:-1", "linger:inf", "drain:nan", "stay:1"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected abort"):
        Leaving.of(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "KiB", "16 chunks", "32kb"])
def test_what_is_no_channel_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number of chunks"):
        Room.of(text)


def test_linger_and_drain_know_their_seconds() -> None:
    assert Leaving.of("linger:10") == Leaving(Policy.LINGER, 10.0)
    assert Leaving.of("drain") == Leaving(Policy.DRAIN, 300.0)


def test_room_counts_chunks_or_bytes() -> None:
    assert Room.of("2").holds(2, 1_000_000)
    assert not Room.of("2").holds(3, 3)
    assert Room.of("1KiB").holds(1000, 1024)
    assert not Room.of("1KiB").holds(1, 1025)


def test_a_cell_names_every_axis() -> None:
    assert Semantics().cell == {
        "pump": "house",
        "policy": "abort",
        "settle": "enqueue",
        "channel": "32KiB",
        "cause": "structure",
        "end": "mark",
        "follow": "fastest",
        "again": "pays",
    }


@pytest.mark.parametrize("pump", [Pump.GENERATOR, Pump.NESTED])
def test_nobody_writes_a_flag_for_a_generator_and_nobody_joins_one(pump: Pump) -> None:
    assert "flag" in (Semantics(pump=pump, cause=Cause.FLAG).impossible or "")
    assert "join" in (Semantics(pump=pump, again=Again.JOINS).impossible or "")
    assert Semantics(pump=pump, end=End.CLOSED, follow=Follow.FASTEST).impossible is None


def test_a_generator_that_pulls_has_no_channel() -> None:
    some = Semantics(room=Room.of("16"))

    assert "channel" in (replace(some, pump=Pump.GENERATOR).impossible or "")
    assert [replace(some, pump=pump).impossible for pump in (Pump.HOUSE, Pump.REQUEST, Pump.NESTED)] == [None] * 3
