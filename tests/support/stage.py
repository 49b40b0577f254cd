"""A relay on a stage: a house, a scripted source, a reader in the client's place, and the books.

    stage = Stage(Script.of(...))
    await stage.play(acts)       # the house opens, the relay starts, `acts` happens, the house is found empty

Everything that is promised of every relay, however it ends, is checked when the play is over.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass

import trio
import trio.testing

from trioproxy.errors import TrioProxyError
from trioproxy.house import House
from trioproxy.lab.script import Script
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import CallOpening, CallReceipt, Dialect, Head, Plan, Reading
from trioproxy.providers.base import Meter
from trioproxy.relay import Commission, Relay
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import Seat
from trioproxy.sources.base import Source

# Virtual.
PATIENCE_S = 100_000.0

LAST_EVENT = b"[last]"
ERROR_EVENT = b"[error]"

OPENING = CallOpening(
    id="call-1",
    exchange_id="exchange-1",
    started_at=1000.0,
    provider="anthropic",
    dialect=Dialect.ANTHROPIC,
    method="POST",
    path="/v1/messages",
    model_requested="model",
    model_sent="model",
    effort=None,
    policy="abort",
)


class MarkMeter:
    """A meter for a protocol whose last event is `[last]` and whose error event is `[error]`."""

    def __init__(self, *, by_protocol: bool = True) -> None:
        self.by_protocol = by_protocol
        self.seen = b""
        self.ends = 0

    def feed(self, data: bytes) -> None:
        self.seen = self.seen[-16:] + data[-64:]

    def end(self) -> None:
        self.ends += 1

    def reading(self) -> Reading:
        return Reading(
            ended=LAST_EVENT in self.seen,
            error="the stream's own error" if ERROR_EVENT in self.seen else None,
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What a relay told of its end."""

    receipt: CallReceipt
    phase: Phase
    cause: Cause | None


class Reader:
    """Takes what a seat gives, until it ends; in its own task."""

    seat: Seat

    def __init__(self) -> None:
        self.pause_s = 0.0
        self.head: Head | None = None
        self.chunks: list[bytes] = []
        self.failure: TrioProxyError | None = None
        self.whole = False
        self.may_read = trio.Event()
        self.done = trio.Event()

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    async def read(self) -> None:
        try:
            self.head = await self.seat.head()
            await self.may_read.wait()
            while chunk := await self.seat.receive():
                self.chunks.append(chunk)
                if self.pause_s:
                    await trio.sleep(self.pause_s)
            self.whole = True
        except TrioProxyError as error:
            self.failure = error
        finally:
            self.done.set()


class Stage:
    """One relay and all who have to do with it."""

    def __init__(
        self,
        script: Script,
        *,
        source: Source | None = None,
        body: bytes | AsyncIterable[bytes] | None = None,
        by_protocol: bool = True,
        limits_s: Mapping[Phase, float] | None = None,
        durable: trio.Event | None = None,
        meter_for: Callable[[Head], Meter] | None = None,
        settle: Callable[[], None] = lambda: None,
        reads: bool = True,
    ) -> None:
        self.script = script
        self.scripted = ScriptedSource(script)
        self.house = House()
        self.settled: list[Settled] = []
        self.late = 0
        self.meter = MarkMeter(by_protocol=by_protocol)
        self.relay: Relay
        self.reader = Reader()
        self.patience_s = PATIENCE_S
        # Called when the relay has been started, before it has taken a step.
        self.on_start: Callable[[], None] = lambda: None
        self._empty = trio.Event()
        self._reads = reads
        self._also_settle = settle
        self._commission = Commission(
            opening=OPENING,
            plan=Plan("POST", "http://upstream", b"/v1/messages", (), body),
            source=source or self.scripted,
            limits_s=limits_s or {},
            meter_for=meter_for or (lambda _: self.meter),
            durable=durable,
            late=self._count_late,
            settle=self._settle,
        )

    def _count_late(self) -> None:
        self.late += 1

    def _settle(self, receipt: CallReceipt, phase: Phase, cause: Cause | None) -> None:
        self.settled.append(Settled(receipt, phase, cause))
        self._also_settle()

    async def play(self, *acts: Callable[[Stage], Awaitable[None]]) -> Settled:
        """Open the house, start the relay, let `acts` happen side by side, and wait for the end of it all."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._keep_house)
            self.relay = self.house.start(self._commission)
            del self._commission
            self.on_start()
            self.reader.seat = self.relay.sit()
            if self._reads:
                self.reader.may_read.set()
            reading = trio.CancelScope()

            async def read() -> None:
                with reading:
                    await self.reader.read()

            nursery.start_soon(read)
            async with trio.open_nursery() as acting:
                for act in acts:
                    acting.start_soon(act, self)
            if self.house.open:
                self.house.close(math.inf)
            with trio.fail_after(self.patience_s):  # a relay that is still there then was left behind
                await self._empty.wait()
            if self._reads:
                await self.reader.done.wait()
            reading.cancel()
        return self.check()

    async def _keep_house(self, *, task_status: trio.TaskStatus[None]) -> None:
        await self.house.run(task_status=task_status)
        self._empty.set()

    def check(self) -> Settled:
        """What holds whatever happens."""
        [settled] = self.settled  # once: not never, not twice
        for call in self.scripted.calls:
            assert call.closings == 1
        assert self.script.body.startswith(self.reader.body)
        if self.reader.whole:
            assert self.reader.body == self.script.body
            assert self.reader.failure is None
        assert settled.receipt.opening == OPENING
        assert settled.receipt.ended_at == OPENING.started_at + settled.receipt.duration_ms / 1000
        return settled


def at(time_s: float, act: Callable[[Stage], None]) -> Callable[[Stage], Awaitable[None]]:
    """`act` at a moment of the virtual clock, which starts at 0."""

    async def wait_and_act(stage: Stage) -> None:
        await trio.sleep_until(time_s)
        act(stage)

    return wait_and_act
