"""Faults of ours around a delivery: settled all the same, and no request is left behind as in flight."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import trio
from support.ledger import MemoryLedger
from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit

from trioproxy.app.proxy import ProxyApp
from trioproxy.lab.answers import message, message_stream
from trioproxy.model import CallOutcome, ExchangeOutcome

SLOW = message_stream("One two three.").script(every_s=1.0)
JSON = message("One.").script()


def test_a_send_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(SLOW), Visit()
        visit.send_fault = ZeroDivisionError("a fault of the server")
        await proxy.open(visit)
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story, 5):
        exchange, call = proxy.rows
        assert call is not None
        assert exchange.outcome is ExchangeOutcome.UPSTREAM_FAILED
        assert exchange.error == "OurError: ZeroDivisionError: a fault of the server"
        assert call.outcome is CallOutcome.INTERNAL_ERROR
        assert visit.error is None
    assert "a fault of ours while delivering" in caplog.text


class Deaf(Visit):
    """A client whose server fails to receive."""

    async def receive(self) -> dict[str, Any]:
        if not self._pieces:
            await trio.sleep(1.5)
            raise ZeroDivisionError("a fault of the server")
        return await super().receive()


def test_a_receive_that_fails() -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(SLOW), Deaf()
        await proxy.open(visit)
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story, 5):
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.outcome, call.outcome) == (ExchangeOutcome.UPSTREAM_FAILED, CallOutcome.INTERNAL_ERROR)
        assert isinstance(visit.error, ExceptionGroup)  # for the server to log


class BrokenLedger(MemoryLedger):
    """One that breaks its promise never to fail."""

    def __init__(self, where: str) -> None:
        super().__init__()
        setattr(self, where, self._fail)

    def _fail(self, *args: object) -> None:
        raise ZeroDivisionError("a fault of the ledger")


def test_a_row_that_cannot_be_opened_is_answered_with_500(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(JSON, ledger=BrokenLedger("open")), Visit()
        await proxy.open(visit)
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story, 5):
        assert (visit.status, visit.header(b"x-trioproxy-error")) == (500, b"internal_error")
        assert visit.json["error"]["type"] == "api_error"
        assert proxy.rows[0].outcome is ExchangeOutcome.UPSTREAM_FAILED
        assert not proxy.scripted.calls
    assert "a fault of the ledger" in caplog.text


def test_a_settling_that_fails_gives_a_recording_back() -> None:
    """Found by `trioproxy lab explore --scenario replay --fault no-settling`."""

    async def story() -> Proxy:
        proxy = Proxy(JSON, replay={})
        await proxy.open(Visit(), acts=[partial(resend, proxy)])
        return proxy

    async def resend(proxy: Proxy) -> None:
        await trio.sleep(1.0)
        proxy.ledger.settle_exchange = BrokenLedger("settle_exchange").settle_exchange  # type: ignore[method-assign]
        visit = Visit()
        await visit.run(proxy.app)
        assert visit.header(b"x-trioproxy-replayed") is not None
        assert isinstance(visit.error, ZeroDivisionError)

    for _, proxy in over_seeds(story, 5):
        assert not proxy.recordings._lent


def test_a_settling_that_fails_leaves_no_request_in_flight() -> None:
    async def story() -> tuple[ProxyApp, Visit]:
        proxy, visit = Proxy(JSON, ledger=BrokenLedger("settle_exchange")), Visit()
        async with trio.open_nursery() as nursery:
            await nursery.start(proxy.house.run)
            await visit.run(proxy.app)
            proxy.house.close()
        await proxy.app.wait_idle()
        return proxy.app, visit

    for _, (app, visit) in over_seeds(story, 5):
        assert app.requests == 0
        assert isinstance(visit.error, ZeroDivisionError)
