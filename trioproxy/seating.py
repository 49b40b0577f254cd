"""Who sits at a relay, and what each is handed.

                          ┌▶ Seat
    pump ── push ──▶ Tape ┼▶ Seat      the pump follows the fastest of them
                          └▶ Seat ◀── the tape so far, for one that comes late

A seat that falls so far behind that nothing may wait for it any longer is cut: it is its
own problem, and slows nobody. Nothing here starts a task or opens a scope.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from trioproxy.errors import FellBehind, TrioProxyError, UpstreamTruncated
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause
from trioproxy.rules.reuse import joinable_head
from trioproxy.seat import Seat
from trioproxy.sources.base import Filter
from trioproxy.tape import Tape


class Seating:
    """The seats at one relay.

    Args:
        on_empty: told, synchronously, that the last seat has been left, and why.
        tape: keeps the answer for those who come late; None where nobody may.
        max_lag_bytes: how much may wait for one client while another is faster.
    """

    def __init__(self, on_empty: Callable[[Cause], None], *, tape: Tape | None, max_lag_bytes: int) -> None:
        self._seats: list[Seat] = []
        self._tape = tape
        self._on_empty = on_empty
        self._max_lag_bytes = max_lag_bytes
        self._head: Head | None = None
        self._filter: Filter | None = None
        # Those that went on to the clients, once or to several.
        self.bytes_passed = 0
        self._news = trio.Event()

    def take(self) -> Seat:
        """A place for one more client, who is handed the answer from its first byte on."""
        seat = Seat(self._left, self._stir)
        if self._head is not None:
            seat.begin(self._head)
            for piece in self._tape.pieces() if self._tape is not None else ():
                seat.push(piece)
        self._seats.append(seat)
        self._stir()
        return seat

    @property
    def count(self) -> int:
        """How many clients sit here."""
        return len(self._seats)

    @property
    def has_all(self) -> bool:
        """One more client could be handed the answer from its first byte on, and may be."""
        head, tape = self._head, self._tape
        return tape is not None and (head is None or (tape.whole and joinable_head(head.status, head.headers)))

    def begin(self, head: Head, passing: Filter | None = None) -> None:
        """The head has come; `passing` takes something out of what follows it."""
        self._head, self._filter = head, passing
        for seat in self._seats:
            seat.begin(head)

    def push(self, chunk: bytes) -> bool:
        """Hand over a chunk at once; False if the next should wait for `room`."""
        if self._filter is not None:
            chunk = self._filter.feed(chunk)
        return not chunk or self._hand_over(chunk)

    def _hand_over(self, chunk: bytes) -> bool:
        self.bytes_passed += len(chunk)
        if self._tape is not None:
            self._tape.append(chunk)
        seats = self._seats
        if len(seats) == 1:
            [seat] = seats
            seat.push(chunk)
            return seat.has_room
        for seat in seats:
            seat.push(chunk)
        if not self._has_room():
            return False
        for seat in [seat for seat in seats if not seat.has_room and seat.lag_bytes > self._max_lag_bytes]:
            seats.remove(seat)
            seat.cut(FellBehind(f"the client is over {self._max_lag_bytes} bytes behind others of the same answer"))
        return True

    async def room(self) -> None:
        """Return when one of the clients has taken what waited, or there is none."""
        while not self._has_room():
            self._news = trio.Event()
            await self._news.wait()

    def end(self, failure: TrioProxyError | None) -> None:
        """No more will come, and whether that was all; synchronous."""
        if self._filter is not None and (held := self._filter.end()):
            self._hand_over(held)
        for seat in self._seats:
            seat.end(failure)
        self._seats.clear()

    def close(self) -> None:
        """Let go of the tape."""
        if self._tape is not None:
            self._tape.drop()

    def _has_room(self) -> bool:
        return not self._seats or any(seat.has_room for seat in self._seats)

    def _left(self, seat: Seat, cause: Cause) -> None:
        if seat in self._seats:
            self._seats.remove(seat)
            seat.end(UpstreamTruncated(f"the seat was left: {cause}"))  # whoever reads it all the same is not kept
            if not self._seats:
                self._on_empty(cause)
            self._stir()

    def _stir(self) -> None:
        """Something has changed about who has room."""
        self._news.set()
