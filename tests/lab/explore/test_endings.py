"""What is right for a step: nobody is the cause of an end who was not there to cause it."""

from __future__ import annotations

import pytest
from support.exploring import play_one

from trioproxy.lab.explore.endings import outlives_s, right_calls, right_deliveries
from trioproxy.lab.explore.pairing import pair
from trioproxy.lab.explore.stage import Happened
from trioproxy.model import CallOutcome as Call
from trioproxy.model import ExchangeOutcome as Delivery


def right(happened: Happened) -> tuple[list[set[Call]], list[set[Delivery]]]:
    served, calls = pair(happened)
    return (
        [right_calls(happened, call, call.booked.receipt.opening) for call in calls if call.booked is not None],
        [right_deliveries(happened, each) for each in served],
    )


@pytest.mark.parametrize(
    ("scenario", "strikes", "calls", "deliveries"),
    [
        ("paced", (), [{Call.COMPLETED}], [{Delivery.DELIVERED}]),
        ("reset", (), [{Call.TRUNCATED}], [{Delivery.UPSTREAM_FAILED}]),
        ("refused", (), [{Call.CONNECT_FAILED}], [{Delivery.UPSTREAM_FAILED}]),
        ("silent", (), [{Call.TIMEOUT}], [{Delivery.UPSTREAM_FAILED}]),
        ("unreachable", (), [{Call.CONNECT_FAILED}], [{Delivery.UPSTREAM_FAILED}]),
        ("error-event", (), [{Call.UPSTREAM_ERROR}], [{Delivery.DELIVERED}]),
        ("no-last-event", (), [{Call.TRUNCATED}], [{Delivery.DELIVERED}]),
        ("too-large", (), [], [{Delivery.REJECTED}]),
        ("leaver", (), [{Call.ABANDONED}], [{Delivery.CLIENT_LEFT}]),
        ("paced", (("leave", 22),), [{Call.ABANDONED}], [{Delivery.CLIENT_LEFT}]),
        ("paced", (("break", 22),), [{Call.TRUNCATED}], [{Delivery.UPSTREAM_FAILED}]),
        ("paced", (("stop", 22),), [{Call.SHUTDOWN}], [{Delivery.SHUTDOWN, Delivery.REJECTED}]),
        (
            "paced",
            (("leave", 22), ("close", 22)),
            [{Call.ABANDONED, Call.SHUTDOWN}],
            [{Delivery.CLIENT_LEFT, Delivery.SHUTDOWN, Delivery.REJECTED}],
        ),
        ("join", (("leave", 42),), [{Call.COMPLETED}], [{Delivery.CLIENT_LEFT}, {Delivery.DELIVERED}]),
        ("replay", (), [{Call.COMPLETED}], [{Delivery.DELIVERED}, {Delivery.DELIVERED}]),
    ],
)
def test_what_is_right(
    scenario: str,
    strikes: tuple[tuple[str, int], ...],
    calls: list[set[Call]],
    deliveries: list[set[Delivery]],
) -> None:
    assert right(play_one(scenario, *strikes)) == (calls, deliveries)


def test_how_long_a_call_may_outlive_its_client() -> None:
    found = {name: outlives_s(play_one(name)) for name in ("paced", "linger", "drain")}

    assert found == {"paced": 0.0, "linger": 10.0, "drain": 300.0}
