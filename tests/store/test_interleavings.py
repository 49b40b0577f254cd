"""Whatever the order of the rows, the split into batches and what is written twice: one table."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.rows import call_receipt, exchange_receipt, opening

from trioproxy.model import CallOutcome, ExchangeOutcome, Reading, ServedBy

ROWS = [
    *(opening(n) for n in range(1, 6)),
    *(call_receipt(1), exchange_receipt(1)),
    call_receipt(2, outcome=CallOutcome.ABANDONED, reading=Reading()),
    exchange_receipt(2, outcome=ExchangeOutcome.CLIENT_LEFT, served_by=ServedBy.PROXY, call_id=None),
    call_receipt(3),
    exchange_receipt(4),
    exchange_receipt(6, served_by=ServedBy.PROXY, call_id=None),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_table(bench, data):
    order = data.draw(st.permutations(ROWS)) + data.draw(st.lists(st.sampled_from(ROWS), max_size=4))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(order)))))
    engine = bench.engine()
    engine.connect()
    bench.clear()
    for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
        engine.write(order[start:end])
    found = bench.rows("calls"), bench.rows("exchanges")

    bench.clear()
    engine.write(ROWS)
    assert found == (bench.rows("calls"), bench.rows("exchanges"))
    assert {id_: row.get("outcome") for id_, row in found[0].items()} == {
        "c1": "completed",
        "c2": "abandoned",
        "c3": "completed",
        "c4": None,
        "c5": None,
    }
    assert {id_: (row.get("outcome"), row.get("call_id")) for id_, row in found[1].items()} == {
        "x1": ("delivered", "c1"),
        "x2": ("client_left", "c2"),
        "x3": (None, "c3"),
        "x4": ("delivered", "c4"),
        "x5": (None, "c5"),
        "x6": ("delivered", None),
    }
    engine.disconnect()
