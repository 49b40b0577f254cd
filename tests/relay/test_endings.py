"""Every cell of the table of endings that can occur: brought about, under many schedules."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import pytest
import trio
from support.endings import LIMIT_S, NOTICED_LATE, POSSIBLE, WHEN_S, Faulty, limits_for, story
from support.seeds import SEEDS, over_seeds
from support.stage import LAST_EVENT, Settled, Stage, at

from trioproxy.errors import RequestTimeout
from trioproxy.lab.source import ScriptedSource
from trioproxy.phases import LATE_S
from trioproxy.rules.lifecycle import AFTER_HEAD, TABLE, Cause, Ending, Phase, Seen
from trioproxy.seat import LIMIT_BYTES

FIRST = b"data: one\n\n"
MUCH = b"x" * (LIMIT_BYTES + 1)


class SlowUpload:
    """A body of one piece; then the client falls silent, and the server gives it up."""

    def __init__(self) -> None:
        self._sent = False

    def __aiter__(self) -> SlowUpload:
        return self

    async def __anext__(self) -> bytes:
        if not self._sent:
            self._sent = True
            return b"piece"
        await trio.sleep(WHEN_S)
        raise RequestTimeout("no bytes came for 1 s")


def stage_for(phase: Phase, cause: Cause) -> Stage:
    script = story(phase, cause, headers=(), first=FIRST, much=MUCH, last=LAST_EVENT)
    faulty = Faulty.within(ScriptedSource(script), phase) if cause is Cause.INTERNAL else None
    stage = Stage(
        script,
        source=faulty,
        body=SlowUpload() if cause is Cause.CLIENT_FAULT else b"{}",
        limits_s=limits_for(cause),
        reads=phase is not Phase.BLOCKED,
    )
    if faulty is not None:
        stage.scripted = faulty.inner
    return stage


def act(cause: Cause) -> Callable[[Stage], None]:
    """What happens at `WHEN_S`, if it is not the upstream's doing."""

    def do(stage: Stage) -> None:
        if cause in {Cause.CLIENT_LEFT, Cause.CLIENT_STALLED}:
            stage.reader.seat.leave(cause)
        elif cause is Cause.SHUTDOWN:
            stage.house.close()

    return do


def read_on(stage: Stage) -> None:
    """A client that was slow reads again: only then can a broken upstream be noticed."""
    stage.reader.may_read.set()


def play(phase: Phase, cause: Cause) -> Callable[[], Awaitable[tuple[Stage, Settled, Phase]]]:
    """The story of one cell; also returns the phase that the relay was in before the cause happened."""

    async def run() -> tuple[Stage, Settled, Phase]:
        stage = stage_for(phase, cause)
        before: list[Phase] = []
        acts = [at(WHEN_S / 2, lambda stage: before.append(stage.relay.phase)), at(WHEN_S, act(cause))]
        if phase is Phase.BLOCKED and cause in NOTICED_LATE:
            acts.append(at(2 * WHEN_S, read_on))
        settled = await stage.play(*acts)
        return stage, settled, before[0]

    return run


def expected_cause(phase: Phase, cause: Cause) -> Cause | None:
    if phase is Phase.ENDED and cause is not Cause.INTERNAL:
        return None  # the call was over by then
    if phase is Phase.CONNECTING and cause in {Cause.UPSTREAM_BROKE, Cause.UPSTREAM_GARBLED}:
        return Cause.UPSTREAM_REFUSED  # there is no telling them apart (sources/base.py)
    return cause


def expected_end_s(phase: Phase, cause: Cause) -> float:
    if phase is Phase.ENDED:
        return WHEN_S / 4
    if cause is Cause.INTERNAL and phase not in AFTER_HEAD:
        return 0.0
    if phase is Phase.BLOCKED and cause in NOTICED_LATE:
        return 2 * WHEN_S
    return LIMIT_S if cause is Cause.UPSTREAM_SILENT else WHEN_S


def check_seen(cell: Ending, stage: Stage) -> None:
    """What the client would have been shown, from what its seat gave."""
    reader = stage.reader
    match cell.seen:
        case Seen.NOTHING | Seen.CLOSED:
            pass
        case Seen.TRUNCATION:
            assert reader.head is not None
        case by_status:
            assert reader.head is None
            assert reader.failure is not None
            assert f"{reader.failure.status} {reader.failure.code}" in by_status


@pytest.mark.parametrize(("phase", "cause"), POSSIBLE, ids=str)
def test_cell(phase: Phase, cause: Cause, caplog: pytest.LogCaptureFixture) -> None:
    cell = TABLE[phase, cause]
    assert isinstance(cell, Ending)
    for _, (stage, settled, before) in over_seeds(play(phase, cause)):
        assert settled.receipt.outcome is cell.call
        assert settled.cause is expected_cause(phase, cause)
        assert before is phase or cause is Cause.INTERNAL
        assert settled.phase is (Phase.STREAMING if phase is Phase.BLOCKED and cause in NOTICED_LATE else phase)
        late_s = round(settled.receipt.duration_ms / 1000 - expected_end_s(phase, cause), 6)
        assert 0 <= late_s <= (LATE_S if cause is Cause.UPSTREAM_SILENT else 0)
        [call] = stage.scripted.calls
        assert call.closings == 1
        assert call.closed_at == pytest.approx(settled.receipt.duration_ms / 1000)
        assert stage.reader.whole is (settled.cause is None)
        check_seen(cell, stage)
    serious = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(serious) == (SEEDS if cause is Cause.INTERNAL else 0)
