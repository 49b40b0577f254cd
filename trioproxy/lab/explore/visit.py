"""A client's request as an ASGI server sees it: receive and send, without sockets.

The server is Hypercorn with the mends of `app/hypercorn_fixes`: it says "disconnect" before the last send has
returned, tells its inbox at once of a client that leaves (or, as a plain Hypercorn does, `receive` alone), writes
shielded, and gives up a client that reads nothing for `STALLED_S`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import trio

from trioproxy.app.hypercorn_fixes import INBOX, ClientGone, ClientStalled
from trioproxy.lab.explore.subject import Message, Serving
from trioproxy.lab.script import Ask
from trioproxy.model import RawHeaders

# A write that must end, and a request that a stopping server cancels: the server's side, which the lab plays.
# ruff: noqa: TID251

STALLED_S = 30.0
OWN = b"x-trioproxy-error"


@dataclass(slots=True, eq=False)
class Inbox:
    """What a mended Hypercorn offers an application in its scope (`app/hypercorn_fixes/inbox.py`)."""

    on_departure: Callable[[], None] | None = None
    on_fault: Callable[[], None] | None = None


class Visit:
    """One request, and what its client saw. Times are seconds of the run; None: it did not happen.

    Args:
        client: which of the story's clients, from 0.
        headers: besides those of `ask`.
        mended: the server has an inbox.
        told: called with the visit after each thing that happens to it, and with what that is, for a timeline.
    """

    def __init__(
        self,
        ask: Ask,
        client: int = 0,
        *,
        headers: RawHeaders = (),
        mended: bool = True,
        told: Callable[[Visit, str, int], None] = lambda *_: None,
    ) -> None:
        self.ask = ask
        self.client = client
        self.asked_at: float | None = None
        self.by: trio.lowlevel.Task | None = None  # the task that serves it
        self.left_at: float | None = None
        self.stalled_at: float | None = None  # it was given up by the server, since it did not read
        self.cut_at: float | None = None  # the server stopped, and cancelled it
        self.over_at: float | None = None
        self.status: int | None = None
        self.headers: RawHeaders = ()
        self.pieces: list[bytes] = []
        self.size_bytes = 0
        # The application has sent the last message of its answer, whether it came or not.
        self.ended = False
        # The last message of the answer came while the client was there: it is complete, as far as the client can tell.
        self.finished = False
        # What came out of the application, where a server logs it.
        self.error: BaseException | None = None
        self.sent_bytes = 0  # of the request's body, and in how many pieces
        self.taken_pieces = 0
        # Bytes a second that the client takes; None: as they come.
        self.rate: int | None = None
        self._news: trio.Event | None = None
        self._inbox = Inbox() if mended else None
        self._told = told
        half = (len(ask.body) + 1) // 2
        self._owed = [ask.body[:half], ask.body[half:]] if half < len(ask.body) else [ask.body]
        self._gone = trio.Event()
        self._reads = trio.Event()
        self._reads.set()
        self._server = trio.CancelScope()
        self.scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": ask.method,
            "scheme": "http",
            "path": ask.path,
            "raw_path": ask.path.encode("latin-1"),
            "query_string": b"",
            "root_path": "",
            "headers": [*ask.headers, *headers],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8082),
            "extensions": {} if self._inbox is None else {INBOX: self._inbox},
        }

    # What the client does.

    def leave(self) -> None:
        """Hang up. Harmless if it has, or if its answer has ended."""
        if self.left_at is None and not self._gone.is_set():
            self.left_at = trio.current_time()
            self._say("left")
            self._depart()

    def give_up(self) -> None:
        """The server finds, now, that the client has refused to read for too long, and resets its connection."""
        if not self._gone.is_set():
            self.stalled_at = trio.current_time()
            self._say("stalled")
            self._depart()

    def stop_reading(self) -> None:
        """Take no byte any more, until `read_on`."""
        if self._reads.is_set():
            self._reads = trio.Event()

    def read_on(self) -> None:
        """Read again."""
        self._reads.set()

    def cut(self) -> None:
        """The server stops at once: the request is cancelled from outside."""
        if self.over_at is None and self.cut_at is None:
            self.cut_at = trio.current_time()
            self._server.cancel()

    # What it saw.

    @property
    def body(self) -> bytes:
        """What came of the answer's body."""
        return b"".join(self.pieces)

    @property
    def own_answer(self) -> bool:
        """The proxy answered itself, by an error."""
        return any(name == OWN for name, _ in self.headers)

    @property
    def gone(self) -> bool:
        """It has left, or was given up, or has its whole answer."""
        return self._gone.is_set()

    async def news(self) -> None:
        """Return after the next thing that happens to it."""
        if self._news is None:
            self._news = trio.Event()
        await self._news.wait()

    # The server's side.

    async def run(self, app: Serving) -> None:
        """Serve the request; keeps what comes out of it, as a server does, who logs it."""
        self.asked_at, self.by = trio.current_time(), trio.lowlevel.current_task()
        self._say("request")
        try:
            with self._server:
                await app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - a finding
            self.error = error
        finally:
            self.over_at = trio.current_time()
            if not self.finished and self.left_at is None and self.stalled_at is None:
                self._say("truncated")
            self._say("over")

    async def receive(self) -> Message:
        """ASGI."""
        await trio.lowlevel.checkpoint()
        if self._owed and not self._gone.is_set():
            piece = self._owed.pop(0)
            self.sent_bytes += len(piece)
            self.taken_pieces += 1
            self._say("sent")
            return {"type": "http.request", "body": piece, "more_body": bool(self._owed)}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI. Raises ClientGone or ClientStalled, as the mended server does."""
        await trio.lowlevel.checkpoint()
        if message["type"] == "http.response.start":
            if not self._gone.is_set():
                self.status, self.headers = message["status"], tuple(message["headers"])
                self._say("head", self.status or 0)
            return
        if piece := message.get("body", b""):
            await self._write(piece)
        if message.get("more_body", False):
            return
        self.ended = True
        if not self._gone.is_set():
            self.finished = True
            self._say("end")
            self._depart()  # Hypercorn says "disconnect" before its last send has returned
            await trio.lowlevel.checkpoint()

    async def _write(self, piece: bytes) -> None:
        waited = await self._wait_for_room(len(piece))
        if self.stalled_at is not None:
            raise ClientStalled("the client has stopped reading")
        if not self._gone.is_set():
            self.pieces.append(piece)
            self.size_bytes += len(piece)
            self._say("bytes", len(piece))
        elif waited:
            raise ClientGone("the client left during a write")
        # else into the void: the reader has not told yet

    async def _wait_for_room(self, size_bytes: int) -> bool:
        """As a write to a socket does, shielded; whether there was any waiting."""
        reads, rate = self._reads, self.rate
        if reads.is_set() and rate is None:
            return False
        with trio.CancelScope(shield=True, deadline=trio.current_time() + STALLED_S) as patience:
            await reads.wait()
        if patience.cancelled_caught:
            self.stalled_at = trio.current_time()
            self._say("stalled")
            self._gone.set()  # whoever writes learns of it first
        elif rate is not None:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + size_bytes / rate):
                await self._gone.wait()
        return True

    def _depart(self) -> None:
        self._gone.set()
        self._reads.set()
        if self._inbox is not None and self._inbox.on_departure is not None:
            self._inbox.on_departure()

    def _say(self, what: str, number: int = 0) -> None:
        self._told(self, what, number)
        if self._news is not None:
            self._news.set()
            self._news = None
