"""The naive version of this very stack: what one would write first. The yardstick of the goals.

A quart-trio handler, one shared httpx client, a nursery in the response generator that pumps chunks through a trio
memory channel, Hypercorn's trio worker as it comes. Only what would make a mode impossible is set: Quart's limits on
duration and size are off, httpx has no timeout and no limit of connections.
"""

# Somebody else's proxy, as it were: started as a process of its own, held to none of this project's rules.
# ruff: noqa: TID251, D103, S113

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import httpx
import trio
from quart import Response, request
from quart_trio import QuartTrio

NOT_FORWARDED = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "te", "upgrade"}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

app = QuartTrio(__name__)
app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None, MAX_CONTENT_LENGTH=None)
client = httpx.AsyncClient(
    base_url=os.environ.get("LAB_UPSTREAM", "http://127.0.0.1:9000"),
    timeout=None,
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
)


async def pump(upstream: httpx.Response, send: trio.MemorySendChannel[bytes]) -> None:
    async with send:
        async for chunk in upstream.aiter_raw():
            await send.send(chunk)


@app.route("/<path:path>", methods=METHODS)
async def relay(path: str) -> Response:
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in NOT_FORWARDED]
    outgoing = client.build_request(
        request.method, f"/{path}", params=request.args, headers=headers, content=await request.get_data()
    )
    upstream = await client.send(outgoing, stream=True)

    async def chunks() -> AsyncIterator[bytes]:
        send, receive = trio.open_memory_channel[bytes](16)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(pump, upstream, send)
                async for chunk in receive:
                    yield chunk  # noqa: ASYNC101, ASYNC119  # what is naive about it
        finally:
            await upstream.aclose()

    answer = Response(chunks(), status=upstream.status_code)
    answer.headers.clear()
    for name, value in upstream.headers.multi_items():
        if name not in {"connection", "keep-alive", "transfer-encoding"}:
            answer.headers.add(name, value)
    return answer
