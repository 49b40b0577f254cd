"""Two files side by side: what differs, and what is not shown to."""

from __future__ import annotations

import pytest
from support.lab_results import explore, header, wire

from trioproxy.lab.report.comparison import Value, Verdict, compare, shown
from trioproxy.lab.report.results import Results, results
from trioproxy.lab.statistics import Interval
from trioproxy.trace.records import Figure, Record, Tally


def _file(name: str, *records: Record) -> Results:
    return results(name, [header(), *records])


def _figure(
    value: float | None, low: float | None, high: float | None, subject: str = "nginx", unit: str = "ms"
) -> Figure:
    return Figure(subject=subject, name="added latency", value=value, unit=unit, low=low, high=high, n=9)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ((2, 1, 3), (5, 4, 6), Verdict.HIGHER),
        ((5, 4, 6), (2, 1, 3), Verdict.LOWER),
        ((2, 1, 3), (3, 3, 5), Verdict.NONE),
        ((2, None, None), (3, 2, 4), Verdict.UNKNOWN),
        # Half an interval may be enough.
        ((2, None, 3), (5, 4, None), Verdict.HIGHER),
        ((2, 1, None), (5, 4, 6), Verdict.UNKNOWN),
    ],
)
def test_a_difference_is_shown_where_intervals_do_not_meet(
    a: tuple[float, float | None, float | None], b: tuple[float, float | None, float | None], verdict: Verdict
) -> None:
    (compared,) = compare(_file("a", _figure(*a)), _file("b", _figure(*b)))

    assert compared.verdict == verdict
    assert compared.difference == b[0] - a[0]


def test_what_is_in_one_file_alone_is_not_compared() -> None:
    (one, other) = compare(
        _file("a", _figure(1, 0, 2), _figure(None, None, None, "haproxy")),
        _file("b", _figure(1, 0, 2, "haproxy"), _figure(None, None, None)),
    )

    assert (one.where, one.verdict, one.difference) == (("nginx",), Verdict.ONLY_A, None)
    assert (other.where, other.verdict) == (("haproxy",), Verdict.ONLY_B)


def test_two_files_of_one_target_each_are_about_the_two() -> None:
    (compared,) = compare(_file("a", _figure(1, 0, 2)), _file("b", _figure(9, 8, 10, "haproxy")))

    assert compared.where == ("nginx (A), haproxy (B)",)
    assert compared.verdict == Verdict.HIGHER


def test_another_unit_is_not_compared() -> None:
    (compared,) = compare(_file("a", _figure(1, 0, 2, unit="ms")), _file("b", _figure(1, 0, 2, unit="s")))

    assert compared.b is None


def test_the_lab_finds_the_target_that_became_slower_and_nothing_else() -> None:
    compared = compare(results("a", wire(1, 60)), results("b", wire(2, 60, slower=3.0)))

    different = shown(compared)
    assert {each.where[0] for each in different} == {"naive"}
    assert {(each.what, each.verdict) for each in different} == {("abort latency, median", Verdict.HIGHER)}
    assert len(different) == 8


def test_the_same_file_does_not_differ_from_itself() -> None:
    for records in (wire(), explore()):
        once, again = results("a", records), results("b", records)
        compared = compare(once, again)
        assert compared
        assert {each.difference for each in compared} == {0.0}
        assert shown(compared) == []


def test_invariants_are_compared_as_shares_of_the_runs() -> None:
    few, many = (
        _file("x", Tally(subject="a", cell={"fault": "leave"}, runs=1000, broken={"once": count})) for count in (3, 90)
    )
    (compared,) = compare(few, many)

    assert (compared.what, compared.where, compared.unit) == ("breaks: once", ("a", "leave"), "share")
    assert compared.b == Value(0.09, compared.b.interval if compared.b else Interval(None, None), 1000)
    assert compared.verdict == Verdict.HIGHER
    empty = _file("x", Tally(subject="a", cell={"fault": "leave"}, runs=0, broken={"once": 0}))
    assert [each.verdict for each in compare(few, empty)] == [Verdict.UNKNOWN]
    other = _file("x", Tally(subject="b", cell={}, runs=10, broken={"once": 0}))
    assert [each.verdict for each in compare(few, _file("y", *few.tallies, *other.tallies))] == [
        Verdict.NONE,
        Verdict.ONLY_B,
    ]
