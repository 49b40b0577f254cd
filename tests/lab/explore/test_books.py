from __future__ import annotations

import pytest
from support.exploring import play_one

from trioproxy.errors import LedgerError


def test_it_counts_the_connections_that_are_open_when_a_call_is_settled() -> None:
    happened = play_one("stream")

    assert [booked.connections for booked in happened.books.calls] == [0]
    assert happened.books.health().ok


def test_rows_that_are_never_durable_delay_the_request_by_the_patience() -> None:
    happened = play_one("stream", ("no-commits", 0))

    assert happened.books.late == 1
    assert happened.over_at == 0.25
    assert not happened.books.health().ok


def test_no_row_is_taken() -> None:
    happened = play_one("stream", ("no-rows", 0))

    assert happened.books.opened == []
    assert happened.books.calls == []
    assert happened.visits[0].status == 500


def test_each_attempt_to_settle_is_kept() -> None:
    happened = play_one("stream", ("no-settling", 0))

    assert (len(happened.books.calls), len(happened.books.exchanges)) == (1, 1)
    assert isinstance(happened.visits[0].error, LedgerError)


@pytest.mark.parametrize("name", ["no-rows", "no-settling", "no-commits"])
def test_a_fault_past_the_end_changes_nothing(name: str) -> None:
    assert play_one("stream", (name, 10_000)).schedule == play_one("stream").schedule
