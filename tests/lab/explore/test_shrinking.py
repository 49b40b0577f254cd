from __future__ import annotations

from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.shrinking import smaller
from trioproxy.lab.script import Chunk, Story


def size(story: Story) -> tuple[int, int, int, float, float]:
    steps = [step for script in story.upstream for step in script.steps]
    data = sum(len(action.data) for _, action in steps if isinstance(action, Chunk))
    deeds = sum(len(client.steps) for client in story.clients)
    return len(story.clients), len(steps) + deeds, data, sum(after for after, _ in steps), sum(story.begin_s)


def test_each_story_is_smaller_in_one_thing_and_larger_in_none() -> None:
    for scenario in SCENARIOS.values():
        before = size(scenario.story)
        for story in smaller(scenario.story):
            after = size(story)
            assert after != before
            assert all(less <= more for less, more in zip(after, before, strict=True))


def test_it_comes_to_an_end() -> None:
    story = SCENARIOS["join-blocked"].story
    while (next_one := next(smaller(story), None)) is not None:
        story = next_one

    assert len(story.clients) == 1
    assert story.clients[0].steps == ()
    assert not any(isinstance(action, Chunk) for _, action in story.upstream[0].steps)
