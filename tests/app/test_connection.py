"""The frame that owns a delivery, with a scripted server around it (`support/visits.py`)."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import trio
from support.seeds import over_seeds
from support.visits import Proxy, Visit, at

from trioproxy.app.hypercorn_fixes import INBOX
from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.script import Chunk, Close, End, Head, Script, Silence, Take
from trioproxy.model import CallOutcome, ExchangeOutcome

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


@pytest.mark.parametrize("at_s", [0.5, 1.5, 3.0])
def test_a_client_that_leaves_is_noticed_at_once_and_its_upstream_let_go(at_s: float) -> None:
    async def story() -> Proxy:
        proxy, visit = Proxy(SLOW), Visit(body=[(0.0, b"{"), (1.0, b"}")])
        await proxy.open(visit, acts=[at(at_s, visit.leave)])
        return proxy

    for _, proxy in over_seeds(story):
        exchange, call = proxy.rows
        assert exchange.outcome is ExchangeOutcome.CLIENT_LEFT
        assert exchange.duration_ms == at_s * 1000
        assert (call is None) is (at_s < 1)  # its body was still coming
        assert all(made.closed_at == at_s for made in proxy.scripted.calls)


def test_a_client_that_leaves_during_a_streaming_upload() -> None:
    async def story() -> Proxy:
        proxy, visit = Proxy(JSON), Visit("/v1/files", [(1.0, b"x")] * 10)
        await proxy.open(visit, acts=[at(4.5, visit.leave)])
        return proxy

    for _, proxy in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == 4_500
        assert proxy.scripted.calls[0].body == b"x" * 4


class Deaf(Visit):
    """A client that leaves while a write to it hangs, and whose server notices that the write is in vain only later."""

    def leave(self) -> None:
        self._gone.set()


def test_an_upstream_is_let_go_before_the_write_to_its_client_returns() -> None:
    async def story() -> tuple[Proxy, float]:
        proxy, visit = Proxy(SLOW), Deaf(reads=False)
        await proxy.open(visit, acts=[at(2.5, visit.leave), at(9.0, visit.read_on)])
        closed_at = proxy.scripted.calls[0].closed_at
        assert closed_at is not None
        return proxy, closed_at

    for _, (proxy, closed_at_s) in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert closed_at_s == 2.5
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == 9_000


class Inbox:
    """What our server puts in the scope: it calls as soon as the client is gone, whatever of the body still waits."""

    on_departure: Callable[[], None]


def test_a_departure_is_noticed_behind_an_upload_that_is_held_back() -> None:
    """The upstream takes nothing, so nothing more is received: the disconnect waits behind the body."""

    async def story() -> Proxy:
        proxy = Proxy(Script.of(Silence(), take_bytes_per_s=1))
        visit, inbox = Visit("/v1/files", [(0.0, b"x" * 100)] * 10), Inbox()
        visit.scope["extensions"] = {INBOX: inbox}
        await proxy.open(visit, acts=[at(5.0, lambda: inbox.on_departure())])
        return proxy

    for _, proxy in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.CLIENT_LEFT, CallOutcome.ABANDONED)
        assert exchange.duration_ms == 5_000


class Refusing(Visit):
    """A client that refuses to read, of whose end only the inbox tells."""

    def stall(self) -> None:
        self._stalled = True
        self._unblocked.set()


@pytest.mark.parametrize("steps_later", range(4))
def test_a_departure_that_is_told_when_the_delivery_has_ended_does_not_change_how(steps_later: int) -> None:
    """In that very moment: before, while and after the frame ends its watcher."""

    async def story() -> Proxy:
        proxy, visit, inbox = Proxy(JSON), Refusing(reads=False), Inbox()
        visit.scope["extensions"] = {INBOX: inbox}

        async def depart() -> None:
            await trio.sleep_until(5.0)
            for _ in range(steps_later):
                await trio.lowlevel.checkpoint()
            inbox.on_departure()

        await proxy.open(visit, acts=[at(5.0, visit.stall), depart])
        return proxy

    for _, proxy in over_seeds(story):
        assert proxy.rows[0].outcome is ExchangeOutcome.CLIENT_STALLED


def test_a_departure_is_noticed_behind_an_upload_that_nobody_wants_any_more() -> None:
    """The upstream has answered early; the rest of the body is read and dropped."""
    script = Script.of(2.0, Head(413), Chunk(b"{}"), Silence(), take=Take.BESIDE)

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(script), Visit("/v1/files", [(0.1, b"x")] * 30)
        await proxy.open(visit, acts=[at(5.0, visit.leave)])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        assert visit.status == 413
        assert visit.body == b"{}"
        assert proxy.rows[0].outcome is ExchangeOutcome.CLIENT_LEFT
        assert proxy.rows[0].duration_ms == 5_000


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
