"""An answer is open until somebody closes it, and each wait has its limit."""

from __future__ import annotations

import pytest
import trio
from support.stage import PATIENCE_S

from trioproxy.errors import UpstreamConnectFailed, UpstreamTimeout, UpstreamTruncated
from trioproxy.lab.compare.client import Client, bury, why
from trioproxy.lab.script import Chunk, End, Head, Reset, Script, Silence, Unreachable
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Cause, Phase

PLAN = Plan("POST", "http://upstream", b"/v1/messages", (), b"{}")
LIMITS = {Phase.CONNECTING: 1.0, Phase.WAITING: 2.0, Phase.STREAMING: 3.0}


class Noting:
    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def enter(self, phase: Phase) -> None:
        self.phases.append(phase)

    async def permission(self) -> None:
        await trio.lowlevel.checkpoint()


async def test_what_is_closed_is_closed_once(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Head(), Chunk(b"one"), End()))
    progress = Noting()
    answer = await Client(source, {}).send(PLAN, progress)

    assert [await answer.receive(), await answer.receive()] == [b"one", b""]
    assert source.open_calls
    await answer.close()
    await answer.close()
    assert not source.open_calls
    assert progress.phases[0] is Phase.CONNECTING
    assert progress.phases[-1] is Phase.STREAMING


async def test_what_nobody_closes_stays_open_until_it_is_buried(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Head(), Silence()))
    await Client(source, {}).send(PLAN, Noting())

    assert source.open_calls
    await bury()
    assert not source.open_calls


@pytest.mark.parametrize(
    ("script", "error", "after_s"),
    [
        (Script.of(Unreachable()), UpstreamConnectFailed, 1.0),
        (Script.of(Silence()), UpstreamTimeout, 2.0),
    ],
)
async def test_a_head_that_does_not_come(
    script: Script, error: type[Exception], after_s: float, autojump_clock: trio.testing.MockClock
) -> None:
    source = ScriptedSource(script)

    with trio.fail_after(PATIENCE_S), pytest.raises(error):
        await Client(source, LIMITS).send(PLAN, Noting())
    assert trio.current_time() == after_s
    assert not source.open_calls


async def test_each_chunk_has_its_own_time(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Head(), 2.0, Chunk(b"one"), 2.0, Chunk(b"two"), Silence()))
    answer = await Client(source, LIMITS).send(PLAN, Noting())

    assert [await answer.receive(), await answer.receive()] == [b"one", b"two"]
    with pytest.raises(UpstreamTimeout) as caught:
        await answer.receive()
    await answer.close()
    assert trio.current_time() == 7.0
    assert why(caught.value) is Cause.UPSTREAM_SILENT


async def test_a_cancelled_send_leaves_nothing_open(autojump_clock: trio.testing.MockClock) -> None:
    source = ScriptedSource(Script.of(Silence()))

    with trio.move_on_after(1):
        await Client(source, {}).send(PLAN, Noting())
    assert not source.open_calls


async def test_what_breaks_off_is_told(autojump_clock: trio.testing.MockClock) -> None:
    answer = await Client(ScriptedSource(Script.of(Head(), Reset())), {}).send(PLAN, Noting())

    with pytest.raises(UpstreamTruncated) as caught:
        await answer.receive()
    await answer.close()
    assert why(caught.value) is Cause.UPSTREAM_BROKE
