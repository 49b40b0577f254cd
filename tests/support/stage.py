"""A relay on a stage: a house, a scripted source, a reader in the client's place, and the books.

    stage = Stage(Script.of(...))
    await stage.play(acts)       # the house opens, the relay starts, `acts` happens, the house is found empty

Everything that is promised of every relay, however it ends, is checked when the play is over.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import trio
import trio.testing

from support.reader import Reader
from trioproxy.commission import Commission, Filter
from trioproxy.house import House
from trioproxy.lab.script import Script
from trioproxy.lab.source import ScriptedSource
from trioproxy.model import CallOpening, CallReceipt, Dialect, Head, Plan, Policy, Reading, Until
from trioproxy.providers.base import Meter
from trioproxy.relay import Relay
from trioproxy.rules.disconnect import Terms
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.sources.base import Source
from trioproxy.store.recordings import Recordings
from trioproxy.tape import Tape

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
    policy=Policy.ABORT,
)
FINGERPRINT = b"fingerprint"


def terms(policy: Policy = Policy.ABORT, **changes: Any) -> Terms:
    """What the configuration says, unless told otherwise."""
    known: dict[str, Any] = {
        "linger_s": 10.0,
        "drain_limit_s": 300.0,
        "until": Until.END,
        "max_detached": 32,
        "max_bytes": 4_194_304,
    }
    return Terms(policy=policy, **known | changes)


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
        finish: Callable[[], object] = lambda: None,
        reads: bool = True,
        terms: Terms = terms(),  # noqa: B008 - frozen
        shared: bool = False,
        filter_for: Callable[[Head], Filter | None] = lambda _: None,
    ) -> None:
        self.script = script
        # Of a `shared` relay.
        self.recordings = Recordings(max_entries=10, max_total_bytes=1 << 26)
        # Those who joined, in order.
        self.joined: list[Reader] = []
        self.scripted = ScriptedSource(script)
        self.house = House()
        self._tape = Tape(self.recordings, terms.max_bytes) if shared else None
        self.settled: list[Settled] = []
        # What was on the tape when the answer had come whole; None where nothing was.
        self.recorded: bytes | None = None
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
        self._also_finish = finish
        self._commission = Commission(
            opening=OPENING,
            plan=Plan("POST", "http://upstream", b"/v1/messages", (), body),
            source=source or self.scripted,
            limits_s=limits_s or {},
            terms=terms,
            max_lag_bytes=terms.max_bytes,
            fingerprint=FINGERPRINT if shared else None,
            tape=self._tape,
            finished=self._finish,
            filter_for=filter_for,
            meter_for=meter_for or (lambda _: self.meter),
            durable=durable,
            late=self._count_late,
            settle=self._settle,
        )

    def _count_late(self) -> None:
        self.late += 1

    def _finish(self, head: Head, receipt: CallReceipt) -> None:
        assert not self.settled
        tape = self._tape
        self.recorded = b"".join(tape.pieces()) if tape is not None and tape.whole else None
        self._also_finish()

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
            self._nursery = nursery
            self._seat_reader(self.reader, reads=self._reads)
            async with trio.open_nursery() as acting:
                for act in acts:
                    acting.start_soon(act, self)
            if self.house.open:
                self.house.close(math.inf)
            with trio.fail_after(self.patience_s):  # a relay that is still there then was left behind
                await self._empty.wait()
            for reader in (self.reader, *self.joined):
                if reader.may_read.is_set():
                    await reader.done.wait()
                reader.presence.cancel()
        return self.check()

    def join(self, *, reads: bool = True) -> Reader | None:
        """One more client at the relay, if it may still be joined."""
        if self.house.twin(FINGERPRINT, lambda seats: True) is None:
            return None
        reader = Reader()
        self.joined.append(reader)
        self._seat_reader(reader, reads=reads)
        return reader

    def _seat_reader(self, reader: Reader, *, reads: bool) -> None:
        reader.seat = self.relay.sit()
        if reads:
            reader.may_read.set()
        self._nursery.start_soon(reader.read)

    async def _keep_house(self, *, task_status: trio.TaskStatus[None]) -> None:
        await self.house.run(task_status=task_status)
        self._empty.set()

    def check(self) -> Settled:
        """What holds whatever happens."""
        [settled] = self.settled  # once: not never, not twice
        for call in self.scripted.calls:
            assert call.closings == 1
        for reader in (self.reader, *self.joined):
            assert self.script.body.startswith(reader.body)
            if reader.whole:
                assert reader.body == self.script.body
                assert reader.failure is None
        assert self.recordings.total_bytes == 0  # nothing of a tape is left
        assert not self.house.detached
        assert not self.house._by_fingerprint
        assert replace(settled.receipt.opening, policy=OPENING.policy) == OPENING
        assert settled.receipt.ended_at == OPENING.started_at + settled.receipt.duration_ms / 1000
        return settled


def at(time_s: float, act: Callable[[Stage], None]) -> Callable[[Stage], Awaitable[None]]:
    """`act` at a moment of the virtual clock, which starts at 0."""

    async def wait_and_act(stage: Stage) -> None:
        await trio.sleep_until(time_s)
        act(stage)

    return wait_and_act
