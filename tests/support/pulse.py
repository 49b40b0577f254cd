"""A healthy stream on a connection of its own, to see that what others do does not hurt it.

async with pulse() as beat:
    ... a proxy with a provider `pulse` at beat.url ...
    await beat.begin(proxy.port)
    await beat.unhurt()     # one more event, there and then, all the way through
    await beat.end()        # and a proper end
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from support.h1 import H1Client
from support.proxied import Proxied, proxied
from support.raw_upstream import Peer, RawUpstream, length_of
from trioproxy.lab.answers import message_stream
from trioproxy.lab.upstream import Choice

PATIENCE_S = 10.0
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
COMMENT = b": beat\n\n"


class Pulse:
    """Both ends of the stream."""

    def __init__(self) -> None:
        self.client: H1Client | None = None
        self._ended = False
        self._events, self._to_send = trio.open_memory_channel[bytes](16)

    async def play(self, peer: Peer) -> None:
        """The upstream's side: an event whenever there is one."""
        await peer.body(length_of(await peer.head()))
        await peer.send(HEAD)
        async for event in self._to_send:
            await peer.send(b"%x\r\n%b\r\n" % (len(event), event))
        await peer.send(b"0\r\n\r\n")
        await peer.until_gone()

    async def begin(self) -> None:
        """Ask for the stream."""
        assert self.client
        await self.client.request("POST", "/pulse/v1/messages", body=b'{"stream":true}')
        assert (await self.client.head()).status == 200

    async def unhurt(self) -> None:
        """Send an event and see it arrive. Raises Truncated or TooSlowError if it does not."""
        await self._pass(COMMENT)

    async def end(self) -> None:
        """Let the stream end as its protocol says, and see it; once."""
        if self._ended:
            return
        self._ended = True
        assert self.client
        for event in message_stream("Still here.").parts:
            await self._pass(event)
        self._events.close()
        with trio.fail_after(PATIENCE_S):
            assert await self.client.piece() == b""

    async def _pass(self, event: bytes) -> None:
        assert self.client
        with trio.fail_after(PATIENCE_S):
            await self._events.send(event)
            assert await self.client.read(len(event)) == event


@asynccontextmanager
async def beside_a_pulse(
    tmp_path: Path, scripts: Choice, **settings: Mapping[str, Any]
) -> AsyncIterator[tuple[Proxied, Pulse]]:
    """A stage as `proxied` makes it, with the healthy stream running; it ends well, and without a traceback."""
    pulse = Pulse()
    upstream = RawUpstream(pulse.play)
    async with trio.open_nursery() as nursery:
        await nursery.start(upstream.serve)
        providers = {"pulse": {"base_url": upstream.url, "dialect": "anthropic"}}
        async with proxied(tmp_path, scripts, providers=providers, **settings) as stage:
            async with await H1Client.connect(stage.proxy.port) as pulse.client:
                await pulse.begin()
                yield stage, pulse
                await pulse.end()
            assert "Traceback" not in stage.proxy.stderr()
        nursery.cancel_scope.cancel()
