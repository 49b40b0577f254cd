"""A frame that owns the delivery, and pumps that live in the house or in their request."""

from __future__ import annotations

import pytest
from support.comparing import every_step, play_variant

from trioproxy.lab.compare.semantics import Cause, End, Leaving, Pump, Semantics
from trioproxy.model import CallOutcome, ExchangeOutcome

REQUEST = Semantics(pump=Pump.REQUEST)


@pytest.mark.parametrize("fault", ["leave", "given-up", "break", "close", "stop"])
@pytest.mark.parametrize("scenario", ["paced", "blocked"])
def test_in_its_request_nothing_is_lost_either(scenario: str, fault: str) -> None:
    for seen in every_step(REQUEST, scenario, fault):
        assert len(seen.calls) == len(seen.happened.books.opened)
        assert len(seen.deliveries) == len(seen.happened.visits)
        assert not seen.left_open
        assert not seen.happened.left_over
        assert seen.happened.crash is None


def test_without_a_head_the_client_gets_an_answer_of_ours() -> None:
    seen = play_variant(Semantics(), "refused")

    [visit] = seen.happened.visits
    assert (visit.status, visit.finished, visit.own_answer) == (502, True, True)
    assert seen.deliveries == [ExchangeOutcome.UPSTREAM_FAILED]


def test_a_broken_answer_is_truncated_and_a_whole_one_is_not() -> None:
    assert not play_variant(Semantics(), "reset").happened.visits[0].finished
    assert play_variant(Semantics(end=End.CLOSED), "reset").happened.visits[0].finished  # a lie
    assert play_variant(Semantics(), "paced").happened.visits[0].finished


def test_a_flag_calls_a_shutdown_after_a_departure_a_departure() -> None:
    shutdowns = {
        cause: sum(
            CallOutcome.SHUTDOWN in seen.calls
            for seen in every_step(Semantics(cause=cause, leaving=Leaving.of("linger:5")), "leaver", "close")
        )
        for cause in Cause
    }
    assert 0 < shutdowns[Cause.FLAG] < shutdowns[Cause.STRUCTURE]
