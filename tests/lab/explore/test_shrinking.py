from __future__ import annotations

from collections.abc import Iterable

from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.shrinking import smaller
from trioproxy.lab.script import Chunk, ClientScript, End, Head, Interim, Raw, Script, Story, Take
from trioproxy.model import RawHeaders

HEAD = Head(headers=((b"a", b"1"), (b"b", b"2")))
FULL = Script.of(
    Interim(headers=((b"link", b"x"),)), 1.0, HEAD, 2.0, Chunk(b"four"), Raw(b"raw"), End(),
    take=Take.BESIDE, take_bytes_per_s=9, write_bytes=1,
)  # fmt: skip


def named(headers: RawHeaders) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def weight(script: Script) -> tuple[float, ...]:
    """How much is in a script, by kind; never more in a smaller one."""
    actions = [action for _, action in script.steps]
    heads = [action for action in actions if isinstance(action, Head | Interim)]
    return (
        len(actions),
        sum(len(action.data) for action in actions if isinstance(action, Chunk | Raw)),
        sum(named(head.headers) for head in heads),
        sum(after_s for after_s, _ in script.steps),
        script.take is not Take.WHOLE,
        script.take_bytes_per_s is not None,
        script.write_bytes is not None,
    )


def client_weight(client: ClientScript) -> tuple[float, ...]:
    counts = sum(getattr(when, "count", 0) + getattr(when, "seconds_s", 0.0) for when, _ in client.steps)
    headers = sum(named(getattr(deed, "headers", ())) for _, deed in client.steps) + named(client.ask.headers)
    return len(client.steps), counts, headers, len(client.ask.body)


def added(weights: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(map(sum, zip(*weights, strict=True)))


def size(story: Story) -> tuple[float, ...]:
    return (
        len(story.clients),
        len(story.upstream),
        sum(story.begin_s),
        *added(map(weight, story.upstream)),
        *added(map(client_weight, story.clients)),
    )


def test_each_story_is_smaller_in_one_thing_and_larger_in_none() -> None:
    for story in (*(scenario.story for scenario in SCENARIOS.values()), Story("full", (FULL, FULL))):
        before = size(story)
        for less in smaller(story):
            after = size(less)
            assert after != before
            assert all(now <= then for now, then in zip(after, before, strict=True))


def test_everything_that_can_go_goes() -> None:
    for name in ("join-blocked", "resend", "slow-reader"):
        story = SCENARIOS[name].story
        while (next_one := next(smaller(story), None)) is not None:
            story = next_one

        assert len(story.clients) == len(story.upstream) == 1
        assert story.clients[0].steps == story.clients[0].ask.headers == ()
        assert story.clients[0].ask.body == b"{}"
        assert [(after_s, type(action)) for after_s, action in story.upstream[0].steps] == [(0.0, Head), (0.0, End)]


def test_each_kind_of_thing_in_a_script_can_go_alone() -> None:
    scripts = [story.upstream[0] for story in smaller(Story("full", (FULL,)))]

    changed = [sum(now != then for now, then in zip(weight(each), weight(FULL), strict=True)) for each in scripts]
    assert {kind for each in scripts for kind, now in enumerate(weight(each)) if now != weight(FULL)[kind]} == {
        *range(len(weight(FULL)))
    }
    assert changed.count(1) >= len(weight(FULL)) - 1  # without a chunk both steps and bytes are less


def test_one_of_two_calls_can_go_whichever_it_is() -> None:
    first, second = Script.of(HEAD, End()), Script.of(Head(), End())

    upstreams = [story.upstream for story in smaller(Story("two", (first, second)))]

    assert upstreams[:2] == [(first,), (second,)]


def test_a_head_of_raw_bytes_stays_where_the_rest_needs_it() -> None:
    raw = Script.of(Raw(b"HTTP/1.1 200 OK\r\n\r\n"), Interim(), HEAD, End())

    assert all(story.upstream[0].steps for story in smaller(Story("raw", (raw,))))
