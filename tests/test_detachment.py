from __future__ import annotations

from dataclasses import replace

from support.stage import terms

from trioproxy.detachment import Detachment
from trioproxy.model import Policy
from trioproxy.rules.disconnect import Progress
from trioproxy.rules.lifecycle import Phase

STREAMING = Progress(phase=Phase.STREAMING, status=200, bytes_in=10, usage_known=False, detached=0)


def test_it_counts_its_time_over_all_its_turns() -> None:
    everybody: set[str] = set()
    call = Detachment("c1", terms(Policy.LINGER, linger_s=10.0), everybody)
    assert (call.on, call.total_s) == (False, 0.0)

    assert call.begin(STREAMING, 100.0) == 110.0
    assert (call.on, everybody) == (True, {"c1"})
    call.end(103.0)
    call.end(104.0)  # harmless
    assert (call.on, everybody, call.total_s) == (False, set(), 3.0)

    call.begin(STREAMING, 200.0)
    call.end(210.0)
    assert call.total_s == 13.0
    assert (call.policy, call.bound) == (Policy.LINGER, None)


def test_the_others_are_those_without_itself() -> None:
    everybody = {"c0"}
    call = Detachment("c1", terms(Policy.DRAIN), everybody)
    assert call.others == 1
    call.begin(STREAMING, 0.0)
    assert (call.others, len(everybody)) == (1, 2)


def test_abort_is_now_and_no_bound() -> None:
    call = Detachment("c1", terms(Policy.ABORT), set())
    assert call.begin(STREAMING, 5.0) == 5.0
    assert (call.on, call.policy, call.bound) == (False, Policy.ABORT, None)


def test_a_bound_from_the_beginning_makes_it_an_abort() -> None:
    call = Detachment("c1", terms(Policy.DRAIN, max_detached=1), {"c0"})
    assert call.begin(replace(STREAMING, detached=call.others), 5.0) == 5.0
    assert call.policy is Policy.ABORT
    assert call.bound is not None


def test_a_bound_that_is_met_at_a_later_departure_leaves_the_policy_as_it_was() -> None:
    call = Detachment("c1", terms(Policy.LINGER, max_bytes=10), set())
    call.begin(STREAMING, 5.0)
    call.end(8.0)
    assert call.begin(replace(STREAMING, bytes_in=11), 9.0) == 9.0
    assert (call.policy, call.bound is not None) == (Policy.LINGER, True)


def test_a_bound_that_is_reached_later_leaves_the_policy_as_it_was() -> None:
    call = Detachment("c1", terms(Policy.DRAIN, max_bytes=10), set())
    call.begin(STREAMING, 5.0)
    assert call.goes_on(STREAMING)
    assert call.bound is None
    assert not call.goes_on(replace(STREAMING, bytes_in=11))
    assert (call.policy, call.bound is not None) == (Policy.DRAIN, True)
