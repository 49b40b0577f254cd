"""What the protocols answer when their connection comes to an end."""

from __future__ import annotations

import h11
from hypercorn.config import Config
from hypercorn.trio.worker_context import WorkerContext
from trio.testing import MockClock

from trioproxy.app.hypercorn_fixes.farewell import Farewell
from trioproxy.app.hypercorn_fixes.h1 import MendedH11Protocol
from trioproxy.app.hypercorn_fixes.h2 import MendedH2Protocol


async def test_nothing_to_say(autojump_clock: MockClock) -> None:
    nothing = Farewell()
    await nothing.goodbye()
    nothing.client_stalled()
    assert (nothing.input_unread, nothing.end_needs_reset) == (False, False)


def test_an_http_1_body_may_still_be_coming() -> None:
    protocol = MendedH11Protocol(None, Config(), WorkerContext(None), None, {}, False, None, None, None)
    assert isinstance(protocol.connection, h11.Connection)
    assert not protocol.input_unread
    protocol.connection.receive_data(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n")
    protocol.connection.next_event()
    assert protocol.input_unread
    protocol.connection.receive_data(b"hello")
    protocol.connection.next_event()
    protocol.connection.next_event()
    assert not protocol.input_unread


def test_http_2_needs_no_reset() -> None:
    protocol = MendedH2Protocol(None, Config(), WorkerContext(None), None, {}, False, None, None, None)
    assert (protocol.input_unread, protocol.end_needs_reset) == (False, False)
