from __future__ import annotations

from support.exploring import our_proxy, play, play_one

from trioproxy.lab.explore.ours import OurServing
from trioproxy.lab.explore.subject import Conditions, Footing
from trioproxy.settings import ReplaySettings


def test_its_name_is_that_of_the_project() -> None:
    assert our_proxy().name == "trioproxy"


def test_joining_and_replaying_are_the_real_ones() -> None:
    joined, replayed = play_one("join"), play_one("replay")

    assert [booked.receipt.served_by for booked in joined.books.exchanges] == ["call", "joined"]
    assert [booked.receipt.served_by for booked in replayed.books.exchanges] == ["call", "replayed"]
    assert len(joined.calls) == len(replayed.calls) == 1


def test_what_is_left_over_is_found() -> None:
    from trioproxy.lab.explore.books import Books
    from trioproxy.lab.explore.scenarios import SCENARIOS
    from trioproxy.lab.explore.stage import Theatre
    from trioproxy.lab.explore.upstream import StoryUpstream

    found: list[str] = []

    async def main() -> None:
        upstream = StoryUpstream(SCENARIOS["stream"].story)
        books = Books(lambda: 0, lambda _: None)
        conditions = Conditions(replay=ReplaySettings())
        footing = Footing(upstream, books, lambda: 0.0, lambda size: b"0" * size, conditions)
        async with our_proxy().serving(footing) as serving:
            assert isinstance(serving, OurServing)
            assert serving.left_over() == []
            serving.recordings.reserve(7)
            serving.house.detached.add("a call")
            serving.close(0)
        found.extend(serving.left_over())

    Theatre().run(main)

    assert found == ["a call counted as living on without a client", "7 bytes of tapes"]


def test_it_is_one_app_for_all_runs() -> None:
    from support.exploring import case

    first, second = play(case("stream"), case("stream"))

    assert first.schedule == second.schedule
