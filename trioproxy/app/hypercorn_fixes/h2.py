"""HTTP/2, the receiving half: no frame of a client harms another stream, or the server.

Mends of Hypercorn's H2Protocol, which raises out of the connection, and so ends the whole server, on
DATA for a response that is already over, on a thousand PRIORITY frames and on some `:path`s; which
acknowledges bodies that nobody received, or stops reading for all streams; and which ends every
open stream when `keep_alive_max_requests` is reached.
Priorities are ignored: RFC 9113, 5.3 has deprecated them. Streams take turns.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

import h2.events
from h2.connection import ConnectionState
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Request, StreamClosed
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.utils import filter_pseudo_headers

from trioproxy.app.hypercorn_fixes.connection import LINGER_BYTES
from trioproxy.app.hypercorn_fixes.h1 import takes_target
from trioproxy.app.hypercorn_fixes.h2_sending import SendingH2
from trioproxy.app.hypercorn_fixes.inbox import Inbox
from trioproxy.app.hypercorn_fixes.refusal import refusal

CONNECTION_WINDOW_BYTES = 2**24
"""For all uploads of a connection together, so that one that nobody reads does not hold up the others."""


class MendedH2Protocol(SendingH2):
    """Hypercorn's HTTP/2, whose streams do not harm each other."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # The library takes the limit from a setting that changes, and Hypercorn sets it from the start: 64 KiB it was.
        self.connection.decoder.max_header_list_size = self.config.h2_max_header_list_size
        self._discarded_bytes = 0
        self._retiring = False
        """`keep_alive_max_requests` is reached: close when no stream is open."""
        self._failed = False

    @property
    def input_unread(self) -> bool:
        """See Farewell: after a fault of the client, the rest is not read."""
        return self._failed

    async def initiate(self, headers: list[tuple[bytes, bytes]] | None = None, settings: bytes | None = None) -> None:
        """Say our settings; an upgrade whose settings cannot be read ends the connection."""
        try:
            await super().initiate(headers, settings)
        except (ProtocolError, ValueError):  # `http2-settings` of an upgrade that are not base64url, or not settings
            await self.send(Closed())
            return
        self.connection.increment_flow_control_window(CONNECTION_WINDOW_BYTES)
        await self._flush()

    async def handle(self, event: Event) -> None:
        """Take in what was read; a client that breaks the protocol ends its connection and nothing else."""
        if not isinstance(event, RawData):
            await super().handle(event)
            return
        if self.connection.state_machine.state is ConnectionState.CLOSED:
            return  # GOAWAY was said: what crosses it on the way is no error
        try:
            events = self.connection.receive_data(event.data)
        except ProtocolError:
            self._failed = True
            await self._flush()
            await self.send(Closed())
        else:
            await self._handle_events(events)

    async def _handle_events(self, events: list[h2.events.Event]) -> None:
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                await self._handle_request(event)
            elif isinstance(event, h2.events.DataReceived):
                await self._handle_data(event)
            elif isinstance(event, h2.events.StreamEnded):
                if event.stream_id in self.streams:
                    await self.streams[event.stream_id].handle(EndBody(stream_id=event.stream_id))
            elif isinstance(event, h2.events.StreamReset):
                self.forget(event.stream_id)
                await self._close_stream(event.stream_id)
                if not self.streams:
                    await self.send(Updated(idle=True))
                await self._response_closed()
            elif isinstance(event, h2.events.WindowUpdated):
                await self._window_updated(event.stream_id)
            elif isinstance(event, h2.events.RemoteSettingsChanged):
                await self._window_updated(None)
            elif isinstance(event, h2.events.ConnectionTerminated):
                await self.send(Closed())
        await self._flush()

    # Requests.

    async def _handle_request(self, event: h2.events.RequestReceived) -> None:
        if self.context.terminated.is_set():
            # Safe to repeat elsewhere (RFC 9113, 8.7). No GOAWAY yet: many clients, all that use the
            # h2 package among them, give up their open streams at once when they receive it.
            self._reset(event.stream_id, ErrorCodes.REFUSED_STREAM)
            return
        await self._create_stream(event)
        await self.send(Updated(idle=False))
        self._retiring = self.keep_alive_requests > self.config.keep_alive_max_requests

    async def _create_stream(self, request: h2.events.RequestReceived) -> None:
        stream_id = request.stream_id
        headers = [(bytes(name), bytes(value)) for name, value in request.headers]
        pseudo = dict(headers)
        method, path = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
        if not method.isascii() or not takes_target(path):
            self._refuse(stream_id, 400, to_head=method == b"HEAD")
            return
        stream = (WSStream if method == b"CONNECT" else HTTPStream)(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            stream_id,
        )
        self.streams[stream_id] = stream
        self.open_buffer(stream_id)
        await stream.handle(
            Request(
                stream_id=stream_id,
                headers=filter_pseudo_headers(headers),
                http_version="2",
                method=method.decode("ascii").upper(),
                raw_path=path,
                state=self.connection_state,
            )
        )
        if stream.closed:  # refused by Hypercorn itself, which leaves it open
            await self.stream_send(StreamClosed(stream_id=stream_id))
        elif isinstance(stream, HTTPStream) and isinstance(stream.app_put, Inbox):
            stream.app_put.credit = partial(self._give_back, stream_id)
        self.keep_alive_requests += 1
        await self.context.mark_request()

    def _refuse(self, stream_id: int, status: int, *, to_head: bool) -> None:
        headers, body = refusal(status)
        headers = [(b":status", b"%d" % status), *headers, *self.config.response_headers("h2")]
        with contextlib.suppress(ProtocolError):
            self.connection.send_headers(stream_id, headers, end_stream=to_head)
            if not to_head:
                if self.connection.local_flow_control_window(stream_id) < len(body):
                    self._reset(stream_id, ErrorCodes.PROTOCOL_ERROR)  # it grants not even that: nobody waits for it
                else:
                    self.connection.send_data(stream_id, body, end_stream=True)

    def _reset(self, stream_id: int, code: ErrorCodes) -> None:
        with contextlib.suppress(ProtocolError):  # the client was faster
            self.connection.reset_stream(stream_id, code)

    # Bodies.

    async def _handle_data(self, event: h2.events.DataReceived) -> None:
        stream_id, length = event.stream_id, event.flow_controlled_length
        stream = self.streams.get(stream_id)
        if stream is None or stream.closed:
            await self._discard(stream_id, length)
            return
        inbox = getattr(stream, "app_put", None)
        if isinstance(inbox, Inbox) and inbox.credit is not None:
            inbox.owe(length)
            await stream.handle(Body(stream_id=stream_id, data=event.data))
            return
        await stream.handle(Body(stream_id=stream_id, data=event.data))
        self._acknowledge(stream_id, length)

    async def _discard(self, stream_id: int, length: int) -> None:
        """The rest of an upload that was answered early: let the client finish it, within reason."""
        self._discarded_bytes += length
        if self._discarded_bytes > LINGER_BYTES:
            self._reset(stream_id, ErrorCodes.NO_ERROR)  # RFC 9113, 8.1: please stop, the answer stands
        self._acknowledge(stream_id, length)

    async def _give_back(self, stream_id: int, length: int) -> None:
        self._acknowledge(stream_id, length)
        await self.has_data.set()  # the send task writes it: a blocked socket must not block `receive`

    def _acknowledge(self, stream_id: int, length: int) -> None:
        with contextlib.suppress(ProtocolError):
            self.connection.acknowledge_received_data(length, stream_id)

    async def _close_stream(self, stream_id: int) -> None:
        inbox = getattr(self.streams.get(stream_id), "app_put", None)
        if isinstance(inbox, Inbox):  # or the connection's window would shrink with every such stream
            await self._give_back(stream_id, inbox.forgive())
            inbox.credit = None
        await super()._close_stream(stream_id)

    # Leaving.

    async def _response_closed(self) -> None:
        if self._retiring and not self.streams:
            await self.goodbye()
            await self.send(Closed())

    async def goodbye(self) -> None:
        """See Farewell: GOAWAY."""
        with contextlib.suppress(ProtocolError):
            self.connection.close_connection()
            await self._flush()
