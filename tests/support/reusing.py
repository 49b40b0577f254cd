"""What the tests of exchanges that share an answer have in common: one request, asked again, and its fate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit
from trioproxy.lab.answers import message_stream
from trioproxy.model import ExchangeOutcome as Delivery
from trioproxy.model import ServedBy

STREAM = message_stream("One two three four.")

# The head after 2 s, then an event every half second.
SLOW = STREAM.script(head_after_s=2.0, every_s=0.5)

ALICE = ((b"x-api-key", b"sk-alice"), (b"content-type", b"application/json"))

ASKED = {"model": "claude-opus-4-8", "stream": True, "messages": [{"role": "user", "content": "hello"}]}

DRAIN = {"policy": "drain"}


def asked(**members: Any) -> bytes:
    return json.dumps(ASKED | members).encode()


def visit(body: bytes = asked(), *more: tuple[bytes, bytes], after_s: float = 0.0, **options: Any) -> Visit:
    return Visit(body=[(after_s, body)], headers=(*ALICE, *more), **options)


def play(
    script: Any, *visits: Callable[[], Visit], acts: Callable[[list[Visit]], list[Any]] = lambda _: [], **options: Any
) -> list[tuple[Proxy, list[Visit]]]:
    """The visits, under some schedules; `replay` is on."""

    async def story() -> tuple[Proxy, list[Visit]]:
        proxy, guests = Proxy(script, **{"replay": {}, **options}), [make() for make in visits]
        await proxy.open(*guests, acts=acts(guests))
        return proxy, guests

    return [result for _, result in over_seeds(story, 10)]


def served(proxy: Proxy) -> dict[str, tuple[ServedBy, Delivery]]:
    """Who served each exchange and how it ended, by its id."""
    return {row.opening.id: (row.served_by, row.outcome) for row in proxy.ledger.exchanges}


def fate(proxy: Proxy, guest: Visit) -> tuple[ServedBy, Delivery]:
    [name] = [value.decode() for key, value in guest.headers if key == b"x-trioproxy-id"]
    return served(proxy)[name]
