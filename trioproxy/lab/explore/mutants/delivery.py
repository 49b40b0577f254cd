"""Bugs of the delivery: the frame that owns it, the exchange, what was lent to it."""

from __future__ import annotations

from trioproxy.lab.explore.mutating import Edit, Mutant

_CONNECTION = "trioproxy.app.connection"
_EXCHANGE = "trioproxy.exchange"

OF_THE_DELIVERY = (
    Mutant(
        "settle-in-generator",
        "the delivery is settled in a finally around the body that is generated",
        (
            Edit(_CONNECTION, "            exchange.settle(cause)\n", ""),
            Edit(
                _CONNECTION,
                "            async for chunk in answer.body:\n                await self._send_piece(send, chunk)\n",
                "            try:\n"
                "                async for chunk in answer.body:\n"
                "                    await self._send_piece(send, chunk)\n"
                "            finally:\n"
                "                self.exchange.settle(None)\n",
            ),
            Edit(
                _CONNECTION,
                "            await self._send_piece(send, answer.body)\n",
                "            await self._send_piece(send, answer.body)\n            self.exchange.settle(None)\n",
            ),
        ),
        ("stream",),
        ("leave",),
    ),
    Mutant(
        "final-send-is-departure",
        "the disconnect that is said during the last send counts as a departure",
        (Edit(_CONNECTION, "        if not self._finishing:\n", "        if True:\n"),),
        ("stream", "json"),
        ("no-commits",),
    ),
    Mutant(
        "settled-twice",
        "a departure settles the delivery, and so does the frame",
        (
            Edit(
                _CONNECTION,
                "            self.exchange.leave(Cause.CLIENT_LEFT)\n",
                "            self.exchange.settle(Cause.CLIENT_LEFT)\n",
            ),
        ),
        ("stream",),
        ("leave",),
    ),
    Mutant(
        "presence-last",
        "a departure gives the seat up first, and ends the delivery afterwards",
        (
            Edit(
                _CONNECTION,
                '            self._presence.cancel(reason="the client left")  # first: leaving ends the seat',
                "            pass  #",
            ),
        ),
        ("paced",),
        ("leave",),
    ),
    Mutant(
        "lent-for-ever",
        "a recording comes back only if its delivery could be booked",
        (
            Edit(
                _EXCHANGE,
                "        finally:  # whatever the ledger does, what was lent comes back\n",
                "        except ValueError:\n            pass\n        else:\n",
            ),
        ),
        ("replay",),
        ("no-settling",),
    ),
)
