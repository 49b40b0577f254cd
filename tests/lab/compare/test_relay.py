"""The compact relay as it is by default keeps what the proxy's own keeps; with other axes, what they are for."""

from __future__ import annotations

import pytest
from support.comparing import every_step, play_variant

from trioproxy.lab.compare.relay import terms
from trioproxy.lab.compare.semantics import Again, Cause, Leaving, Semantics, Settle
from trioproxy.model import CallOutcome, ExchangeOutcome, Policy


@pytest.mark.parametrize("fault", ["leave", "break", "close", "stop"])
@pytest.mark.parametrize("scenario", ["paced", "closed", "blocked"])
def test_as_it_is_by_default_nothing_is_lost_at_any_step(scenario: str, fault: str) -> None:
    for seen in every_step(Semantics(), scenario, fault):
        assert len(seen.calls) == len(seen.happened.books.opened)
        assert len(seen.deliveries) == len(seen.happened.visits)
        assert not seen.left_open
        assert not seen.happened.left_over
        assert not seen.happened.hung
        assert seen.happened.crash is None
        assert all(visit.error is None for visit in seen.happened.visits)


@pytest.mark.parametrize(
    ("policy", "outcome", "closed_at"),
    [
        ("abort", CallOutcome.ABANDONED, 2.0),
        ("linger:3", CallOutcome.ABANDONED, 5.0),
        ("linger:60", CallOutcome.COMPLETED, 9.0),
        ("drain", CallOutcome.COMPLETED, 9.0),
    ],
)
def test_a_policy_is_seconds(policy: str, outcome: CallOutcome, closed_at: float) -> None:
    seen = play_variant(Semantics(leaving=Leaving.of(policy)), "leaver")

    [booked], [call] = seen.happened.books.calls, seen.happened.calls
    assert booked.receipt.outcome is outcome
    assert call.facts.closed_at is not None
    assert seen.happened.visits[0].left_at is not None
    assert call.facts.closed_at <= closed_at
    assert booked.receipt.detached_ms == (call.facts.closed_at - seen.happened.visits[0].left_at) * 1000
    assert seen.deliveries == [ExchangeOutcome.CLIENT_LEFT]


def test_one_that_comes_back_joins_and_one_that_may_not_pays_again() -> None:
    lingering = Semantics(leaving=Leaving.of("linger:10"))
    alone = play_variant(lingering, "resend")
    joined = play_variant(Semantics(leaving=Leaving.of("linger:10"), again=Again.JOINS), "resend")

    assert len(alone.happened.calls) == 2
    assert joined.calls == [CallOutcome.COMPLETED]
    assert joined.deliveries == [ExchangeOutcome.CLIENT_LEFT, ExchangeOutcome.DELIVERED]
    assert joined.happened.visits[1].body == joined.happened.case.story.upstream[0].body
    assert joined.happened.visits[1].finished


def test_a_flag_remembers_a_departure_that_came_to_nothing() -> None:
    lingering = Semantics(leaving=Leaving.of("linger:60"), cause=Cause.FLAG)

    assert play_variant(lingering, "leaver").calls == [CallOutcome.ABANDONED]  # it was completed


def test_an_unshielded_settle_is_lost_when_the_house_closes() -> None:
    lost = [
        seen
        for seen in every_step(Semantics(settle=Settle.of("unshielded")), "paced", "close")
        if len(seen.calls) < len(seen.happened.books.opened)
    ]
    assert lost


def test_what_settling_does_is_nobody_elses_trouble() -> None:
    for seen in every_step(Semantics(), "paced", "no-settling"):
        assert seen.happened.crash is None
        assert not seen.left_open


def test_terms_have_no_bounds_that_an_experiment_meets() -> None:
    found = terms(Leaving.of("linger:10"))

    assert (found.policy, found.linger_s) == (Policy.LINGER, 10.0)
    assert min(found.max_bytes, found.max_detached) >= 1_000_000
