from __future__ import annotations

import trio
from support.exploring import play_one

from trioproxy.lab.explore.pairing import pair


def test_rows_belong_to_those_who_made_them() -> None:
    served, calls = pair(play_one("resend"))

    assert [each.call for each in served] == calls
    assert [call.users for call in calls] == [[each.visit] for each in served]
    assert [call.closed_at for call in calls] == [1.0, 6.0]


def test_two_at_one_call() -> None:
    served, [call] = pair(play_one("join"))

    assert call.users == [each.visit for each in served]


def test_where_the_tasks_do_not_tell_order_does() -> None:
    happened = play_one("resend")
    somebody = object()
    for row in (*happened.books.calls, *happened.books.exchanges):
        object.__setattr__(row, "by", somebody)

    served, calls = pair(happened)

    assert [call.booked for call in calls] == happened.books.calls
    assert [each.booked for each in served] == happened.books.exchanges


def test_a_row_that_is_missing_is_nobodys() -> None:
    happened = play_one("refused")
    happened.books.calls.clear()

    [each], [call] = pair(happened)

    assert call.booked is None
    assert each.call is None
    assert isinstance(each.visit.by, trio.lowlevel.Task)
