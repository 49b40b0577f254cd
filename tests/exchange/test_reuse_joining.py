"""The same request while its call lives: who joins it, and what that does to the first."""

from __future__ import annotations

import pytest
import trio
from support.proxy import Proxy
from support.reusing import ALICE, DRAIN, SLOW, STREAM, asked, fate, play, visit
from support.seeds import SEEDS, AtStep, over_seeds, run_seeded
from support.visits import Visit, at

from trioproxy.lab.script import Close, Script
from trioproxy.model import CallOutcome as Call
from trioproxy.model import ExchangeOutcome as Delivery
from trioproxy.model import ServedBy

# Joining.


@pytest.mark.parametrize("left_at", [1.0, 3.2])
def test_a_resend_of_a_slow_request_joins_and_ends_when_the_first_would_have(left_at: float) -> None:
    async def story() -> tuple[Proxy, Visit, Visit, float]:
        proxy = Proxy(SLOW, replay={}, disconnect=DRAIN)
        first, again = visit(), visit(after_s=left_at + 0.1)
        ended: list[float] = []

        async def watch() -> None:
            await again.was_finished.wait()
            ended.append(trio.current_time())

        await proxy.open(first, again, acts=[at(left_at, first.leave), watch])
        return proxy, first, again, ended[0]

    for _, (proxy, first, again, ended) in over_seeds(story, 20):
        assert len(proxy.scripted.calls) == 1
        assert again.body == STREAM.body
        assert (again.status, [pair for pair in again.headers if pair[0] != b"x-trioproxy-id"]) == (
            200,
            list(STREAM.headers),
        )
        assert fate(proxy, again) == (ServedBy.JOINED, Delivery.DELIVERED)
        assert not first.finished
        [call] = proxy.ledger.calls
        assert call.outcome is Call.COMPLETED
        assert call.detached_ms == pytest.approx(100.0)
        assert ended == call.duration_ms / 1000


@pytest.mark.parametrize(
    ("join", "retry", "calls"),
    [("resend", False, 2), ("resend", True, 1), ("always", False, 1), ("never", True, 2)],
)
def test_two_that_are_both_there(join: str, retry: bool, calls: int) -> None:
    more = ((b"x-stainless-retry-count", b"1" if retry else b"0"),)
    for proxy, guests in play(SLOW, visit, lambda: visit(asked(), *more, after_s=3.0), replay={"join": join}):
        assert len(proxy.scripted.calls) == calls
        assert all(guest.body == STREAM.body for guest in guests)


def test_the_first_clients_leaving_does_not_hurt_the_second() -> None:
    for proxy, (first, second) in play(
        SLOW,
        visit,
        lambda: visit(after_s=2.6),
        acts=lambda guests: [at(3.1, guests[0].leave)],
        replay={"join": "always"},
    ):
        assert second.body == STREAM.body
        assert fate(proxy, first)[1] is Delivery.CLIENT_LEFT
        assert fate(proxy, second) == (ServedBy.JOINED, Delivery.DELIVERED)
        assert proxy.ledger.calls[0].outcome is Call.COMPLETED  # with `abort`: it never was without a client


def test_a_twin_that_fails_before_its_head_fails_for_both_with_an_error() -> None:
    for proxy, guests in play(Script.of(5.0, Close()), visit, lambda: visit(after_s=1.0), replay={"join": "always"}):
        assert [guest.status for guest in guests] == [502, 502]
        assert {fate(proxy, guest) for guest in guests} == {(ServedBy.PROXY, Delivery.UPSTREAM_FAILED)}
        assert {row.call_id for row in proxy.ledger.exchanges} == {proxy.ledger.calls[0].opening.id}


def test_a_request_that_is_still_uploading_is_no_twin_yet() -> None:
    def uploading() -> Visit:
        body = asked()
        return Visit(body=[(0.0, body[:5]), (4.0, body[5:])], headers=ALICE)

    # The second one arrives whole while the first still uploads, so that the first joins it.
    for proxy, (first, second) in play(SLOW, uploading, lambda: visit(after_s=1.0), replay={"join": "always"}):
        assert len(proxy.scripted.calls) == 1
        assert fate(proxy, first)[0] is ServedBy.JOINED
        assert fate(proxy, second)[0] is ServedBy.CALL


# The client leaves and comes back at every step.


@pytest.mark.parametrize("policy", ["abort", "drain"])
def test_whatever_the_moment_of_leaving_the_resend_is_answered_whole(policy: str) -> None:
    script = STREAM.script(every_s=0.1)
    seen: set[ServedBy] = set()
    for seed in range(SEEDS // 2):
        for k in range(seed % 9, 10_000, 9):
            step = AtStep(k)

            async def story(step: AtStep = step) -> tuple[Proxy, Visit]:
                proxy, first, again = (
                    Proxy(script, replay={}, disconnect={"policy": policy}),
                    visit(),
                    visit(after_s=0.3),
                )

                async def arm() -> None:
                    step.arm(first.leave)
                    await trio.lowlevel.checkpoint()

                await proxy.open(first, again, acts=[arm])
                return proxy, again

            proxy, again = run_seeded(seed, story, step)
            assert (again.finished, again.body) == (True, STREAM.body)
            seen.add(fate(proxy, again)[0])
            paid = [row for row in proxy.ledger.calls if row.outcome is Call.COMPLETED]
            assert len(paid) >= 1
            if policy == "drain":
                assert len([row for row in proxy.ledger.calls if row.bytes_in]) == len(paid)
            if not step.acted:
                break
    assert seen == ({ServedBy.CALL, ServedBy.JOINED} if policy == "drain" else {ServedBy.CALL})
