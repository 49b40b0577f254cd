"""When to try again, and what is said."""

from __future__ import annotations

from trioproxy.store.outage import Outage


def said(caplog):
    lines = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return lines


def test_the_pauses_double_up_to_five_seconds_and_begin_anew():
    outage = Outage()
    pauses = [outage.failed("disk full", now=float(n), waiting=1, dropped=0) for n in range(8)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    outage.over(now=9.0, waiting=1, dropped=0)
    assert outage.failed("disk full", now=10.0, waiting=1, dropped=0) == 0.1


def test_one_line_at_its_beginning_a_reminder_a_minute_one_at_its_end(caplog):
    outage = Outage()
    for now in range(0, 150, 5):
        outage.failed("the disk is full", now=float(now), waiting=now, dropped=now // 100)
        assert outage.error == "the disk is full"
    assert said(caplog) == [
        "[ledger] the disk is full; serving goes on, rows wait in memory (0 now)",
        "[ledger] still not written after 60 s: the disk is full; 60 rows wait in memory, 0 were dropped",
        "[ledger] still not written after 120 s: the disk is full; 120 rows wait in memory, 1 were dropped",
    ]
    outage.over(now=150.0, waiting=7, dropped=1)
    outage.over(now=151.0, waiting=1, dropped=1)
    assert outage.error is None
    assert said(caplog) == ["[ledger] is written again after 150.0 s; 7 rows had waited, 1 were dropped"]


def test_a_ledger_that_works_is_no_news(caplog):
    Outage().over(now=1.0, waiting=3, dropped=0)
    assert said(caplog) == []
