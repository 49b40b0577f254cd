"""The frame that owns a delivery, with a scripted server around it (`support/visits.py`)."""

from __future__ import annotations

import logging

import pytest
import trio
from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.script import Chunk, Close, End, Head, Script
from trioproxy.model import ExchangeOutcome

STREAM = message_stream("One two three.")
SLOW = STREAM.script(every_s=1.0)
JSON = message("One.").script()


def test_the_disconnect_that_comes_during_the_last_send_is_no_departure() -> None:
    """A JSON answer: nothing but its framing tells that the client got all of it."""

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(JSON), Visit()
        await proxy.open(visit)
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        assert visit.finished
        assert proxy.rows[0].outcome is ExchangeOutcome.DELIVERED


def test_names_of_headers_are_in_lower_case_whatever_the_server_was_told() -> None:
    """Hypercorn's `h11_pass_raw_headers` leaves them as the client wrote them; who may share an answer goes by them."""

    async def story() -> Visit:
        proxy, visit = Proxy(JSON), Visit(headers=((b"Cache-Control", b"no-store"), (b"X-Api-Key", b"k")))
        await proxy.open(visit)
        [made] = proxy.scripted.calls
        assert {name for name, _ in made.plan.headers} >= {b"cache-control", b"x-api-key"}
        return visit

    assert all(visit.finished for _, visit in over_seeds(story))


def test_a_stalled_client_that_is_reset_in_the_same_moment_is_a_stalled_client() -> None:
    """The server resets the connection before its `send` raises: the disconnect may come first."""

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(JSON), Visit(reads=False)
        await proxy.open(visit, acts=[at(5.0, visit.stall)])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        assert proxy.rows[0].outcome is ExchangeOutcome.CLIENT_STALLED
        assert not visit.finished


def test_requests_in_flight_are_counted() -> None:
    async def story() -> list[int]:
        proxy, counts = Proxy(SLOW), list[int]()

        def count() -> None:
            counts.append(proxy.app.requests)

        async def idle() -> None:
            await trio.sleep(1)
            await proxy.app.wait_idle()
            count()

        second = Visit()

        async def later() -> None:
            await trio.sleep(2)
            await second.run(proxy.app)

        await proxy.open(Visit(), acts=[at(1.0, count), later, at(3.0, count), idle])
        return counts

    for _, counts in over_seeds(story, 5):
        assert counts == [1, 2, 0]


# What goes out.


def test_raw_headers_go_out_as_they_are() -> None:
    headers = ((b"set-cookie", b"a=1"), (b"set-cookie", b"b=\xe9"), (b"x-odd", b"  spaced "), (b"connection", b"x"))

    async def story() -> Visit:
        proxy, visit = Proxy(Script.of(Head(418, headers), Chunk(b"tea"), End())), Visit()
        await proxy.open(visit)
        return visit

    for _, visit in over_seeds(story, 2):
        assert visit.status == 418
        assert visit.headers[:-1] == headers[:-1]
        assert visit.headers[-1][0] == b"x-trioproxy-id"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "shows"),
    [("/", {"name": "trioproxy"}), ("/api/hello", {"name": "trioproxy"}), ("/_trioproxy/health", {"status": "alive"})],
)
def test_our_own_pages_leave_no_rows(path: str, shows: dict[str, str], method: str) -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(JSON), Visit(path, b"", method=method)
        await proxy.open(visit)
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story, 2):
        assert (visit.status, visit.finished) == (200, True)
        assert visit.json == shows
        assert not proxy.ledger.exchanges


def test_an_ordinary_departure_is_an_info_line_and_never_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        proxy, visit = Proxy(SLOW), Visit()
        await proxy.open(visit, acts=[at(2.5, visit.leave)])

    for _ in over_seeds(story):
        pass
    assert {(record.levelno, record.exc_info) for record in caplog.records} == {(logging.INFO, None)}


def test_a_body_that_is_not_finished_ends_without_its_final_message() -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(STREAM.up_to(2).script(then=Close())), Visit()
        await proxy.open(visit)
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        assert visit.status == 200
        assert not visit.finished
        assert all(message.get("more_body", True) for message in visit.messages)
        assert proxy.rows[0].error == "UpstreamTruncated: the script says Close in mid-body"
