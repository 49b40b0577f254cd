"""HTTP/1.1: go on listening while a response is being sent, and end unfinished ones at once.

Mends of Hypercorn's H11Protocol, which
- after one byte beyond the request (a stray CRLF, a pipelined request) stops reading the socket,
  so that a client's departure goes unseen for as long as the upstream is silent;
- hands targets to the application that it cannot take (`http://…`, `?x`): answered 400;
- answers errors without a word, and leaves the connection open after half a WebSocket handshake;
- recycles or closes the connection inside the application's last `send`, where the disconnect
  that it has just queued makes the application cancel it half-way;
- ends an unfinished response to an HTTP/1.0 client by FIN, which there means "complete".
"""

from __future__ import annotations

from typing import Any

import h11
import trio
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, Data, EndBody, Response
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H2CProtocolRequiredError, H2ProtocolAssumedError, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import Handshake, WSStream
from hypercorn.typing import H11SendableEvent

from trioproxy.app.hypercorn_fixes.farewell import Farewell
from trioproxy.app.hypercorn_fixes.inbox import Inbox
from trioproxy.app.hypercorn_fixes.patience import ClientStalled
from trioproxy.app.hypercorn_fixes.refusal import refusal

PIPELINED_BYTES = 2**16
"""What a client may send ahead of its next turn before the connection is closed."""


def takes_target(target: bytes) -> bool:
    """Whether a request target is in origin form (RFC 9112, 3.2.1), the only one that names a resource here."""
    return target.startswith(b"/") and target.isascii()


def _whole_upgrade(request: h11.Request) -> bool:
    """It asks for no WebSocket, or with all that the handshake wants (RFC 6455, 4.2.1)."""
    headers = list(request.headers)
    named = {name: value.lower() for name, value in headers if name in (b"upgrade", b"connection")}
    tokens = [token.strip() for token in named.get(b"connection", b"").split(b",")]
    wants = request.method == b"GET" and named.get(b"upgrade") == b"websocket" and b"upgrade" in tokens
    return not wants or Handshake(headers, request.http_version.decode()).is_valid()


class MendedH11Protocol(Farewell, H11Protocol):
    """Hypercorn's HTTP/1.1, which listens while it answers."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._ahead = False
        """There are bytes beyond the current request."""
        self._bytes_ahead = 0
        self._resuming: trio.Event | None = None
        self._ended_by_close = False

    @property
    def input_unread(self) -> bool:
        """See Farewell: the rest of a request, or bytes of the next, have not been read."""
        return self._ahead or self.connection.their_state in (h11.SEND_BODY, h11.ERROR)

    @property
    def end_needs_reset(self) -> bool:
        """See Farewell: the end of the connection would end this response, which is unfinished."""
        return self._ended_by_close and self.connection.our_state is h11.SEND_BODY

    # Receiving.

    async def handle(self, event: Event) -> None:
        """Take in what was read; bytes beyond the current request wait for their turn."""
        if not isinstance(event, RawData):
            await super().handle(event)
            return
        if self._resuming is not None:
            await self._resuming.wait()
        if event.data and self.connection.their_state is h11.MUST_CLOSE:
            return  # after its `connection: close`: read, and ignored (RFC 9112, 9.6)
        self.connection.receive_data(event.data)
        if not self._ahead:
            await self._handle_events()
            return
        self._bytes_ahead += len(event.data)
        if self._bytes_ahead > PIPELINED_BYTES:
            await self.send(Closed())

    async def _handle_events(self) -> None:
        """Hypercorn's loop; at PAUSED it returns to the socket instead of waiting for the response."""
        while True:
            if self.connection.they_are_waiting_for_100_continue:
                headers = self.config.response_headers("h11")
                await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=headers))
            if self.connection.their_state is h11.MUST_CLOSE and self.connection.trailing_data[0]:
                return  # it came with the request; the same
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                if not await self._told_the_application():
                    await self._refuse(error.error_status_hint)
                return
            if isinstance(event, h11.Request):
                await self.send(Updated(idle=False))
                if event.method != b"PRI" and not (takes_target(event.target) and _whole_upgrade(event)):
                    await self._refuse(400, to_head=event.method == b"HEAD")
                    return
                await self._check_protocol(event)
                await self._create_stream(event)
            elif event is h11.PAUSED:
                self._ahead = True
                return
            elif isinstance(event, h11.ConnectionClosed) or event is h11.NEED_DATA or self.stream is None:
                return
            elif isinstance(event, h11.Data):
                await self.stream.handle(Body(stream_id=STREAM_ID, data=bytes(event.data)))
            elif isinstance(event, h11.EndOfMessage):
                await self.stream.handle(EndBody(stream_id=STREAM_ID))
            elif isinstance(event, Data):
                await self._handle_websocket_data(self.stream, event)

    async def _handle_websocket_data(self, stream: HTTPStream | WSStream, event: Data) -> None:
        if isinstance(stream, WSStream) and not stream.handshake.accepted:
            # Not before the handshake's answer (RFC 6455, 4.1). The application hears of it first:
            # were it to accept between our 400 and its end, the connection would have two answers.
            await self._close_stream()
            await self._send_error_response(400)
            await self.send(Closed())
        else:
            await stream.handle(event)

    async def _told_the_application(self) -> bool:
        """An application that wants to know answers a request with a broken body itself, if it has not begun to."""
        inbox = getattr(self.stream, "app_put", None)
        if self.connection.our_state is not h11.SEND_RESPONSE or not isinstance(inbox, Inbox):
            return False
        return await inbox.fail()

    async def _refuse(self, status: int, *, to_head: bool = False) -> None:
        if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            headers, body = refusal(status)
            headers += [(b"connection", b"close"), *self.config.response_headers("h11")]
            await self._send_h11_event(h11.Response(status_code=status, headers=headers))
            if not to_head:
                await self._send_h11_event(h11.Data(data=body))
            await self._send_h11_event(h11.EndOfMessage())
        await self.send(Closed())

    # Sending.

    async def stream_send(self, event: StreamEvent) -> None:
        """Raises ClientStalled. A cancelled task sends nothing; one that has begun sends it all."""
        if isinstance(event, Body):
            await trio.lowlevel.checkpoint_if_cancelled()
            await self._send_h11_event(h11.Data(data=event.data))
            return
        if isinstance(event, Response):
            await trio.lowlevel.checkpoint_if_cancelled()
            self._ended_by_close = self._framed_by_close(event)
        await super().stream_send(event)

    def _framed_by_close(self, response: Response) -> bool:
        version = getattr(self.connection, "their_http_version", None) or b"1.1"
        return version < b"1.1" and not any(name.lower() == b"content-length" for name, _ in response.headers)

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        connection = self.connection
        if connection.our_state is h11.ERROR:  # this response has failed already; its writer was told
            await trio.lowlevel.checkpoint()
            return
        try:
            data = connection.send(event)
        except h11.LocalProtocolError:
            if connection.their_state is not h11.ERROR:
                raise
            return
        try:
            await self.send(RawData(data=data))
        except ClientStalled:
            if isinstance(connection, h11.Connection):
                connection.send_failed()
            raise

    # The end of a request.

    async def _maybe_recycle(self) -> None:
        with trio.CancelScope(shield=True):  # noqa: TID251 - bounded: no step of it waits for the client
            await super()._maybe_recycle()
            if self._ahead and self.connection.our_state is h11.IDLE:
                self._ahead = False
                self._bytes_ahead = 0
                self._resuming = trio.Event()
                self.task_group.spawn(self._resume, self._resuming)

    async def _resume(self, done: trio.Event) -> None:
        """Take up the bytes that came early; meanwhile the reader waits in `handle`."""
        try:
            await self._handle_events()
        except (H2CProtocolRequiredError, H2ProtocolAssumedError):  # not in the middle of a connection
            await self.send(Closed())
        finally:
            self._resuming = None
            done.set()
