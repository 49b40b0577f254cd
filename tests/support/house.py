"""What a house is given to do, without a request."""

from __future__ import annotations

import trio
import trio.lowlevel

from support.stage import OPENING, MarkMeter, terms
from trioproxy.commission import Commission
from trioproxy.house import House
from trioproxy.model import CallReceipt, Plan
from trioproxy.sources.base import Source
from trioproxy.store.recordings import Recordings
from trioproxy.tape import Tape


def commission(source: Source, receipts: list[CallReceipt], fingerprint: bytes | None = None) -> Commission:
    return Commission(
        opening=OPENING,
        plan=Plan("POST", "http://upstream", b"/v1/messages", (), None),
        source=source,
        limits_s={},
        terms=terms(),
        max_lag_bytes=1 << 20,
        fingerprint=fingerprint,
        tape=Tape(Recordings(max_entries=1, max_total_bytes=1 << 20), 1 << 20) if fingerprint else None,
        meter_for=lambda _: MarkMeter(),
        durable=None,
        late=lambda: None,
        settle=lambda receipt, phase, cause: receipts.append(receipt),
    )


async def open_house(nursery: trio.Nursery) -> House:
    house = House()
    await nursery.start(house.run)
    return house
