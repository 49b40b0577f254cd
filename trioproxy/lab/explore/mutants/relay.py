"""Bugs of the call: its relay, its seats, the house, what becomes of its end."""

from __future__ import annotations

from trioproxy.lab.explore.mutating import Edit, Mutant

_RELAY = "trioproxy.relay"
_SEAT = "trioproxy.seat"
_SEATING = "trioproxy.seating"
_HOUSE = "trioproxy.house"
_EXCHANGE = "trioproxy.exchange"
_CALLING = "trioproxy.calling"
_SAMENESS = "trioproxy.providers.sameness"

OF_THE_CALL = (
    Mutant(
        "flag-for-cause",
        "whoever comes first sets a flag, and the flag is the cause",
        (
            Edit(_RELAY, '        "closing", ', '        "_flag", "closing", '),
            Edit(_RELAY, "            self._end(cause)\n", '            self._end(getattr(self, "_flag", cause))\n'),
            Edit(
                _RELAY,
                "        self._departure = cause\n",
                '        self._departure = cause\n        self._flag = getattr(self, "_flag", cause)\n',
            ),
            Edit(
                _EXCHANGE,
                "        self.leave(cause or (Cause.INTERNAL if type(self.delivery.failure) is OurError "
                "else Cause.CLIENT_LEFT))\n",
                "        self.leave(Cause.CLIENT_LEFT)\n",
            ),
        ),
        ("stream", "paced"),
        ("stop",),
    ),
    Mutant(
        "unshielded-settling",
        "settling waits for something, unshielded",
        (
            Edit(
                _RELAY,
                "            self._end(cause)\n",
                "            await trio.lowlevel.checkpoint()\n            self._end(cause)\n",
            ),
        ),
        ("stream", "paced"),
        ("close",),
    ),
    Mutant(
        "unshielded-close",
        "closing the connection waits for something, unshielded",
        (
            Edit(
                _RELAY,
                "                async with self._commission.source.open(self._plan(), self._phases) as answer:\n"
                "                    self._begin(answer.head)\n"
                "                    await self._pump(answer)\n",
                "                opened = self._commission.source.open(self._plan(), self._phases)\n"
                "                answer = await opened.__aenter__()\n"
                "                try:\n"
                "                    self._begin(answer.head)\n"
                "                    await self._pump(answer)\n"
                "                finally:\n"
                "                    await trio.lowlevel.checkpoint()\n"
                "                    await opened.__aexit__(None, None, None)\n",
            ),
        ),
        ("paced",),
        ("leave",),
    ),
    Mutant(
        "settle-before-close",
        "a call is settled while its connection is still open",
        (
            Edit(
                _RELAY,
                "                    await self._pump(answer)\n",
                "                    await self._pump(answer)\n"
                "                    self._end(None)\n"
                "                    self._settled = True\n",
            ),
            Edit(_RELAY, '        "closing", ', '        "_settled", "closing", '),
            Edit(
                _RELAY,
                "            self._end(cause)\n",
                '            if not getattr(self, "_settled", False):\n                self._end(cause)\n',
            ),
        ),
        ("json",),
        ("leave",),
    ),
    Mutant(
        "end-is-success",
        "the end of the channel is taken for the end of the answer",
        (Edit(_SEAT, '            if self._finished:\n                return b""\n', '            return b""\n'),),
        ("paced",),
        ("break",),
    ),
    Mutant(
        "leave-twice",
        "giving a seat up twice counts twice",
        (
            Edit(
                _SEAT,
                "        if not self.left:\n            self.left = True\n",
                "        if True:\n            self.left = True\n",
            ),
            Edit(
                _SEATING,
                "            self._seats.remove(seat)\n            if not self._seats:\n",
                "            self._seats.remove(seat)\n        if True:\n            if not self._seats:\n",
            ),
        ),
        ("linger-over", "linger", "drain"),
        ("leave", "close"),
    ),
    Mutant(
        "deadline-stays",
        "whoever joins a call that lingers does not take its deadline back",
        (Edit(_RELAY, "        self._life.deadline = math.inf\n", ""),),
        ("linger-resend",),
        ("no-commits",),
    ),
    Mutant(
        "incomplete-kept",
        "an answer is kept for replay before it is known to be whole",
        (
            Edit(
                _RELAY,
                "if self.head is not None and self.phase is Phase.ENDED and self.failure is None:",
                "if self.head is not None:",
            ),
            Edit(
                _CALLING,
                "if replayable(receipt.outcome, head.status, head.headers, receipt.reading):",
                "if head.status == 200:",
            ),
        ),
        ("drain", "replay"),
        ("break",),
    ),
    Mutant(
        "tape-kept",
        "the tape is held after the call has ended",
        (Edit(_SEATING, "            self._tape.drop()\n", "            pass\n"),),
        ("join-broken",),
        ("leave",),
    ),
    Mutant(
        "upstream-not-closed",
        "the upstream goes on when the last client has left",
        (Edit(_RELAY, "        self._life.cancel(reason=self._departure)\n", ""),),
        ("paced",),
        ("leave",),
    ),
    Mutant(
        "finished-early",
        "the clients are told of the end when the last event comes, before the upstream has ended",
        (
            Edit(
                _RELAY,
                "            meter.feed(chunk)  #",
                "            meter.feed(chunk)\n"
                "            if self.reading().ended:\n"
                "                self.seating.end(None)\n"
                "            #",
            ),
        ),
        ("paced", "stream"),
        ("break",),
    ),
    Mutant(
        "raises-into-house",
        "an error of one upstream leaves its relay",
        (
            Edit(
                _RELAY,
                "        except Exception as error:  # noqa: BLE001 - a bug",
                "        except OSError as error:  # a bug",
            ),
        ),
        ("reset",),
        ("no-commits",),
    ),
    Mutant(
        "lingers-for-ever",
        "a call that lingers has no deadline",
        (Edit(_RELAY, "            self._life.deadline = until\n", "            pass\n"),),
        ("linger-over",),
        ("no-commits",),
    ),
    Mutant(
        "joins-the-dead",
        "a call that is being ended may still be joined",
        (Edit(_RELAY, "return not self.closing and trio.current_time() < self._life.deadline and", "return"),),
        ("resend-at-once", "linger-resend", "join"),
        ("leave", "all-leave"),
    ),
    Mutant(
        "twin-stays",
        "a call that has ended stays in the table of live twins",
        (
            Edit(
                _HOUSE,
                "            twins.remove(relay)\n            if not twins:\n"
                "                del self._by_fingerprint[fingerprint]\n",
                "            assert twins\n",
            ),
        ),
        ("replay",),
        ("leave",),
    ),
    Mutant(
        "joins-anybody",
        "whoever asks for anything may join whatever goes on",
        (
            Edit(
                _HOUSE,
                "for relay in self._by_fingerprint.get(fingerprint, ()):",
                "for relay in [each for twins in self._by_fingerprint.values() for each in twins]:",
            ),
        ),
        ("neighbours",),
        ("leave",),
    ),
    Mutant(
        "joins-strangers",
        "the key of a client does not count for what is the same request",
        (Edit(_SAMENESS, "headers=arrival.headers,", "headers=(),"),),
        ("strangers",),
        ("leave",),
    ),
)
