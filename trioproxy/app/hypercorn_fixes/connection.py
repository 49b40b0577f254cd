"""One accepted connection: contained, closed in order, and never held by a client.

Mends of Hypercorn's TCPServer, which
- lets an exception of one connection cancel the whole server;
- shields `send_all` without a limit, so a client that does not read cannot be ended;
- takes the send lock unshielded, so cancelling one HTTP/2 stream drops bytes of all of them;
- closes at once while a request body is arriving: RST overtakes the answer;
- leaves the idle task running after the client has gone.
The reader owns the end of the connection: whoever loses it closes the socket, the reader wakes.
"""

from __future__ import annotations

import contextlib
from typing import Any, cast

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.tcp_server import MAX_RECV, TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, LifespanState

from trioproxy.app.hypercorn_fixes.farewell import Farewell
from trioproxy.app.hypercorn_fixes.inbox import MendedTaskGroup
from trioproxy.app.hypercorn_fixes.patience import ClientGone, ClientStalled, Patience
from trioproxy.app.hypercorn_fixes.wire import Wire

LINGER_S = 2.0
LINGER_BYTES = 64 * 2**20
_LOST = (trio.BrokenResourceError, trio.ClosedResourceError)


class MendedTCPServer(TCPServer):
    """Hypercorn's connection, whose faults and whose client harm no other."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        state: LifespanState,
        stream: trio.SSLStream[trio.SocketStream],
    ) -> None:
        super().__init__(app, config, context, state, stream)
        patience = Patience(context, config.graceful_timeout)
        self._tls = isinstance(stream, trio.SSLStream)
        self.stream: Any
        if self._tls:
            self.wire = Wire(stream.transport_stream, patience)
            stream.transport_stream = self.wire  # type: ignore[assignment]
            self._write = self._write_tls
        else:
            self.wire = self.stream = Wire(stream, patience)  # type: ignore[arg-type]
            self._write = self.wire.send_all
        self._reading = trio.CancelScope()  # noqa: TID251 - the reader's; its deadline is the linger limit
        self._ending = False
        """Nothing the client sends from now on is answered."""
        self._client_left = False

    async def run(self) -> None:
        """Serve until the connection ends. Raises nothing but cancellation: a fault here is one connection's."""
        try:
            await super().run()
        except* ClientStalled:
            pass
        except* Exception as group:  # noqa: BLE001 - containment is the purpose
            await self.config.log.warning("connection dropped: %s", _describe(group))

    # Writing.

    async def protocol_send(self, event: Event) -> None:
        """Raises ClientStalled. Cancellation is neither delivered nor able to drop the bytes of RawData."""
        if isinstance(event, RawData):
            await self._send_bytes(event.data)
        elif isinstance(event, Closed):
            await self._end()
        elif isinstance(event, Updated) and event.idle and (self._ending or self._client_left):
            pass  # an idle timer started now would keep a dead connection for its whole time
        else:
            await super().protocol_send(event)

    async def _send_bytes(self, data: bytes) -> None:
        if self.wire.lost:
            await trio.lowlevel.checkpoint()
            return
        try:
            self.send_lock.acquire_nowait()
        except trio.WouldBlock:
            # These bytes have left the HTTP/2 state machine: dropping them because one stream's
            # task was cancelled would break header compression for every other stream.
            with trio.CancelScope(shield=True):  # noqa: TID251
                await self.send_lock.acquire()
        try:
            await self._write(data)
        except ClientStalled:
            self._lose(stalled=True)
            raise
        except _LOST as error:
            self._lose(stalled=self.wire.stalled)
            if self.wire.stalled:  # while this writer waited for its turn
                raise ClientStalled("the client has stopped reading") from error
            raise ClientGone("the client left during a write") from error
        finally:
            self.send_lock.release()

    async def _write_tls(self, data: bytes) -> None:
        with trio.CancelScope(shield=True):  # noqa: TID251 - half a TLS record would end the connection
            await self.stream.send_all(data)

    def _lose(self, *, stalled: bool) -> None:
        self.wire.reset()
        if stalled:
            self._ask().client_stalled()
        # Not awaited: a stalled client's writer must learn of it before its application is told to leave.
        self._task_group.spawn(self.protocol.handle, Closed())

    # Reading.

    async def _read_data(self) -> None:
        cast(MendedTaskGroup, self._task_group).sock = self.wire.socket
        with self._reading:
            await self._read_to_the_end()
        self._client_left = True
        if self.wire.blocked:  # it neither reads nor writes any more
            self.wire.reset()
        await self.idle_task.stop()
        await self.protocol.handle(Closed())

    async def _read_to_the_end(self) -> None:
        discarded = 0
        while discarded < LINGER_BYTES:
            if self.config.read_timeout is not None and not self._ending:
                self._reading.deadline = trio.current_time() + self.config.read_timeout
            try:
                data = await self.stream.receive_some(MAX_RECV)
                if self._ending:
                    discarded += len(data)
                else:
                    await self.protocol.handle(RawData(bytes(data)))
            except (*_LOST, ClientStalled):
                return
            if not data:
                return
            del data  # or a stream would keep up to 64 KiB of its request for as long as it lasts

    # Ending.

    async def _end(self) -> None:
        """Close. Where the client may still be sending: FIN, and the reader drops the rest for a while."""
        if not self._ending:
            self._ending = True
            if self.wire.blocked:
                self.wire.reset()
            elif self._client_left or not self._ask().input_unread:
                await self._close()
            else:
                self._reading.deadline = trio.current_time() + LINGER_S
                with contextlib.suppress(*_LOST):
                    if not self._tls:  # TLS ends with its close, after the lingering
                        await self.wire.send_eof()
        await self.protocol.handle(Closed())

    async def _close(self) -> None:
        if self._ask().end_needs_reset:
            self.wire.reset()
        # TLS says goodbye first; shielded, because a cancelled connection closes as well as any other.
        with trio.move_on_after(LINGER_S, shield=True), contextlib.suppress(*_LOST, ClientStalled):  # noqa: TID251
            await self.stream.aclose()

    async def _initiate_server_close(self) -> None:
        with contextlib.suppress(ClientStalled):
            await self._ask().goodbye()
        await self.protocol.handle(Closed())
        await self._close()

    def _ask(self) -> Farewell:
        protocol = getattr(getattr(self, "protocol", None), "protocol", None)  # neither before the handshake
        return protocol if isinstance(protocol, Farewell) else Farewell()


def _describe(group: BaseExceptionGroup[Exception]) -> str:
    """One line: the first leaf, and how many there were."""
    leaves: list[BaseException] = [group]
    while isinstance(leaves[0], BaseExceptionGroup):
        leaves[:1] = leaves[0].exceptions
    more = f" (and {len(leaves) - 1} more)" if len(leaves) > 1 else ""
    text = " ".join(str(leaves[0]).split())[:200]
    return f"{type(leaves[0]).__name__}: {text}{more}"
