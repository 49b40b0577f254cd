"""Where a call is, and how long it may stay there: what a source tells its relay on the way, and asks of it.

connecting ─▶ sending ─▶ waiting ─▶ streaming ◀─▶ blocked ─▶ ended
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import trio

from trioproxy.errors import UpstreamConnectFailed, UpstreamError, UpstreamTimeout
from trioproxy.model import Plan
from trioproxy.rules.lifecycle import Phase

COMMIT_PATIENCE_S = 0.25
LATE_S = 0.2  # how late, at most, a phase's limit takes effect


class Phases:
    """The phase of one call; implements `sources.base.Progress`.

    Args:
        patience: the relay's scope, whose deadline is the end of the current phase.
        limits_s: the longest each phase may take without progress.
        durable: set once the call's row is, for which the first byte waits (a while); None: there is no row.
        late: called if the first byte went without waiting any longer.
        entered: called with each phase that follows the first one.
    """

    __slots__ = ("_durable", "_entered", "_late", "_limits_s", "_patience", "phase")

    def __init__(
        self,
        patience: trio.CancelScope,
        limits_s: Mapping[Phase, float],
        durable: trio.Event | None,
        late: Callable[[], None],
        entered: Callable[[Phase], None],
    ) -> None:
        self.phase = Phase.CONNECTING
        self._patience = patience
        self._limits_s = limits_s
        self._durable = durable
        self._late = late
        self._entered = entered

    def enter(self, phase: Phase) -> None:
        """The call is in `phase` now, and its limit counts from now."""
        deadline = trio.current_time() + self._limits_s.get(phase, math.inf)
        # Moving a deadline is dear, so it is not done for every chunk: it is set a little late instead.
        if phase is not self.phase or not deadline <= self._patience.deadline <= deadline + LATE_S:
            self._patience.deadline = deadline + LATE_S
            if phase is not self.phase:
                self.phase = phase
                self._entered(phase)

    async def permission(self) -> None:
        """Wait for the call's row to be durable, but not for ever: serving goes on without a ledger."""
        durable, self._durable = self._durable, None
        if durable is None or durable.is_set():
            return
        with trio.move_on_after(COMMIT_PATIENCE_S) as patience:
            await durable.wait()
        if patience.cancelled_caught:
            self._late()

    def wait_for_client(self) -> None:
        """The client is what is waited for: the upstream's clock stands still."""
        self._patience.deadline = math.inf

    def too_slow(self, base_url: str) -> UpstreamError:
        """What is wrong if the current phase has taken too long."""
        limit_s = self._limits_s.get(self.phase, math.inf)
        if self.phase is Phase.CONNECTING:
            return UpstreamConnectFailed(f"connecting to {base_url} took over {limit_s:g} s")
        return UpstreamTimeout(f"the upstream was silent for {limit_s:g} s while {self.phase}")

    def paced(self, plan: Plan) -> Plan:
        """`plan` with a body that stops the upstream's clock while the client is waited for."""
        body = plan.body
        return plan if body is None or isinstance(body, bytes) else replace(plan, body=_ClientPaced(self, aiter(body)))


class _ClientPaced:
    """The client's body on its way upstream."""

    def __init__(self, phases: Phases, pieces: AsyncIterator[bytes]) -> None:
        self._phases = phases
        self._pieces = pieces

    def __aiter__(self) -> _ClientPaced:
        return self

    async def __anext__(self) -> bytes:
        self._phases.wait_for_client()
        try:
            return await anext(self._pieces)
        finally:  # at the body's end as well: its last bytes, too, have to be taken in time
            self._phases.enter(Phase.SENDING)
