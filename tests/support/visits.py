"""Requests to the whole app without a server: ASGI's receive and send are a scripted client's.

What they visit is on the stage in `support/proxy.py`. The clock is virtual.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import trio

from trioproxy.app.hypercorn_fixes import ClientStalled
from trioproxy.app.proxy import ProxyApp
from trioproxy.model import RawHeaders


class Visit:
    """One client request, and what its client saw.

    Args:
        body: bytes, or pieces, each with the seconds before it.
        owes: the body's end never comes.
        reads: False for a client that takes the head and then no byte, until `read_on`.
    """

    def __init__(
        self,
        path: str = "/v1/messages",
        body: bytes | Sequence[tuple[float, bytes]] = b"{}",
        *,
        method: str = "POST",
        query: bytes = b"",
        headers: RawHeaders = (),
        owes: bool = False,
        reads: bool = True,
    ) -> None:
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query,
            "root_path": "",
            "headers": list(headers),
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8082),
            "extensions": {},
        }
        self.messages: list[dict[str, Any]] = []
        self.was_finished = trio.Event()
        self.error: BaseException | None = None
        # Cancels the request from outside, as a server does that stops.
        self.server_scope = trio.CancelScope()
        # Hypercorn says "disconnect" before its last send has returned.
        self.hangs_up = True
        # What the next `send` of body bytes raises.
        self.send_fault: Exception | None = None
        self._pieces = [(0.0, body)] if isinstance(body, bytes) else list(body)
        self._owes = owes
        self._gone = trio.Event()
        self._stalled = False
        self._unblocked = trio.Event()
        if reads:
            self._unblocked.set()

    def leave(self) -> None:
        """Hang up."""
        self._gone.set()
        self._unblocked.set()

    def stall(self) -> None:
        """Have refused to read for so long that the server gives up; it resets the connection."""
        self._stalled = True
        self._unblocked.set()
        self._gone.set()

    def read_on(self) -> None:
        """Read again."""
        self._unblocked.set()

    # What the client saw.

    @property
    def status(self) -> int | None:
        return self.messages[0]["status"] if self.messages else None

    @property
    def headers(self) -> RawHeaders:
        return tuple(self.messages[0]["headers"]) if self.messages else ()

    def header(self, name: bytes) -> bytes | None:
        return dict(self.headers).get(name)

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def finished(self) -> bool:
        """The response was ended; otherwise the server truncates or resets it."""
        return bool(self.messages) and not self.messages[-1].get("more_body", True)

    async def run(self, app: ProxyApp) -> None:
        """Serve the request; keeps what comes out of it, as the server does, who logs it."""
        try:
            with self.server_scope:
                await app(self.scope, self.receive, self.send)  # type: ignore[arg-type]
        except Exception as error:
            self.error = error

    async def receive(self) -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        if self._pieces and not self._gone.is_set():
            after_s, piece = self._pieces[0]
            if after_s:
                with trio.move_on_after(after_s):
                    await self._gone.wait()
            if not self._gone.is_set():
                del self._pieces[0]
                return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or self._owes}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        await trio.lowlevel.checkpoint()
        carries = bool(message.get("body"))
        if carries and not self._unblocked.is_set():
            with trio.CancelScope(shield=True):  # as a write to a socket is
                await self._unblocked.wait()
        if carries and self._stalled:
            raise ClientStalled("the client has stopped reading")
        if carries and self.send_fault is not None:
            raise self.send_fault
        if self._gone.is_set():
            return  # into the void
        self.messages.append(message)
        if self.finished and self.hangs_up:
            self._gone.set()
            await trio.lowlevel.checkpoint()
        if self.finished:
            self.was_finished.set()
            await trio.lowlevel.cancel_shielded_checkpoint()


def at(time_s: float, act: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """`act` at a moment of the virtual clock, which starts at 0."""

    async def wait_and_act() -> None:
        await trio.sleep_until(time_s)
        act()

    return wait_and_act
