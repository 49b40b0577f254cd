"""What the tests of clients that leave, and come back, have in common: one request, and how it is asked."""

from __future__ import annotations

import json
from typing import Any

import trio

from support.guest import Guest
from support.server import RunningProxy
from trioproxy.lab.answers import message_stream
from trioproxy.lab.client import LabClient

STREAM = message_stream("One two three four five six.")

BODY = json.dumps(
    {"model": "claude-opus-4-8", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
).encode()

KEY = (b"x-api-key", b"sk-secret-of-alice")

DRAIN = {"disconnect": {"policy": "drain"}}

SIGNS = [("h1", "FIN"), ("h1", "RST"), ("h2c", "h2 RST_STREAM"), ("h2c", "h2 connection dropped")]


async def come(proxy: RunningProxy, protocol: str = "h1", *more: tuple[bytes, bytes]) -> Guest:
    guest = await Guest.arrive(protocol, proxy.port)
    await guest.ask("/v1/messages", BODY, (KEY, *more))
    return guest


async def ready(proxy: RunningProxy) -> dict[str, Any]:
    async with await LabClient.connect(proxy.url) as client:
        await client.get("/_trioproxy/ready")
        await client.head()
        page: dict[str, Any] = json.loads(await client.rest())
        return page


async def until_detached(proxy: RunningProxy, count: int) -> None:
    with trio.fail_after(10):
        while (await ready(proxy))["detached"] != count:  # noqa: ASYNC110 - it is another process that knows
            await trio.sleep(0.01)
