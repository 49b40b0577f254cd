"""What people write: it works until somebody leaves."""

from __future__ import annotations

import pytest
from support.comparing import every_step, play_variant

from trioproxy.lab.compare.semantics import Pump, Semantics
from trioproxy.model import CallOutcome, ExchangeOutcome

GENERATORS = [Pump.GENERATOR, Pump.NESTED]


@pytest.mark.parametrize("pump", GENERATORS)
def test_a_whole_answer_is_passed_on_and_booked(pump: Pump) -> None:
    seen = play_variant(Semantics(pump), "paced")

    [visit] = seen.happened.visits
    assert visit.finished
    assert visit.body == seen.happened.case.story.upstream[0].body
    assert visit.headers == seen.happened.case.story.upstream[0].steps[0][1].headers  # type: ignore[union-attr]
    assert (seen.calls, seen.deliveries) == ([CallOutcome.COMPLETED], [ExchangeOutcome.DELIVERED])
    assert not seen.left_open


@pytest.mark.parametrize("pump", GENERATORS)
def test_a_broken_answer_is_truncated(pump: Pump) -> None:
    seen = play_variant(Semantics(pump), "reset")

    assert not seen.happened.visits[0].finished
    assert (seen.calls, seen.deliveries) == ([CallOutcome.TRUNCATED], [ExchangeOutcome.UPSTREAM_FAILED])
    assert "UpstreamTruncated" in str(seen.happened.visits[0].error)  # the server logs it


@pytest.mark.parametrize("pump", GENERATORS)
def test_without_a_head_the_client_gets_an_answer_of_ours(pump: Pump) -> None:
    seen = play_variant(Semantics(pump), "refused")

    [visit] = seen.happened.visits
    assert (visit.status, visit.finished, visit.own_answer) == (502, True, True)
    assert seen.calls == [CallOutcome.CONNECT_FAILED]


@pytest.mark.parametrize("pump", GENERATORS)
def test_a_server_that_stops_cancels_what_it_serves(pump: Pump) -> None:
    for seen in every_step(Semantics(pump), "paced", "close"):
        assert seen.happened.over_at == seen.happened.closed_at or not seen.happened.struck
