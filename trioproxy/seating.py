"""Who sits at a relay, and what each is handed.

                          ┌▶ Seat
    pump ── push ──▶ Tape ┼▶ Seat      the pump follows the fastest of them
                          └▶ Seat ◀── the tape so far, for one that comes late

A seat that falls so far behind that nothing may wait for it any longer is cut: it is its
own problem, and slows nobody. Nothing here starts a task or opens a scope.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import trio

from trioproxy.errors import FellBehind, OurError, TrioProxyError
from trioproxy.model import Head
from trioproxy.rules.lifecycle import Cause
from trioproxy.rules.reuse import joinable_head
from trioproxy.seat import Seat
from trioproxy.sources.base import Filter
from trioproxy.tape import Tape

log = logging.getLogger("trioproxy")

# Whoever takes what it is given at once may have so much on its way to it: it is not behind.
ON_ITS_WAY_BYTES = 5 * 65_536


class Seating:
    """The seats at one relay.

    Args:
        on_empty: told, synchronously, that the last seat has been left, and why.
        tape: keeps the answer for those who come late; None where nobody may.
        max_lag_bytes: how much may wait for one client while another is faster.
    """

    __slots__ = (
        "_filter", "_head", "_max_lag_bytes", "_news", "_on_empty", "_owed", "_seats", "_tape", "bytes_passed",
    )  # fmt: skip

    def __init__(self, on_empty: Callable[[Cause], None], *, tape: Tape | None, max_lag_bytes: int) -> None:
        self._seats: list[Seat] = []
        self._tape = tape
        self._on_empty = on_empty
        self._max_lag_bytes = max(max_lag_bytes, ON_ITS_WAY_BYTES)
        self._head: Head | None = None
        self._filter: Filter | None = None
        # Those that went on to the clients, once or to several.
        self.bytes_passed = 0
        self._owed: list[tuple[Seat, bytes]] = []
        self._news: trio.Event | None = None  # made by the pump, when it waits for some

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

    def push(self, chunk: bytes) -> None:
        """Hand a chunk to the client who was here first, at once; the others are handed it by `hand_on`."""
        if self._filter is not None:
            chunk = self._filter.feed(chunk)
        if chunk:
            self._take(chunk)

    async def hand_on(self) -> None:
        """Hand the others what the first has, one step later: so they add nothing to its stream."""
        await trio.lowlevel.cancel_shielded_checkpoint()
        self._hand_on()

    @property
    def owes(self) -> bool:
        """There are others, who have not been handed the last chunk."""
        return bool(self._owed)

    def _take(self, chunk: bytes) -> None:
        self.bytes_passed += len(chunk)
        if self._tape is not None:
            self._tape.append(chunk)
        if self._seats:
            self._seats[0].push(chunk)
            if len(self._seats) > 1:  # who comes from now on has it from the tape
                self._owed += [(seat, chunk) for seat in self._seats[1:]]

    def _hand_on(self) -> None:
        for seat, chunk in self._owed:
            seat.push(chunk)
        self._owed.clear()
        if not self.has_room:
            return
        late = [seat for seat in self._seats if not seat.has_room and seat.lag_bytes > self._max_lag_bytes]
        for seat in late:
            self._seats.remove(seat)
            seat.cut(FellBehind(f"the client is over {self._max_lag_bytes} bytes behind others of the same answer"))

    async def room(self) -> None:
        """Return when one of the clients has taken what waited, or there is none."""
        while not self.has_room:
            self._news = trio.Event()
            await self._news.wait()
        self._news = None

    def end(self, failure: TrioProxyError | None) -> None:
        """No more will come, and whether that was all; synchronous."""
        try:
            if self._filter is not None and (held := self._filter.end()):
                self._take(held)
        except Exception:  # the wall of the house: what it held is lost, and nothing else
            log.exception("a filter failed at the end of a body")
            failure = failure or OurError("the end of the body could not be read")
        self._hand_on()
        for seat in self._seats:
            seat.end(failure)
        self._seats.clear()

    def close(self) -> None:
        """Let go of the tape."""
        if self._tape is not None:
            self._tape.drop()

    @property
    def has_room(self) -> bool:
        """One of the clients has, or there is none: the pump may go on."""
        for seat in self._seats:
            if seat.has_room:
                return True
        return not self._seats

    def _left(self, seat: Seat, cause: Cause) -> None:
        if seat in self._seats:
            self._seats.remove(seat)
            if not self._seats:
                self._on_empty(cause)
            self._stir()

    def _stir(self) -> None:
        """Something has changed about who has room."""
        if self._news is not None:
            self._news.set()
