"""The seats and the pump of one relay, as they tell a timeline what they do.

For a run that is drawn, one relay and its parts become, after they were made, of classes that also tell. Nothing of the
schedule changes by that, and no run that is not drawn pays for it.
"""

from __future__ import annotations

from trioproxy.errors import TrioProxyError
from trioproxy.lab.explore.subject import Tell
from trioproxy.phases import Phases
from trioproxy.relay import Relay
from trioproxy.rules.lifecycle import Cause, Phase
from trioproxy.seat import Seat
from trioproxy.seating import Seating
from trioproxy.trace.records import Lane, What


def watch(relay: Relay, number: int, tell: Tell) -> None:
    """From now on `relay`, the call of that number, tells what happens to it; before anybody sits there."""
    _watch_pump(relay, number, tell)
    _watch_seats(relay, number, tell)


def _watch_pump(relay: Relay, number: int, tell: Tell) -> None:
    told = [Phase.CONNECTING]

    class ToldPhases(Phases):
        __slots__ = ()

        def enter(self, phase: Phase) -> None:
            if told[-1] is not phase:
                told.append(phase)
                tell(Lane.PUMP, What.PHASE, phase, who=number)
            super().enter(phase)

    class ToldRelay(Relay):
        __slots__ = ()

        def _end(self, cause: Cause | None) -> None:
            if cause is not None:
                tell(Lane.PUMP, What.CANCELLED, cause, who=number)
            super()._end(cause)

    relay.__class__, relay._phases.__class__ = ToldRelay, ToldPhases


def _watch_seats(relay: Relay, number: int, tell: Tell) -> None:
    class ToldSeating(Seating):
        __slots__ = ()

        def take(self) -> Seat:
            tell(Lane.SEAT, What.JOINED if relay.bytes_in or self.count else What.SAT, who=number)
            return super().take()

        def _left(self, seat: Seat, cause: Cause) -> None:
            if seat in self._seats:
                tell(Lane.SEAT, What.LEFT, cause, who=number)
            super()._left(seat, cause)

        def end(self, failure: TrioProxyError | None) -> None:
            if self.count:
                tell(Lane.SEAT, What.FAILED if failure else What.END, str(failure or ""), who=number)
            super().end(failure)

    relay.seating.__class__ = ToldSeating
