"""Each phase has its limit; there is none on the whole, and none on the client."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from support.seeds import over_seeds
from support.stage import LAST_EVENT, Stage

from trioproxy.errors import UpstreamConnectFailed, UpstreamTimeout
from trioproxy.lab.script import Action, Chunk, End, Head, Interim, Script, Silence, Take, Unreachable
from trioproxy.model import CallOutcome, Plan
from trioproxy.phases import LATE_S
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import LIMIT_BYTES
from trioproxy.sources.base import Answer, Progress

LIMITS_S = {Phase.CONNECTING: 10.0, Phase.SENDING: 30.0, Phase.WAITING: 600.0, Phase.STREAMING: 120.0}


class Upload:
    """Pieces, each after a pause."""

    def __init__(self, *pieces: tuple[float, bytes], end_after_s: float = 0.0) -> None:
        self._pieces = iter(pieces)
        self._end_after_s = end_after_s

    def __aiter__(self) -> Upload:
        return self

    async def __anext__(self) -> bytes:
        after_s, piece = next(self._pieces, (self._end_after_s, b""))
        await trio.sleep(after_s)
        if not piece:
            raise StopAsyncIteration
        return piece


@pytest.mark.parametrize(
    ("script", "phase", "error", "code"),
    [
        (Script.of(Unreachable()), Phase.CONNECTING, UpstreamConnectFailed, 502),
        (Script.of(Silence(), take=Take.NOTHING), Phase.SENDING, UpstreamTimeout, 504),
        (Script.of(Silence()), Phase.WAITING, UpstreamTimeout, 504),
        (Script.of(Interim(), Silence()), Phase.WAITING, UpstreamTimeout, 504),
        (Script.of(Head(), Silence()), Phase.STREAMING, UpstreamTimeout, None),
    ],
)
def test_a_silent_upstream_is_given_up_at_the_phases_limit(
    script: Script, phase: Phase, error: type[Exception], code: int | None
) -> None:
    async def story() -> Stage:
        stage = Stage(script, body=b"{}", limits_s=LIMITS_S)
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        [settled] = stage.settled
        assert (settled.phase, settled.cause) == (phase, Cause.UPSTREAM_SILENT)
        assert LIMITS_S[phase] <= settled.receipt.duration_ms / 1000 <= LIMITS_S[phase] + LATE_S
        failure = stage.reader.failure
        assert type(failure) is error
        assert f"{LIMITS_S[phase]:g} s" in str(failure)
        if code is None:
            assert stage.reader.head is not None
        else:
            assert stage.reader.head is None
            assert failure.status == code


def test_a_chunk_just_in_time_starts_the_silence_anew_and_the_whole_has_no_limit() -> None:
    days = 4 * 24 * 3600
    beats: list[Action | float] = []
    for _ in range(days // 119):
        beats += [119.0, Chunk(b".")]

    async def story() -> Stage:
        stage = Stage(Script.of(599.0, Head(), *beats, 119.0, Chunk(LAST_EVENT), End()), limits_s=LIMITS_S)
        stage.patience_s = math.inf
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 2):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert stage.settled[0].receipt.duration_ms > days * 1000
        assert stage.reader.whole


def test_a_client_that_is_slow_to_read_costs_its_upstream_no_time() -> None:
    """The upstream's clock stands still while it is the client that is waited for."""
    chunk = b"x" * (LIMIT_BYTES + 1)
    script = Script.of(Head(), *[Chunk(chunk)] * 5, 119.0, Chunk(LAST_EVENT), End())

    async def story() -> Stage:
        stage = Stage(script, limits_s=LIMITS_S)
        stage.patience_s = math.inf
        stage.reader.pause_s = 100_000.0
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert stage.reader.whole


def test_a_client_that_is_slow_to_upload_costs_its_upstream_no_time() -> None:
    async def story() -> Stage:
        upload = Upload((5_000.0, b"one"), (7_000.0, b"two"), end_after_s=6_000.0)
        stage = Stage(Script.of(1.0, Head(), Chunk(LAST_EVENT), End()), body=upload, limits_s=LIMITS_S)
        await stage.play()
        return stage

    for _, stage in over_seeds(story):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert stage.settled[0].receipt.duration_ms == 18_001_000
        assert stage.scripted.calls[0].body == b"onetwo"


def test_an_upload_is_not_slow_as_long_as_the_upstream_takes_some() -> None:
    async def story() -> Stage:
        script = Script.of(Head(), End(), take_bytes_per_s=1)
        stage = Stage(script, body=b"x" * 1_000, limits_s=LIMITS_S, by_protocol=False)
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        assert stage.settled[0].receipt.outcome is CallOutcome.COMPLETED
        assert stage.settled[0].receipt.duration_ms == 1_000_000


class TakesNoMore:
    """A source whose upstream takes `count` pieces of an upload, and then no byte more."""

    def __init__(self, count: int) -> None:
        self.taken: list[bytes] = []
        self._count = count

    @asynccontextmanager
    async def open(self, plan: Plan, progress: Progress) -> AsyncIterator[Answer]:
        progress.enter(Phase.SENDING)
        assert plan.body is not None
        assert not isinstance(plan.body, bytes)
        if self._count:
            async for piece in plan.body:
                self.taken.append(piece)
                if len(self.taken) == self._count:
                    break
        await trio.sleep_forever()
        yield None  # type: ignore[misc]


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
def test_an_upstream_that_takes_no_more_of_an_upload_is_given_up(taken: int) -> None:
    """Before the first piece, between two, and at the end, which has bytes of its own on the wire."""

    async def story() -> tuple[Stage, TakesNoMore]:
        source = TakesNoMore(taken)
        upload = Upload((1_000.0, b"a"), (1_000.0, b"b"), end_after_s=1_000.0)
        stage = Stage(Script.of(Silence()), source=source, body=upload, limits_s=LIMITS_S)
        await stage.play()
        return stage, source

    for _, (stage, source) in over_seeds(story):
        [settled] = stage.settled
        assert source.taken == [b"a", b"b"][:taken]
        assert (settled.phase, settled.cause) == (Phase.SENDING, Cause.UPSTREAM_SILENT)
        assert settled.receipt.outcome is CallOutcome.TIMEOUT
        assert 30.0 <= round(settled.receipt.duration_ms / 1000 - taken * 1_000, 6) <= 30.0 + LATE_S


def test_without_a_limit_a_phase_may_take_for_ever() -> None:
    async def story() -> Stage:
        stage = Stage(Script.of(90_000.0, Head(), Chunk(LAST_EVENT), End()))
        await stage.play()
        return stage

    for _, stage in over_seeds(story, 5):
        assert stage.settled[0].receipt.duration_ms == 90_000_000
