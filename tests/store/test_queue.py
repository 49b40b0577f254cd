"""What waits, and what is given up when too much waits."""

from __future__ import annotations

from support.rows import call_receipt, exchange_receipt, opening

from trioproxy.store.queue import RowQueue, counted


def test_openings_go_first():
    queue = RowQueue(10)
    queue.put_receipt(call_receipt(1))
    assert not queue.urgent
    durable = queue.put_opening(opening(2))
    assert queue.urgent
    assert len(queue) == 2
    batch = queue.take(10)
    assert batch.rows == [opening(2), call_receipt(1)]
    assert batch.durable == [durable]
    assert not durable.is_set()
    assert len(queue) == 0
    assert not queue.urgent


def test_a_batch_is_bounded():
    queue = RowQueue(10)
    for n in range(3):
        queue.put_opening(opening(n))
        queue.put_receipt(call_receipt(n))
    sizes = [(len(batch.rows), len(batch.durable)) for batch in (queue.take(2), queue.take(2), queue.take(9))]
    assert sizes == [(2, 2), (2, 1), (2, 0)]


def test_when_full_openings_are_given_up_first_and_that_is_no_loss(caplog):
    queue = RowQueue(3)
    queue.put_receipt(call_receipt(1))
    queue.put_opening(opening(2))
    queue.put_opening(opening(3))
    queue.put_receipt(exchange_receipt(1))
    assert list(queue) == [opening(3), call_receipt(1), exchange_receipt(1)]
    assert queue.dropped == 0
    assert caplog.text == ""


def test_then_the_oldest_receipts_and_they_are_counted(caplog):
    queue = RowQueue(3)
    for n in range(5):
        queue.put_receipt(call_receipt(n))
    assert list(queue) == [call_receipt(2), call_receipt(3), call_receipt(4)]
    assert queue.dropped == 2
    assert [record.getMessage() for record in caplog.records] == [
        "[ledger] more than 3 rows wait: the oldest are dropped"
    ]


def test_an_opening_has_no_place_among_too_many_receipts():
    queue = RowQueue(2)
    queue.put_receipt(call_receipt(1))
    queue.put_receipt(call_receipt(2))
    assert not queue.put_opening(opening(3)).is_set()
    assert list(queue) == [call_receipt(1), call_receipt(2)]
    assert queue.dropped == 0


def test_rows_in_words():
    rows = [opening(1), opening(2), call_receipt(1), exchange_receipt(1), exchange_receipt(2)]
    assert counted(rows) == "1 ended call, 2 ended exchanges, 2 open calls"
    assert counted([]) == "no rows"
