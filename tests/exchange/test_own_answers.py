"""What the proxy answers itself: every error with its status, its code, and the shape of the API that was called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.lab.answers import message
from trioproxy.lab.script import Close, Garble, Head, Raw, Refuse, Script, Silence, Take, Unreachable
from trioproxy.model import CallOutcome, ExchangeOutcome, RawHeaders, ServedBy
from trioproxy.rules.lifecycle import Phase

PATHS = {"anthropic": "/v1/messages", "openai": "/openai/v1/chat/completions"}
ANSWER = message("One.").script()


def serve(script: Script, visit: Callable[[], Visit], **options: Any) -> list[tuple[Proxy, Visit]]:
    """The same visit under every schedule."""

    async def story() -> tuple[Proxy, Visit]:
        proxy, one = Proxy(script, **options), visit()
        await proxy.open(one)
        return proxy, one

    return [result for _, result in over_seeds(story)]


def check_answer(visit: Visit, status: int, code: str, dialect: str) -> None:
    assert visit.finished
    assert visit.status == status
    assert visit.header(b"x-trioproxy-error") == code.encode()
    assert visit.header(b"content-type") == b"application/json"
    assert visit.header(b"content-length") == str(len(visit.body)).encode()
    assert visit.header(b"x-trioproxy-id")
    if dialect == "anthropic":
        assert visit.json["type"] == "error"
        assert set(visit.json["error"]) == {"type", "message"}
    else:
        assert visit.json["error"]["code"] == code
    assert visit.json["error"]["message"]


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize(
    ("script", "status", "code", "outcome"),
    [
        (Script.of(Refuse()), 502, "upstream_connect_failed", CallOutcome.CONNECT_FAILED),
        (Script.of(Unreachable()), 502, "upstream_connect_failed", CallOutcome.CONNECT_FAILED),
        (Script.of(Close()), 502, "upstream_closed", CallOutcome.TRUNCATED),
        (Script.of(Raw(b"SSH-2.0"), Silence()), 502, "upstream_closed", CallOutcome.TRUNCATED),
        (Script.of(Silence()), 504, "upstream_timeout", CallOutcome.TIMEOUT),
        (Script.of(Silence(), take=Take.NOTHING), 504, "upstream_timeout", CallOutcome.TIMEOUT),
    ],
)
def test_an_upstream_that_gives_no_head(
    script: Script, status: int, code: str, outcome: CallOutcome, dialect: str
) -> None:
    for proxy, visit in serve(script, lambda: Visit(PATHS[dialect]), limits_s=dict.fromkeys(Phase, 5.0)):
        check_answer(visit, status, code, dialect)
        exchange, call = proxy.rows
        assert call is not None
        assert (call.outcome, call.status) == (outcome, None)
        assert exchange.outcome is ExchangeOutcome.UPSTREAM_FAILED
        assert (exchange.status, exchange.served_by) == (status, ServedBy.PROXY)
        assert exchange.error == call.error


def test_a_garbled_body_is_truncated() -> None:
    for proxy, visit in serve(Script.of(Head(), Garble()), Visit):
        assert (visit.status, visit.finished) == (200, False)
        assert proxy.rows[0].outcome is ExchangeOutcome.UPSTREAM_FAILED


LARGE = b"x" * 1_001


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (((b"content-length", b"1001"),), [(5.0, LARGE)]),
        (((b"Content-Length", b"99999999999999999999"),), []),
        ((), [(0.0, LARGE)]),
        ((), [(1.0, LARGE[:500]), (1.0, LARGE[500:1000]), (1.0, b"x"), (1.0, b"never wanted")]),
        (((b"content-length", b"nonsense"),), [(0.0, LARGE)]),
    ],
    ids=["declared", "declared absurdly", "at once", "by chunks", "no length"],
)
def test_a_generation_that_is_too_large(headers: RawHeaders, body: list[tuple[float, bytes]], dialect: str) -> None:
    def visit() -> Visit:
        return Visit(PATHS[dialect], body, headers=headers, owes=True)

    for proxy, seen in serve(ANSWER, visit, max_request_bytes=1_000):
        check_answer(seen, 413, "request_too_large", dialect)
        assert "1000" in seen.json["error"]["message"]
        assert not proxy.scripted.calls
        [exchange] = proxy.ledger.exchanges
        assert (exchange.outcome, exchange.served_by, exchange.call_id) == (
            ExchangeOutcome.REJECTED,
            ServedBy.PROXY,
            None,
        )
        assert exchange.duration_ms <= 3_000  # at once by its length, else when the limit is passed


def test_a_generation_as_large_as_may_be() -> None:
    for proxy, visit in serve(ANSWER, lambda: Visit(body=[(1.0, b"x" * 500)] * 2), max_request_bytes=1_000):
        assert visit.status == 200
        assert len(proxy.scripted.calls[0].body) == 1_000


def test_other_bodies_have_no_limit() -> None:
    def visit() -> Visit:
        return Visit("/v1/files", [(1.0, LARGE)] * 20, headers=((b"content-length", b"20020"),))

    for proxy, seen in serve(ANSWER, visit, max_request_bytes=1_000):
        assert seen.status == 200
        assert len(proxy.scripted.calls[0].body) == 20_020


@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("pieces", [0, 3])
def test_a_generation_whose_body_falls_silent(pieces: int, dialect: str) -> None:
    def visit() -> Visit:
        return Visit(PATHS[dialect], [(29.0, b"x")] * pieces, owes=True)

    for proxy, seen in serve(ANSWER, visit, silence_s=30.0):
        check_answer(seen, 408, "request_timeout", dialect)
        [exchange] = proxy.ledger.exchanges
        assert (exchange.outcome, exchange.status) == (ExchangeOutcome.REJECTED, 408)
        assert exchange.duration_ms == (29 * pieces + 30) * 1000
        assert not proxy.scripted.calls


@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_an_upload_that_falls_silent(pieces: int) -> None:
    """Its call, which is there from the first piece on, ends with it."""

    def visit() -> Visit:
        return Visit("/v1/files", [(29.0, b"x")] * pieces, owes=True)

    for proxy, seen in serve(ANSWER, visit, silence_s=30.0):
        check_answer(seen, 408, "request_timeout", "anthropic")
        exchange, call = proxy.rows
        assert exchange.outcome is ExchangeOutcome.REJECTED
        assert (call is None) is (pieces == 0)
        assert call is None or (call.outcome, call.error) == (CallOutcome.ABANDONED, exchange.error)


@pytest.mark.parametrize("path", ["/acme/v1/models", "/nowhere"])
def test_a_path_that_is_none_of_ours_leaves_no_rows(path: str) -> None:
    for proxy, visit in serve(ANSWER, lambda: Visit(path)):
        check_answer(visit, 404, "unknown_provider" if "/v1/" in path else "not_found", "openai")
        assert not proxy.ledger.exchanges
        assert not proxy.scripted.calls


def test_new_work_is_refused_while_the_house_drains() -> None:
    async def story() -> tuple[Proxy, Visit, Visit]:
        proxy = Proxy(message("One.").script(head_after_s=10.0))
        before, after = Visit(), Visit(body=[(50.0, b"{}")])  # whose body is not waited for

        async def come_late() -> None:
            await trio.sleep(2)
            await after.run(proxy.app)

        await proxy.open(before, acts=[at(1.0, lambda: proxy.house.close(100.0)), come_late])
        return proxy, before, after

    for _, (proxy, before, after) in over_seeds(story):
        assert (before.status, before.finished) == (200, True)
        check_answer(after, 503, "draining", "anthropic")
        assert after.header(b"retry-after") == b"5"
        assert [row.outcome for row in proxy.ledger.exchanges] == [ExchangeOutcome.REJECTED, ExchangeOutcome.DELIVERED]
        assert proxy.ledger.exchanges[0].duration_ms == 0
        assert len(proxy.ledger.calls) == 1


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/files"])
def test_a_request_whose_body_was_still_coming_when_the_house_closed_leaves_no_call_behind(path: str) -> None:
    """Neither an open row that nobody would ever settle, nor a call."""

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(ANSWER), Visit(path, [(5.0, b"{}")])
        await proxy.open(visit, acts=[at(1.0, lambda: proxy.house.close())])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        check_answer(visit, 503, "draining", "anthropic")
        assert not proxy.ledger.opened
        assert proxy.rows[0].outcome is ExchangeOutcome.REJECTED
        assert proxy.rows[1] is None
