"""A call that outlives its client: how long, what bounds it, and what is booked."""

from __future__ import annotations

import pytest
import trio
from support.seeds import SEEDS, AtStep, over_seeds, run_seeded
from support.stage import LAST_EVENT, Stage, at, terms

from trioproxy.errors import UpstreamTimeout
from trioproxy.lab.script import Chunk, Close, End, Head, Script, Silence
from trioproxy.model import CallOutcome, Policy, Reading, Until, Usage
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import LIMIT_BYTES

# The head at 1 s, chunks at 2 and 20 s, the last event at 30 s.
SLOW = Script.of(1.0, Head(), 1.0, Chunk(b"one "), 18.0, Chunk(b"two "), 10.0, Chunk(LAST_EVENT), End())


def leave(stage: Stage) -> None:
    stage.reader.leave()


def test_with_drain_the_call_goes_on_to_its_end() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN))
        await stage.play(at(5.0, leave))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert receipt.outcome is CallOutcome.COMPLETED
        assert (receipt.opening.policy, receipt.detached_ms, receipt.duration_ms) == (Policy.DRAIN, 25_000, 30_000)
        assert receipt.bytes_in == len(SLOW.body)
        assert receipt.error is None


def test_with_linger_it_gets_its_seconds_and_no_more() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.LINGER, linger_s=10.0))
        await stage.play(at(5.0, leave))
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert settled.receipt.outcome is CallOutcome.ABANDONED
        assert (settled.phase, settled.cause) == (Phase.STREAMING, Cause.CLIENT_LEFT)
        assert (settled.receipt.detached_ms, settled.receipt.duration_ms) == (10_000, 15_000)
        assert settled.receipt.opening.policy is Policy.LINGER
        assert stage.scripted.calls[0].closed_at == 15.0


def test_with_abort_it_ends_with_its_client() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.ABORT))
        await stage.play(at(5.0, leave))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert (receipt.outcome, receipt.detached_ms, receipt.duration_ms) == (CallOutcome.ABANDONED, 0, 5_000)


@pytest.mark.parametrize("policy", Policy)
def test_before_anything_is_sent_it_ends_with_its_client_whatever_the_policy(policy: Policy) -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(policy), durable=trio.Event())
        stage.on_start = lambda: None
        await stage.play(at(0.0, leave))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert (receipt.outcome, receipt.duration_ms) == (CallOutcome.ABANDONED, 0)


def test_a_client_that_stalls_is_a_client_that_left() -> None:
    big = Script.of(Head(), Chunk(b"x" * (LIMIT_BYTES + 1)), 5.0, Chunk(LAST_EVENT), End())

    async def story() -> Stage:
        stage = Stage(big, terms=terms(Policy.DRAIN), reads=False)
        await stage.play(at(60.0, lambda stage: stage.reader.leave(Cause.CLIENT_STALLED)))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert receipt.outcome is CallOutcome.COMPLETED
        assert receipt.bytes_in == len(big.body)  # what it would not take, and what came after


def test_its_upstream_may_still_break_or_fall_silent() -> None:
    for ending, outcome in ((Close(), CallOutcome.TRUNCATED), (Silence(), CallOutcome.TIMEOUT)):
        script = Script.of(1.0, Head(), Chunk(b"one "), 9.0, Chunk(b"two "), ending)

        async def story(script: Script = script) -> Stage:
            stage = Stage(script, terms=terms(Policy.DRAIN), limits_s={Phase.STREAMING: 20.0})
            await stage.play(at(5.0, leave))
            return stage

        for _, stage in over_seeds(story, 10):
            assert stage.settled[0].receipt.outcome is outcome
            if outcome is CallOutcome.TIMEOUT:
                assert isinstance(stage.relay.failure, UpstreamTimeout)


def test_a_house_that_closes_ends_it_as_a_shutdown() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN))
        await stage.play(at(5.0, leave), at(8.0, lambda stage: stage.house.close(grace_s=3.0)))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert (receipt.outcome, receipt.detached_ms) == (CallOutcome.SHUTDOWN, 6_000)


@pytest.mark.parametrize("cause", [Cause.SHUTDOWN, Cause.INTERNAL])
def test_only_a_client_is_outlived(cause: Cause) -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN))
        await stage.play(at(5.0, lambda stage: stage.reader.leave(cause)))
        return stage

    for _, stage in over_seeds(story, 10):
        assert stage.settled[0].cause is cause
        assert stage.settled[0].receipt.duration_ms == 5_000


def test_beyond_so_many_calls_abort_applies_and_the_row_says_so() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN, max_detached=1))
        stage.house.detached.add("another call")
        await stage.play(at(5.0, leave), at(100.0, lambda stage: stage.house.detached.clear()))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert (receipt.outcome, receipt.duration_ms) == (CallOutcome.ABANDONED, 5_000)
        assert receipt.opening.policy is Policy.ABORT
        assert "max_detached" in (receipt.error or "")


def test_an_answer_that_grows_too_large_for_nobody_is_ended() -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN, max_bytes=6))
        await stage.play(at(5.0, leave))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert (receipt.outcome, receipt.duration_ms, receipt.bytes_in) == (CallOutcome.ABANDONED, 20_000, 8)
        assert receipt.opening.policy is Policy.DRAIN
        assert "max_body_bytes" in (receipt.error or "")


class UsageMeter:
    """Knows some usage from the start, as some servers report it in every chunk; all of it from `two ` on."""

    by_protocol = True

    def __init__(self) -> None:
        self._seen = b""

    def feed(self, data: bytes) -> None:
        self._seen += data

    def end(self) -> None:
        """Nothing to conclude."""

    def reading(self) -> Reading:
        stop_reason = "stop" if b"two" in self._seen else None
        usage = Usage(input_tokens=1, output_tokens=2)
        return Reading(usage=usage, stop_reason=stop_reason, ended=LAST_EVENT in self._seen)


@pytest.mark.parametrize("left_at", [5.0, 25.0])
def test_until_the_usage_is_known(left_at: float) -> None:
    async def story() -> Stage:
        stage = Stage(SLOW, terms=terms(Policy.DRAIN, until=Until.USAGE), meter_for=lambda _: UsageMeter())
        await stage.play(at(left_at, leave))
        return stage

    for _, stage in over_seeds(story):
        receipt = stage.settled[0].receipt
        assert receipt.outcome is CallOutcome.ABANDONED
        assert receipt.duration_ms == max(20_000, left_at * 1000)
        assert receipt.reading.usage is not None
        assert receipt.error is None


def act_and_shut(stage: Stage) -> None:
    stage.reader.leave()
    stage.house.close(grace_s=1_000.0)


@pytest.mark.parametrize("policy", [Policy.LINGER, Policy.DRAIN])
def test_a_client_that_leaves_at_any_step(policy: Policy) -> None:
    script = Script.of(Head(), Chunk(b"one "), 3.0, Chunk(LAST_EVENT), End())
    outcomes: set[CallOutcome] = set()
    for seed in range(SEEDS):
        for k in range(seed % 3, 10_000, 3):
            step = AtStep(k)

            async def story(step: AtStep = step) -> Stage:
                stage = Stage(script, body=b"{}", terms=terms(policy, linger_s=1.0), shared=True)

                async def arm(stage: Stage) -> None:
                    step.arm(lambda: act_and_shut(stage))
                    await trio.lowlevel.checkpoint()

                await stage.play(arm)
                return stage

            stage = run_seeded(seed, story, step)
            receipt = stage.settled[0].receipt
            outcomes.add(receipt.outcome)
            if receipt.outcome is CallOutcome.COMPLETED:
                assert stage.recorded == script.body
            else:
                assert receipt.outcome is CallOutcome.ABANDONED
                # It left before anything was sent, or lingered for its second.
                assert receipt.detached_ms == (0 if stage.settled[0].phase is Phase.CONNECTING else 1_000)
            if not step.acted:
                break
    assert outcomes == {CallOutcome.COMPLETED, CallOutcome.ABANDONED}
