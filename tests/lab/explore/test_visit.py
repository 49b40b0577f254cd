from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import trio

from trioproxy.app.hypercorn_fixes import INBOX, ClientGone, ClientStalled
from trioproxy.lab.explore.clock import VirtualClock
from trioproxy.lab.explore.subject import Message, Receive, Send
from trioproxy.lab.explore.visit import STALLED_S, Visit
from trioproxy.lab.script import Ask

HEAD: Message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}


def piece(body: bytes, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


class App:
    """An ASGI app that does what a test says."""

    def __init__(self, serve: Any) -> None:
        self._serve = serve

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self._serve(receive, send)

    def close(self, grace_s: float) -> None: ...

    def kept(self) -> Sequence[bytes]:
        return ()

    def left_over(self) -> list[str]:
        return []


def run(visit: Visit, serve: Any, act: Any = None) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(visit.run, App(serve))
            if act is not None:
                await trio.sleep(1)
                act()

    trio.run(main, clock=VirtualClock())


def test_a_request_comes_in_two_pieces_and_then_a_disconnect() -> None:
    visit, seen = Visit(Ask(body=b"12345")), []

    async def serve(receive: Receive, send: Send) -> None:
        for _ in range(3):
            seen.append(await receive())

    run(visit, serve, visit.leave)

    assert [message.get("body") for message in seen] == [b"123", b"45", None]
    assert [message.get("more_body") for message in seen] == [True, False, None]
    assert (visit.sent_bytes, visit.left_at) == (5, 1.0)


def test_an_answer_is_complete_with_its_last_message() -> None:
    visit = Visit(Ask())

    async def serve(receive: Receive, send: Send) -> None:
        for message in (HEAD, piece(b"one"), piece(b"two"), piece(b"", more=False)):
            await send(message)

    run(visit, serve)

    assert (visit.status, visit.body, visit.finished, visit.own_answer) == (200, b"onetwo", True, False)
    assert visit.left_at is None


def test_an_error_is_kept_and_the_answer_is_truncated() -> None:
    visit = Visit(Ask())

    async def serve(receive: Receive, send: Send) -> None:
        await send(HEAD)
        raise LookupError

    run(visit, serve)

    assert isinstance(visit.error, LookupError)
    assert not visit.finished


def test_what_is_sent_to_a_client_that_has_left_goes_nowhere() -> None:
    visit = Visit(Ask())

    async def serve(receive: Receive, send: Send) -> None:
        await send(HEAD)
        await trio.sleep(2)
        await send(piece(b"lost"))
        await send(piece(b"", more=False))

    run(visit, serve, visit.leave)

    assert (visit.body, visit.finished, visit.error) == (b"", False, None)


@pytest.mark.parametrize(("act", "error"), [("leave", ClientGone), ("give_up", ClientStalled), (None, ClientStalled)])
def test_a_write_to_a_client_that_does_not_read_ends(act: str | None, error: type[Exception]) -> None:
    visit, times = Visit(Ask()), []
    visit.stop_reading()

    async def serve(receive: Receive, send: Send) -> None:
        await send(HEAD)
        try:
            await send(piece(b"one"))
        finally:
            times.append(trio.current_time())

    run(visit, serve, getattr(visit, act) if act else None)

    assert type(visit.error) is error
    assert times == [1.0 if act else STALLED_S]


def test_a_client_reads_on_or_slowly() -> None:
    visit = Visit(Ask())
    visit.stop_reading()
    visit.rate = 10

    async def serve(receive: Receive, send: Send) -> None:
        await send(piece(b"x" * 20))
        await send(piece(b"", more=False))

    run(visit, serve, visit.read_on)

    assert visit.finished
    assert visit.over_at == 3.0


@pytest.mark.parametrize("mended", [True, False])
def test_the_mended_server_tells_at_once(mended: bool) -> None:
    visit, told = Visit(Ask(), mended=mended), []
    inbox = visit.scope["extensions"].get(INBOX)
    if inbox is not None:
        inbox.on_departure = lambda: told.append(trio.current_time())

    async def serve(receive: Receive, send: Send) -> None:
        await trio.sleep(3)

    run(visit, serve, visit.leave)

    assert told == ([1.0] if mended else [])


def test_a_server_that_stops_cancels() -> None:
    visit = Visit(Ask())

    async def serve(receive: Receive, send: Send) -> None:
        await trio.sleep_forever()

    run(visit, serve, visit.cut)

    assert (visit.cut_at, visit.over_at) == (1.0, 1.0)
