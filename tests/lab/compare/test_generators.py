"""What a generator that owns everything misses."""

from __future__ import annotations

import pytest
from support.comparing import every_step

from trioproxy.lab.compare.generators import leaves
from trioproxy.lab.compare.semantics import Leaving, Pump, Semantics, Settle
from trioproxy.model import CallOutcome, ExchangeOutcome

GENERATORS = [Pump.GENERATOR, Pump.NESTED]


@pytest.mark.parametrize("pump", GENERATORS)
def test_a_generator_that_was_never_begun_is_never_ended(pump: Pump) -> None:
    found = every_step(Semantics(pump), "paced", "leave", stride=1)

    assert any(seen.left_open and not seen.calls for seen in found)
    assert any(seen.calls == [CallOutcome.ABANDONED] for seen in found)


def test_the_exception_group_of_a_nursery_hides_that_the_generator_was_closed() -> None:
    found = every_step(Semantics(Pump.NESTED), "paced", "leave")

    assert any("GeneratorExit" in str(seen.happened.visits[0].error) for seen in found)


@pytest.mark.parametrize("pump", GENERATORS)
def test_an_unshielded_settle_is_never_made_when_the_client_has_left(pump: Pump) -> None:
    for seen in every_step(Semantics(pump, settle=Settle.of("unshielded")), "paced", "leave"):
        if not seen.happened.visits[0].finished and seen.happened.struck:
            assert CallOutcome.ABANDONED not in seen.calls


@pytest.mark.parametrize("pump", GENERATORS)
def test_a_generator_drains_in_its_finally(pump: Pump) -> None:
    found = every_step(Semantics(pump, Leaving.of("drain")), "paced", "leave")

    assert any(
        (seen.calls, seen.deliveries) == ([CallOutcome.COMPLETED], [ExchangeOutcome.CLIENT_LEFT]) for seen in found
    )


def test_the_leaves_of_a_group_are_its_errors() -> None:
    one, two = ValueError("one"), KeyError("two")

    assert leaves(one) == [one]
    assert leaves(ExceptionGroup("both", [one, ExceptionGroup("inner", [two])])) == [one, two]
