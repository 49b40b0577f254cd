from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import trio
from support.ledger import MemoryLedger
from support.proxy import EPOCH, Proxy
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.errors import OurError
from trioproxy.exchange import Exchange
from trioproxy.lab.answers import (
    message,
    message_stream,
)
from trioproxy.lab.source import Choice
from trioproxy.model import Arrival, CallOutcome, Dialect, ExchangeOpening, ExchangeOutcome, RawHeaders, ServedBy
from trioproxy.rules.lifecycle import Cause

STREAM = message_stream("One two three.")


def serve(script: Choice, visit: Callable[[], Visit] = Visit, **options: Any) -> list[tuple[Proxy, Visit]]:
    """The same visit under every schedule."""

    async def story() -> tuple[Proxy, Visit]:
        proxy, one = Proxy(script, **options), visit()
        await proxy.open(one)
        return proxy, one

    return [result for _, result in over_seeds(story)]


def test_a_whole_stream() -> None:
    asked = b'{"model": "claude-opus-4-8", "thinking": {"type": "enabled", "budget_tokens": 10000}, "stream": true}'
    sent: RawHeaders = (
        (b"user-agent", b"claude-cli/2.1.330 (external, cli)"),
        (b"x-claude-code-session-id", b"s-1"),
        (b"x-claude-code-agent-id", b"a-1"),
        (b"x-api-key", b"secret"),
        (b"accept-encoding", b"gzip"),
        (b"x-trioproxy-anything", b"ours"),
    )

    def visit() -> Visit:
        return Visit(query=b"beta=true", body=[(0.5, asked[:9]), (0.5, asked[9:])], headers=sent)

    for proxy, seen in serve(STREAM.script(head_after_s=2.0, every_s=0.5), visit):
        assert (seen.status, seen.finished, seen.body) == (200, True, STREAM.body)
        exchange, call = proxy.rows
        assert call is not None

        [made] = proxy.scripted.calls
        assert made.plan.target == b"/v1/messages?beta=true"
        assert made.body == asked
        assert made.plan.headers == (
            (b"host", b"api.anthropic.com"),
            *sent[:4],
            (b"accept-encoding", b"identity"),
            (b"content-length", b"%d" % len(asked)),
        )

        opened = exchange.opening
        assert opened == ExchangeOpening(
            id=opened.id,
            started_at=EPOCH,
            provider="anthropic",
            method="POST",
            path="/v1/messages",
            http_version="1.1",
            source="claude-code",
            session="s-1",
            agent="a-1",
            preview=None,
        )
        assert uuid.UUID(opened.id).version == 7
        assert seen.header(b"x-trioproxy-id") == opened.id.encode()
        assert exchange.outcome is ExchangeOutcome.DELIVERED
        assert (exchange.served_by, exchange.call_id) == (ServedBy.CALL, call.opening.id)
        assert (exchange.status, exchange.error, exchange.bytes_out) == (200, None, len(STREAM.body))
        # The body came at 1 s, the head 2 s later, and each of the parts half a second after that.
        assert (exchange.ttfb_ms, exchange.duration_ms) == (3_500, 3_000 + 500 * len(STREAM.parts))
        assert exchange.ended_at == EPOCH + exchange.duration_ms / 1000

        assert uuid.UUID(call.opening.id).version == 7
        assert call.opening.exchange_id == opened.id
        assert call.opening.started_at == EPOCH + 1.0
        assert (call.opening.provider, call.opening.dialect) == ("anthropic", Dialect.ANTHROPIC)
        assert (call.opening.method, call.opening.path) == ("POST", "/v1/messages")
        assert (call.opening.model_requested, call.opening.model_sent) == ("claude-opus-4-8", "claude-opus-4-8")
        assert (call.opening.effort, call.opening.policy) == ("medium", "abort")
        assert (call.outcome, call.status, call.bytes_in) == (CallOutcome.COMPLETED, 200, len(STREAM.body))
        assert (call.reading.stop_reason, call.request_id) == ("end_turn", "req_011ScriptedScriptedScript")
        assert call.reading.usage is not None
        assert call.reading.usage.output_tokens == 3


@pytest.mark.parametrize(
    ("path", "provider", "host", "target", "recorded_path"),
    [
        ("/v1/messages", "anthropic", b"api.anthropic.com", b"/v1/messages", "/v1/messages"),
        ("/groq/v1/models", "groq", b"api.groq.com", b"/openai/v1/models", "/v1/models"),
        ("/openai/v1/a%2Fb//c", "openai", b"api.openai.com", b"/v1/a%2Fb//c", "/v1/a%2Fb//c"),
    ],
)
def test_where_it_goes(path: str, provider: str, host: bytes, target: bytes, recorded_path: str) -> None:
    for proxy, visit in serve(message("One.").script(), lambda: Visit(path, b"", method="OPTIONS")):
        assert visit.status == 200
        [made] = proxy.scripted.calls
        assert (made.plan.method, made.plan.target, made.plan.body) == ("OPTIONS", target, None)
        assert made.plan.headers[0] == (b"host", host)
        exchange, call = proxy.rows
        assert call is not None
        assert (exchange.opening.provider, exchange.opening.path) == (provider, path)
        assert (call.opening.provider, call.opening.path, call.opening.method) == (provider, recorded_path, "OPTIONS")
        assert (call.opening.model_requested, call.opening.effort) == (None, None)


@pytest.mark.parametrize("body", [b"not JSON", b"", b"\xff\xfe", b'{"model": 7, "thinking": []}', b"[" * 5_000])
@pytest.mark.parametrize("path", ["/v1/messages", "/openai/v1/responses"])
def test_a_body_that_nobody_can_read_is_forwarded_all_the_same(path: str, body: bytes) -> None:
    for proxy, visit in serve(message("One.").script(), lambda: Visit(path, body)):
        assert visit.status == 200
        assert proxy.scripted.calls[0].body == body
        _, call = proxy.rows
        assert call is not None
        assert call.opening.model_requested is None


def test_a_preview_only_if_asked_for() -> None:
    body = b'{"model": "m", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}'
    for chars, preview in ((0, None), (10, "Why is the")):
        for proxy, _ in serve(message("One.").script(), lambda: Visit(body=body), preview_chars=chars):
            assert proxy.rows[0].opening.preview == preview
            assert proxy.ledger.opened[0].exchange.preview == preview  # and from the start


@pytest.mark.parametrize("path", ["/api/oauth/usage", "/api/event_logging/batch"])
def test_routes_that_are_not_recorded_are_forwarded_and_leave_no_rows(path: str) -> None:
    for proxy, visit in serve(message("One.").script(), lambda: Visit(path, b"[]", headers=((b"a", b"b"),))):
        assert (visit.status, visit.finished) == (200, True)
        assert proxy.scripted.calls[0].body == b"[]"
        assert proxy.ledger.opened == proxy.ledger.calls == proxy.ledger.exchanges == []


@pytest.mark.parametrize("recorded", [True, False])
def test_an_abandoned_call_is_told_once(recorded: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        proxy = Proxy(message("One.").script(head_after_s=10.0))
        visit = Visit("/v1/messages" if recorded else "/api/oauth/usage")
        await proxy.open(visit, acts=[at(1.0, visit.leave)])

    for _ in over_seeds(story, 5):
        pass
    lines = [record.getMessage() for record in caplog.records]
    beginning = "[stream] abandoned: client left while waiting for the head; 0 bytes in"
    assert [line[: len(beginning)] for line in lines] == [beginning] * 5


def test_a_whole_answer_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    serve(STREAM.script())
    assert not caplog.records


class LateLedger(MemoryLedger):
    """One that never answers."""

    def open(self, *row: Any) -> trio.Event:
        super().open(*row)
        return trio.Event()


def test_rows_are_opened_before_anything_is_sent_and_a_ledger_that_does_not_answer_is_counted() -> None:
    for proxy, visit in serve(STREAM.script()):
        [opened] = proxy.ledger.opened
        assert opened.call == proxy.ledger.calls[0].opening
        assert opened.exchange == proxy.ledger.exchanges[0].opening
        assert visit.finished
        assert proxy.ledger.late == 0

    async def story() -> Proxy:
        proxy = Proxy(STREAM.script(), ledger=LateLedger())
        await proxy.open(Visit())
        return proxy

    for _, proxy in over_seeds(story):
        assert proxy.ledger.late == 1
        assert proxy.rows[0].duration_ms == 250
        assert proxy.rows[0].outcome is ExchangeOutcome.DELIVERED


# The parts by themselves.


def an_exchange(proxy: Proxy) -> Exchange:
    return Exchange(Arrival("e1", EPOCH, "POST", b"/v1/messages", b"", (), "1.1"), proxy.app.desk)


def test_an_exchange_that_never_began_leaves_no_row() -> None:
    async def story() -> None:
        proxy = Proxy(STREAM.script())
        exchange = an_exchange(proxy)
        exchange.leave(Cause.CLIENT_LEFT)
        exchange.settle(Cause.CLIENT_LEFT)
        assert not proxy.ledger.exchanges

    for _ in over_seeds(story, 1):
        pass


def test_before_the_provider_is_known_errors_have_openais_shape() -> None:
    async def story() -> bytes:
        return an_exchange(Proxy(STREAM.script())).error_body(OurError("no"))

    for _, body in over_seeds(story, 1):
        assert b'"code":"internal_error"' in body
