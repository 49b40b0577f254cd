"""What an application has been sent and has not received yet.

Hypercorn puts request bodies and `http.disconnect` into one bounded channel. When an
application does not read its body the channel is full, and then: the disconnect cannot be
queued, so an early answer never ends (its final `send` waits for the very task that is
sending); the connection's reader sits in `send` and sees nobody leave; on HTTP/2 it also reads
no window updates for the other streams. Here a disconnect never waits, it releases a waiting
body and is told to whoever registered `on_departure` at once; on HTTP/2 bodies do not wait
either: the client is given new window only for what the application has received. On HTTP/1.1,
where a waiting body stops the reader, the socket is watched without reading from it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

import trio
from hypercorn.config import Config
from hypercorn.trio.task_group import TaskGroup, _handle
from hypercorn.typing import AppWrapper, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendEvent, Scope

from trioproxy.app.hypercorn_fixes.patience import ClientStalled
from trioproxy.sockets import departure

HIGH_WATER_BYTES = 2**16
# How long an application may take to its first `receive`, before which it is not asked.
STARTING_S = 1.0
# The key of `scope["extensions"]` under which an application finds its inbox.
EXTENSION = "trioproxy.inbox"

_Message = dict[str, Any]
_DISCONNECTS = frozenset({"http.disconnect", "websocket.disconnect"})


class Inbox:
    """Called with a message: queue it. `receive`: the ASGI callable.

    Body pieces that nobody received are joined, so tiny frames cannot outgrow their own bytes.
    After a disconnect `receive` says it again each time, as the ASGI specification asks.
    """

    def __init__(self, max_messages: int, sock: trio.socket.SocketType | None = None) -> None:
        self._max_messages = max_messages
        self._sock = sock
        self.on_fault: Callable[[], None] | None = None
        """Called, synchronously, when the body's framing turns out to be broken; who registers it answers."""
        self.on_departure: Callable[[], None] | None = None
        """Called, synchronously, when the client leaves; `receive` has the body's last pieces to give first."""
        self._messages: deque[_Message] = deque()
        self._waiting_bytes = 0
        self._disconnect: _Message | None = None
        self._asked = trio.Event()
        self._arrived = trio.Event()
        self._room = trio.Event()
        self._owed_bytes = 0
        self.credit: Callable[[int], Awaitable[None]] | None = None
        """Set where flow control bounds the body: told how many owed bytes were received."""

    async def __call__(self, event: ASGIReceiveEvent) -> None:
        """Take a message for the application; a body's piece may wait for room, a disconnect never does."""
        message = cast(_Message, event)
        if message["type"] in _DISCONNECTS:
            self._depart(message)
            return
        self._append(message)
        self._arrived.set()
        while self._full() and self.credit is None and self._disconnect is None:
            self._room = trio.Event()
            if self._sock is None:
                await self._room.wait()
            else:
                await self._room_or_departure(self._sock)

    async def _room_or_departure(self, sock: trio.socket.SocketType) -> None:
        """The reader waits here and sees nobody leave; so somebody else looks, for as long as that lasts."""
        async with trio.open_nursery() as nursery:  # noqa: TID251 - see above
            nursery.start_soon(self._watch, sock)
            await self._room.wait()
            nursery.cancel_scope.cancel()

    async def _watch(self, sock: trio.socket.SocketType) -> None:
        await departure(sock)
        self._depart({"type": "http.disconnect"})

    async def fail(self) -> bool:
        """Tell of a broken body, whose rest will not come; False if nobody wants to know."""
        with trio.move_on_after(STARTING_S):  # noqa: TID251 - it may have come with the head, before the application ran
            await self._asked.wait()
        if self.on_fault is None:
            return False
        self.on_fault()
        return True

    def _depart(self, message: _Message) -> None:
        if self._disconnect is not None:
            return
        self._disconnect = message
        self._room.set()
        self._arrived.set()
        if self.on_departure is not None:
            self.on_departure()

    def _append(self, message: _Message) -> None:
        body = message.get("body") or b""
        self._waiting_bytes += len(body)
        last = self._messages[-1] if self._messages else None
        if message["type"] == "http.request" and last is not None and last["type"] == "http.request":
            if not isinstance(last["body"], bytearray):
                last["body"] = bytearray(last["body"])
            last["body"] += body
            last["more_body"] = message["more_body"]
        else:
            self._messages.append(message)

    def _full(self) -> bool:
        return self._waiting_bytes >= HIGH_WATER_BYTES or len(self._messages) > self._max_messages

    async def receive(self) -> ASGIReceiveEvent:
        """The next message. Cancellation loses none."""
        self._asked.set()
        await trio.lowlevel.checkpoint()
        while not self._messages and self._disconnect is None:
            self._arrived = trio.Event()
            await self._arrived.wait()
        if not self._messages:
            return cast(ASGIReceiveEvent, self._disconnect)
        message = self._messages.popleft()
        if message["type"] == "http.request":
            message["body"] = bytes(message["body"])
            self._waiting_bytes -= len(message["body"])
            if self.credit is not None and self._owed_bytes:
                await self.credit(self.forgive())
        self._room.set()
        return cast(ASGIReceiveEvent, message)

    def owe(self, count: int) -> None:
        """`count` bytes of flow-control window are to be given back once the queued body is received."""
        self._owed_bytes += count

    def forgive(self) -> int:
        """The bytes owed; from now on none are."""
        count, self._owed_bytes = self._owed_bytes, 0
        return count


class MendedTaskGroup(TaskGroup):
    """Hypercorn's task group, which gives each application an `Inbox`."""

    sock: trio.socket.SocketType | None = None
    """The connection's socket."""

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Start the application; the returned callable is its `Inbox`."""
        inbox = Inbox(config.max_app_queue_size, self.sock)
        cast(dict[str, Any], scope)["extensions"][EXTENSION] = inbox
        nursery = cast(trio.Nursery, self._nursery)
        nursery.start_soon(
            _handle,
            partial(_without_stalls, app),
            config,
            scope,
            inbox.receive,
            send,
            trio.to_thread.run_sync,
            trio.from_thread.run,
        )
        return inbox


async def _without_stalls(
    app: AppWrapper,
    scope: Scope,
    receive: ASGIReceiveCallable,
    send: Callable[[ASGISendEvent], Awaitable[None]],
    sync_spawn: Callable[..., Any],
    call_soon: Callable[..., Any],
) -> None:
    """An application that knows nothing of `ClientStalled` ends by it, as it would by cancellation: unlogged."""
    try:
        await app(scope, receive, send, sync_spawn, call_soon)
    except* ClientStalled:
        pass
