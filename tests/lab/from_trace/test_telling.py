"""Which run is told."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.from_trace.telling import telling
from trioproxy.trace.records import Event, Header, Lane, Record, Run, What

HEADER = Header(lab="explore", command=[], began_at="2026-11-29T06:00:00Z")


def run(name: str) -> Run:
    return Run(id=name, subject="x", cell={})


def event(run: str, at_s: float = 0.0, *, lane: Lane = Lane.CLIENT, what: What = What.LEFT, who: int = 0) -> Event:
    return Event(run=run, at_s=at_s, lane=lane, what=what, who=who)


def problem(records: list[Record], run_id: str | None = None) -> str:
    with pytest.raises(ConfigurationError) as raised:
        telling(records, "x.jsonl", run_id)
    [said] = raised.value.problems
    return said


def test_the_only_one_with_events() -> None:
    it = telling([HEADER, run("1"), run("2"), event("2", 2.0), event("2", 1.0)], "x.jsonl", None)

    assert it.run.id == "2"
    assert [each.at_s for each in it.events] == [1.0, 2.0]


def test_the_one_that_is_asked_for() -> None:
    records = [HEADER, run("1"), event("1"), run("2"), event("2")]

    assert telling(records, "x.jsonl", "2").run.id == "2"
    assert problem(records) == "x.jsonl: has 2 runs with events; expected one by --run: 1, 2"
    assert problem(records, "3") == "x.jsonl: --run 3: is not there; expected one of: 1, 2"
    assert "has no events" in problem([*records, run("3")], "3")


def test_no_more_ids_are_named_than_anybody_reads() -> None:
    records = [record for number in range(9) for record in (run(str(number)), event(str(number)))]

    assert problem(records).endswith("--run: 0, 1, 2, 3, 4, …")


def test_none_at_all() -> None:
    assert "has no run with events" in problem([HEADER, run("1")])


def test_events_by_lane_kind_and_who() -> None:
    it = telling([run("1"), event("1", 1.0), event("1", 2.0, who=1), event("1", 3.0, lane=Lane.SEAT)], "x", None)

    assert [each.at_s for each in it.of(Lane.CLIENT)] == [1.0, 2.0]
    assert [each.at_s for each in it.of(Lane.CLIENT, 1)] == [2.0]
    assert it.of(Lane.CLIENT, None, What.END) == []
    assert it.whos(Lane.CLIENT) == [0, 1]
