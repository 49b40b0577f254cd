"""HTTP/2, the sending half: only the send task ends, resets and forgets a stream.

Mends of Hypercorn's H2Protocol, which
- forgets a response that cannot be finished without resetting it: its client waits for ever;
- forgets it without taking it out of the priority tree, until the tree is full;
- queues `http.disconnect` inside the last `send`, so that the application cancels the rest of it;
- at shutdown says GOAWAY before the last END_STREAM is out, and then cannot send it;
- answers a `send` on a stream that is gone without a checkpoint: a loop of those freezes the process.

    send() ─▶ SendBuffer ─▶ send_task ─▶ DATA … END_STREAM | RST_STREAM ─▶ over
"""

from __future__ import annotations

import contextlib
from typing import Any

import trio
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from hypercorn.events import Closed, Event
from hypercorn.protocol.events import Body, Data, EndBody, EndData, StreamClosed, Trailers
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol
from priority.priority import DeadlockError, PriorityTree

from trioproxy.app.hypercorn_fixes.farewell import Farewell
from trioproxy.app.hypercorn_fixes.patience import ClientStalled, Patience
from trioproxy.app.hypercorn_fixes.send_buffer import SendBuffer

FLUSH_S = 1.0
"""How long an unfinished response waits for a closed window before its last bytes are dropped."""


class SendingH2(Farewell, H2Protocol):
    """What of Hypercorn's HTTP/2 sends; a buffer for each response that has not ended."""

    stream_buffers: dict[int, SendBuffer]  # type: ignore[assignment]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._stalled = False
        self._patience = Patience(self.context, self.config.graceful_timeout)
        # Hypercorn's limit of 1000 raises in the middle of a request; h2 bounds the open streams itself.
        self.priority = PriorityTree(maximum_streams=2**31)

    def open_buffer(self, stream_id: int) -> None:
        """Make room for the response on this stream."""

        def window_open() -> bool:
            try:
                return self.connection.local_flow_control_window(stream_id) > 0
            except ProtocolError:
                return False

        self.stream_buffers[stream_id] = SendBuffer(self._patience, window_open)
        self.priority.insert_stream(stream_id)
        self.priority.block(stream_id)

    def forget(self, stream_id: int) -> None:
        """The stream is over. Idempotent."""
        if (buffer := self.stream_buffers.pop(stream_id, None)) is not None:
            buffer.drop()
            self.priority.remove_stream(stream_id)

    async def _wake(self, stream_id: int) -> None:
        self.priority.unblock(stream_id)
        await self.has_data.set()

    async def _window_updated(self, stream_id: int | None) -> None:
        """Streams that wait for a window; Hypercorn wakes all of them."""
        for sid in [stream_id] if stream_id else list(self.stream_buffers):
            if (buffer := self.stream_buffers.get(sid)) is not None and buffer.waiting:
                self.priority.unblock(sid)
        await self.has_data.set()

    # The application's side.

    async def stream_send(self, event: StreamEvent) -> None:
        """Raises ClientStalled; then the stream is reset, or the connection was."""
        if isinstance(event, StreamClosed):
            await self._close_response(event)
            return
        if not isinstance(event, (Body, Data, EndBody, EndData, Trailers)):
            await super().stream_send(event)
            return
        stream_id = event.stream_id
        buffer = self.stream_buffers.get(stream_id)
        if buffer is None or buffer.ended:
            if self._stalled and isinstance(event, Body):  # the application has not been told by anything else yet
                raise ClientStalled("the client has stopped reading")
            await trio.lowlevel.checkpoint()
            return
        try:
            await self._put(event, buffer)
        except ClientStalled as error:
            stalled = error
        else:
            return
        await self._abandon(stream_id, ErrorCodes.CANCEL)
        raise stalled

    async def _put(self, event: StreamEvent, buffer: SendBuffer) -> None:
        if isinstance(event, (Body, Data)):
            if not buffer.data:
                await self._wake(event.stream_id)
            await buffer.push(event.data)
        elif isinstance(event, Trailers):
            await buffer.drain()
            await self._send_trailers(event)
        else:
            buffer.end()
            await self._wake(event.stream_id)
            await buffer.wait_over()

    async def _send_trailers(self, event: Trailers) -> None:
        with contextlib.suppress(ProtocolError):
            self.connection.send_headers(event.stream_id, event.headers, end_stream=True)
            await self._flush()
        self.forget(event.stream_id)

    async def _close_response(self, event: StreamClosed) -> None:
        """The application has returned, or has sent its last message."""
        buffer = self.stream_buffers.get(event.stream_id)
        if buffer is not None:
            if not buffer.ended:
                buffer.end(ErrorCodes.INTERNAL_ERROR)
                await self._wake(event.stream_id)
            try:
                await buffer.wait_over(FLUSH_S if buffer.reset_code is not None else None)
            except ClientStalled:
                await self._abandon(event.stream_id, buffer.reset_code or ErrorCodes.CANCEL)
        # What follows queues `http.disconnect`, for which the application may cancel this very task.
        with trio.CancelScope(shield=True), contextlib.suppress(ClientStalled):  # noqa: TID251
            await super().stream_send(event)
            await self._response_closed()

    async def _response_closed(self) -> None:
        """A stream is done with; called once for each."""

    async def _abandon(self, stream_id: int, code: ErrorCodes) -> None:
        """Reset at once, without the bytes that the client does not take."""
        if (buffer := self.stream_buffers.get(stream_id)) is not None:
            buffer.data.clear()
            buffer.end(code)
            await self._wake(stream_id)

    # The send task.

    async def send_task(self) -> None:
        """Until the connection is closed. Alone takes from the buffers."""
        with contextlib.suppress(ClientStalled):  # every writer was told, see client_stalled
            while not self.closed:
                try:
                    stream_id = next(self.priority)
                except DeadlockError:
                    await self._flush()  # window updates, owed by an application's `receive`
                    await self.has_data.wait()
                    await self.has_data.clear()
                else:
                    await self._send_data(stream_id)

    async def _send_data(self, stream_id: int) -> None:
        buffer = self.stream_buffers[stream_id]
        try:
            over = self._put_frame(stream_id, buffer)
        except ProtocolError:  # the client has reset the stream, or the connection is closing
            over = True
        if over or not buffer.data or self.connection.local_flow_control_window(stream_id) <= 0:
            self.priority.block(stream_id)
        await self._flush()
        if over:
            self.forget(stream_id)

    def _put_frame(self, stream_id: int, buffer: SendBuffer) -> bool:
        """Hand one frame to the state machine; whether it was the stream's last."""
        connection = self.connection
        window = min(connection.local_flow_control_window(stream_id), connection.max_outbound_frame_size)
        data = buffer.take(max(0, window))
        over = buffer.ended and not buffer.data
        if over and buffer.reset_code is None:
            connection.send_data(stream_id, data, end_stream=True)
            buffer.end_written = True
        elif data:
            connection.send_data(stream_id, data)
        if over and buffer.reset_code is not None:
            connection.reset_stream(stream_id, buffer.reset_code)
        return over

    # The end of the connection.

    async def handle(self, event: Event) -> None:
        """Once the connection is closed, release whoever waits to send."""
        await super().handle(event)
        if isinstance(event, Closed):
            for stream_id in list(self.stream_buffers):
                self.forget(stream_id)

    def client_stalled(self) -> None:
        """See Farewell: every stream's writer learns that the client has stopped reading."""
        self._stalled = True
        for buffer in self.stream_buffers.values():
            buffer.stall()
