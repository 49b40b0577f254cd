"""A client leaves, stalls, or the server stops, between any two steps of any task, under many schedules.

Whatever the moment: one row for the exchange, one for its call if there was one, both settled once
(`Proxy.check`), and the two facts in them fit together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import trio
from support.proxy import Proxy
from support.seeds import SEEDS, AtStep, run_seeded
from support.visits import Visit

from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.script import Chunk, Close, End, Framing, Head, Refuse, Script
from trioproxy.model import CallOutcome as Call
from trioproxy.model import ExchangeOutcome as Delivery
from trioproxy.seat import LIMIT_BYTES

STREAM = message_stream("One two.")


@dataclass(frozen=True)
class Story:
    script: Script
    by_itself: tuple[Call | None, Delivery]
    path: str = "/v1/messages"
    body: tuple[tuple[float, bytes], ...] = ((0.0, b"{"), (0.0, b"}"))
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def visit(self) -> Visit:
        return Visit(self.path, self.body, headers=self.headers)


STORIES = {
    "stream": Story(STREAM.script(), (Call.COMPLETED, Delivery.DELIVERED)),
    "json": Story(message("One.").script(), (Call.COMPLETED, Delivery.DELIVERED)),
    "blocked": Story(
        Script.of(
            Head(headers=STREAM.headers, framing=Framing.CHUNKED),
            Chunk(b":" * (LIMIT_BYTES + 1) + b"\n\n"),
            Chunk(STREAM.body),
            End(),
        ),
        (Call.COMPLETED, Delivery.DELIVERED),
    ),
    "broken": Story(STREAM.up_to(3).script(then=Close()), (Call.TRUNCATED, Delivery.UPSTREAM_FAILED)),
    "refused": Story(Script.of(Refuse()), (Call.CONNECT_FAILED, Delivery.UPSTREAM_FAILED)),
    "upload": Story(message("One.").script(), (Call.COMPLETED, Delivery.DELIVERED), path="/v1/files"),
    "too large": Story(
        Script.of(Refuse()),
        (None, Delivery.REJECTED),
        body=((0.0, b"{}"),),
        headers=((b"content-length", b"99999999999"),),
    ),
}


def leave(proxy: Proxy, visit: Visit) -> None:
    visit.leave()


def stall(proxy: Proxy, visit: Visit) -> None:
    visit.stall()


def close(proxy: Proxy, visit: Visit) -> None:
    proxy.house.close()


def stop_at_once(proxy: Proxy, visit: Visit) -> None:
    proxy.house.close()
    visit.server_scope.cancel()


# What happens, and what it may make of the two facts, whichever of them it still could change.
ACTS: dict[Callable[[Proxy, Visit], None], tuple[set[Call | None], set[Delivery]]] = {
    leave: ({None, Call.ABANDONED}, {Delivery.CLIENT_LEFT}),
    # A client whose stalling is noticed while nothing is being sent to it has left.
    stall: ({None, Call.ABANDONED}, {Delivery.CLIENT_LEFT, Delivery.CLIENT_STALLED}),
    # A house that is closed before a call is made refuses it.
    close: ({None, Call.SHUTDOWN}, {Delivery.SHUTDOWN, Delivery.REJECTED}),
    stop_at_once: ({None, Call.SHUTDOWN}, {Delivery.SHUTDOWN, Delivery.REJECTED}),
}


def run(seed: int, k: int, story: Story, act: Callable[[Proxy, Visit], None]) -> tuple[Proxy, Visit, AtStep]:
    step = AtStep(k)

    async def play() -> tuple[Proxy, Visit, AtStep]:
        proxy, visit = Proxy(story.script), story.visit()

        async def arm() -> None:
            step.arm(lambda: act(proxy, visit))
            await trio.lowlevel.checkpoint()

        await proxy.open(visit, acts=[arm])
        return proxy, visit, step

    return run_seeded(seed, play, step)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("name", STORIES)
def test_at_every_step(name: str, act: Callable[[Proxy, Visit], None]) -> None:
    story = STORIES[name]
    calls, deliveries = ACTS[act]
    seen: set[tuple[Call | None, Delivery]] = set()
    for seed in range(SEEDS):
        # Every step is taken under some seeds: all of them under each would take minutes.
        for k in range(seed % 8, 10_000, 8):
            proxy, visit, step = run(seed, k, story, act)
            exchange, call = proxy.rows
            outcome = call.outcome if call is not None else None
            seen.add((outcome, exchange.outcome))
            assert outcome in {story.by_itself[0], *calls}
            assert exchange.outcome in {story.by_itself[1], *deliveries}
            assert exchange.call_id == (call.opening.id if call is not None else None)
            if exchange.outcome is Delivery.DELIVERED:
                assert outcome is Call.COMPLETED
                assert exchange.bytes_out == len(story.script.body)
            if visit.finished and exchange.outcome is Delivery.DELIVERED:
                assert visit.body == story.script.body
            if visit.header(b"x-trioproxy-error") is None:
                assert story.script.body.startswith(visit.body)
            if not step.acted:
                break
    assert story.by_itself in seen
    if (name, act) != ("too large", leave):  # that is over before a departure can be noticed
        assert seen & {(call, delivery) for call in calls for delivery in deliveries}
