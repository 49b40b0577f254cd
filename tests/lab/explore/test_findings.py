from __future__ import annotations

import msgspec

from trioproxy.lab.explore.findings import Failure, Findings, Total


def failure(step: int, *names: str) -> Failure:
    return Failure("s", ("leave",), 3, (step,), tuple((name, "so") for name in names))


def test_a_run_is_named_by_what_happened_in_it() -> None:
    assert failure(7, "a").id == "s/leave@7/3"
    assert Failure("s", (), 3, (), ()).id == "s/nothing/3"


def test_the_first_failure_of_each_invariant_is_kept() -> None:
    cell = Findings("s", "leave")

    for each in (failure(1, "a"), failure(2, "a"), failure(3, "a", "b")):
        cell.fail(each)

    assert [each.steps for each in cell.failures] == [(1,), (3,)]


def test_findings_add_up() -> None:
    total = Total()
    one = Findings("s", "leave", 2, {1, 2}, {"x"}, {"ok": 2}, {}, [])
    for each in (one, Findings("s", "leave", 3, {2, 3}, {"y"}, {"ok": 1, "no": 2}, {"a": 2}, [failure(1, "a")])):
        total.add(each)
    total.add(Findings("t", "leave", 1, {1}, {"x"}, {"no": 1}, {}, []))

    assert total.runs == 6
    assert (total.schedules(), total.schedules("s"), total.places(), total.places("t")) == (4, 3, 3, 1)
    assert total.endings == {"no": 3, "ok": 3}
    assert total.broken == {"a": 2}
    assert total.failures == [failure(1, "a")]


def test_they_travel_between_processes() -> None:
    cell = Findings("s", "leave", 2, {1, -(2**63)}, {"x"}, {"ok": 2}, {"a": 1}, [failure(1, "a")])

    assert msgspec.json.decode(msgspec.json.encode(cell), type=Findings) == cell
