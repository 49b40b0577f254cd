"""What deciding costs within the process: CPU of `trioproxy.order.order` with replay and routing, minus without.

python -m bench.deciding prints, as one JSON object, milliseconds by kind of body. The least of many short runs counts:
whatever else the machine does can only add to one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import trio

from bench.peers import REUSE
from bench.requests import SIZES, claude_code, headers, spaced
from trioproxy.app.compose import compose
from trioproxy.desk import Desk
from trioproxy.model import Arrival
from trioproxy.order import order
from trioproxy.providers import SPEAKERS
from trioproxy.rules.routes import route
from trioproxy.settings import load

BODIES: dict[str, Callable[[int], bytes]] = {
    "claude": claude_code,
    "plain": lambda size: claude_code(size, plain=True),
    "spaced": lambda size: claude_code(size, plain=True, write=spaced),
}
RUNS = 15
RUN_S = 0.05


def deciding(desk: Desk, body: bytes) -> Callable[[], object]:
    """The decision on a request with this body, again and again."""
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers())
    arrival = Arrival("bench", time.time(), "POST", b"/v1/messages", b"beta=true", raw, "1.1")
    place = route(arrival.raw_path, desk.providers)
    operation = SPEAKERS[desk.providers[place.provider].dialect].recognise("POST", place.path)
    return lambda: order(desk, arrival, place, operation, body)


def cpu_ms(decide: Callable[[], object]) -> float:
    """Of one call, the mean of a short run."""
    began, calls = time.thread_time(), 0
    while (spent := time.thread_time() - began) < RUN_S or not calls:
        decide()
        calls += 1
    return spent * 1e3 / calls


async def measured() -> dict[str, float]:
    desk = compose(load(REUSE, "bench", {}), on_lost=lambda: None).desk
    idle = replace(desk, reuse=None, routing=None)
    values = {}
    for kind, make in BODIES.items():
        for size, size_bytes in SIZES.items():
            body = make(size_bytes)
            on, off = deciding(desk, body), deciding(idle, body)
            pairs = [(cpu_ms(on), cpu_ms(off)) for _ in range(RUNS)]
            await trio.lowlevel.checkpoint()
            values[f"{kind}_{size}_ms"] = min(each for each, _ in pairs) - min(each for _, each in pairs)
    return values


if __name__ == "__main__":
    json.dump(trio.run(measured), sys.stdout)
