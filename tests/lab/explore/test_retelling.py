from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.exploring import case, our_proxy

from trioproxy.lab.explore.books import Outage
from trioproxy.lab.explore.findings import Failure
from trioproxy.lab.explore.invariants import Invariant
from trioproxy.lab.explore.ours import OurServing
from trioproxy.lab.explore.retelling import retell, shrink
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.subject import Footing
from trioproxy.trace.records import Lane, What


class Forgetful:
    """The proxy, with somebody who forgets what is left when the second piece of an answer has come."""

    name = "forgetful"

    @asynccontextmanager
    async def serving(self, footing: Footing) -> AsyncIterator[OurServing]:
        async with our_proxy().serving(footing) as serving:
            yield serving
            taken = [len(call.taken) for call in footing.source.calls]  # type: ignore[attr-defined]
            if any(count >= 2 for count in taken) and Outage.COMMITTING not in footing.ledger.out_of_order:  # type: ignore[attr-defined]
                serving.house.detached.add("forgotten")


FAILURE = Failure("join", ("leave", "break"), 4, (70, 71), ((str(Invariant.NOTHING_LEFT), "left behind"),))


def test_a_case_is_told_again_with_its_timeline() -> None:
    again = retell(our_proxy(), case("join", ("leave", 60), seed=1), "the run")

    assert again.broken == []
    assert {event.run for event in again.events} == {"the run"}
    assert {event.lane for event in again.events} == set(Lane)


def test_what_was_broken_is_told_again() -> None:
    again = retell(Forgetful(), case("paced"), "the run")
    [breach] = again.broken

    assert again.events[-1].what is What.BROKEN
    assert again.events[-1].note == f"{breach.invariant}: {breach.words}"


def test_a_story_is_shrunk_to_what_it_takes() -> None:
    scenario, failure = shrink(Forgetful(), SCENARIOS["join"], FAILURE)

    story = scenario.story
    assert failure.faults == ()  # it takes none
    assert len(story.clients) == 1
    assert len(story.upstream[0].steps) == 4  # a head, two pieces, an end
    assert not any(after_s for after_s, _ in story.upstream[0].steps)
    assert failure.breaches[0][0] == Invariant.NOTHING_LEFT


def test_what_does_not_break_again_stays_as_it_is() -> None:
    assert shrink(our_proxy(), SCENARIOS["json"], FAILURE) == (SCENARIOS["json"], FAILURE)
