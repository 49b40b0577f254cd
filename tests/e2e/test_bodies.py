"""Large bodies: streamed through in either direction, with backpressure, and not kept anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio
from support.h1 import H1Client
from support.h2c import H2Client
from support.proxied import proxied
from support.raw_upstream import Peer, RawUpstream
from support.server import RunningProxy, running_proxy

from trioproxy.lab.http1 import Body, request_head
from trioproxy.lab.script import Chunk, End, Framing, Head, Script

pytestmark = pytest.mark.slow

PIECE = bytes(range(256)) * 256
PIECES = 480
UPLOAD_BYTES = len(PIECE) * PIECES  # 31 MB: more than all buffers on the way, less than is read whole
UPLOAD_HASH = hashlib.sha256(PIECE * PIECES).hexdigest()
ANSWER_BYTES = len(PIECE) * 320  # 21 MB
# A proxy that kept a body would grow by its size; this is for what comes and goes.
GROWTH_BYTES = 5_000_000


def peak_bytes(proxy: RunningProxy) -> int:
    """The most memory that the proxy has had."""
    status = Path(f"/proc/{proxy.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


@dataclass(slots=True)
class Store:
    """An upstream that takes an upload once it is told to."""

    may_read: trio.Event = field(default_factory=trio.Event)
    framing: bytes | None = None
    size_bytes: int = 0
    hash: str = ""

    async def play(self, peer: Peer) -> None:
        head = request_head(await peer.head())
        self.framing = head.header(b"transfer-encoding") or head.header(b"content-length")
        body, hashed = Body(head.headers), hashlib.sha256()
        await self.may_read.wait()
        while True:
            data = body.feed(peer.received)
            peer.received = b""
            hashed.update(data)
            self.size_bytes += len(data)
            if body.whole or not await peer.more():
                break
        self.hash = hashed.hexdigest()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await peer.until_gone()


@dataclass(slots=True)
class Sender:
    """A client that sends as fast as it is let."""

    sent_bytes: int = 0

    async def h1(self, port: int, framing: bytes, wrap: Callable[[bytes], bytes], end: bytes) -> bytes:
        async with await H1Client.connect(port) as client:
            await client.send(b"POST /v1/files?purpose=x HTTP/1.1\r\nhost: x\r\n" + framing + b"\r\n\r\n")
            client.expect("POST")
            for _ in range(PIECES):
                await client.send(wrap(PIECE))
                self.sent_bytes += len(PIECE)
            await client.send(end)
            return (await client.reply()).body

    async def h2c(self, port: int) -> bytes:
        async with await H2Client.connect(port) as client:
            stream = await client.request("POST", "/v1/files?purpose=x", end=False)
            for _ in range(PIECES):
                await client.data(stream, PIECE)
                self.sent_bytes += len(PIECE)
            await client.data(stream, b"", end=True)
            return bytes((await client.reply(stream)).body)

    async def send(self, how: str, port: int) -> bytes:
        if how == "h2c":
            return await self.h2c(port)
        if how == "chunked":
            return await self.h1(port, b"transfer-encoding: chunked", chunk, b"0\r\n\r\n")
        return await self.h1(port, b"content-length: %d" % UPLOAD_BYTES, bytes, b"")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize("how", ["content-length", "chunked", "h2c"])
async def test_an_upload_waits_for_its_upstream(how: str, tmp_path: Path) -> None:
    store, sender, answers = Store(), Sender(), []
    upstream = RawUpstream(store.play)

    async def upload() -> None:
        answers.append(await sender.send(how, proxy.port))

    async with trio.open_nursery() as nursery:
        await nursery.start(upstream.serve)
        async with running_proxy(tmp_path, {"providers": {"anthropic": {"base_url": upstream.url}}}) as proxy:
            before_bytes = peak_bytes(proxy)
            async with trio.open_nursery() as uploading:
                uploading.start_soon(upload)
                with trio.fail_after(30):
                    await upstream.peer(0)
                    sent_bytes = -1
                    while sent_bytes < sender.sent_bytes:  # until it has been held up for a while
                        sent_bytes = sender.sent_bytes
                        await trio.sleep(0.3)
                    assert store.size_bytes == 0
                    assert sent_bytes < 0.8 * UPLOAD_BYTES
                    store.may_read.set()
            assert answers == [b"ok"]
            assert (store.size_bytes, store.hash) == (UPLOAD_BYTES, UPLOAD_HASH)
            # A length that was given is kept; where none was, none is made up.
            assert store.framing == (b"%d" % UPLOAD_BYTES if how == "content-length" else b"chunked")
            assert peak_bytes(proxy) - before_bytes < GROWTH_BYTES
            [row] = await proxy.settled(1)
            assert (row["call_outcome"], row["outcome"], row["status"]) == ("completed", "delivered", 200)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED, Framing.CLOSE])
async def test_a_large_answer(framing: Framing, tmp_path: Path) -> None:
    story = [Chunk(PIECE) for _ in range(ANSWER_BYTES // len(PIECE))]
    expected = hashlib.sha256(PIECE * len(story)).hexdigest()
    async with proxied(tmp_path, Script.of(Head(framing=framing), *story, End())) as (proxy, _):
        before_bytes = peak_bytes(proxy)
        for protocol in ("h1", "h2c"):
            with trio.fail_after(30):
                length, body = await download(protocol, proxy.port)
            assert length == (b"%d" % ANSWER_BYTES if framing is Framing.LENGTH else None)
            assert (len(body), hashlib.sha256(body).hexdigest()) == (ANSWER_BYTES, expected)
        assert peak_bytes(proxy) - before_bytes < GROWTH_BYTES
        rows = await proxy.settled(2)
        assert {row["bytes_in"] for row in rows} == {row["bytes_out"] for row in rows} == {ANSWER_BYTES}
        # Where only the connection's end says that this was all, nobody can know that it was.
        outcome = "truncated" if framing is Framing.CLOSE else "completed"
        assert {row["call_outcome"] for row in rows} == {outcome}


async def download(protocol: str, port: int) -> tuple[bytes | None, bytes]:
    """The content-length that was told, and the body, which ended as framed."""
    if protocol == "h1":
        async with await H1Client.connect(port) as client:
            await client.request("GET", "/v1/files/1/content")
            reply = await client.reply()
            assert reply.complete
            return reply.header(b"content-length"), reply.body
    async with await H2Client.connect(port) as client:
        answer = await client.reply(await client.request("GET", "/v1/files/1/content"))
        assert answer.complete
        return answer.header(b"content-length"), bytes(answer.body)
