"""How an answer ended and how its delivery did are two facts: both, for answers that ended as framed."""

from __future__ import annotations

import pytest
from support.proxy import Proxy
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.lab.answers import anthropic_error_event, chat_stream, message_stream, openai_error
from trioproxy.lab.script import Chunk, End, Framing, Head, Script
from trioproxy.model import CallOutcome, ExchangeOutcome

STREAM = message_stream("One two three.")


@pytest.mark.parametrize(
    ("script", "path", "call", "delivery", "finished"),
    [
        # What the upstream framed as a clean end is passed on as such; the ledger knows better.
        (STREAM.up_to(-1).script(), "/v1/messages", CallOutcome.TRUNCATED, ExchangeOutcome.DELIVERED, True),
        (
            STREAM.up_to(4, anthropic_error_event()).script(),
            "/v1/messages",
            CallOutcome.UPSTREAM_ERROR,
            ExchangeOutcome.DELIVERED,
            True,
        ),
        # Where only the end of the connection delimits a stream, nothing but its last event makes it whole.
        (
            STREAM.script(framing=Framing.CLOSE),
            "/v1/messages",
            CallOutcome.COMPLETED,
            ExchangeOutcome.DELIVERED,
            True,
        ),
        (
            STREAM.up_to(-1).script(framing=Framing.CLOSE),
            "/v1/messages",
            CallOutcome.TRUNCATED,
            ExchangeOutcome.UPSTREAM_FAILED,
            False,
        ),
        # Chat without `[DONE]`: a reason to stop and a clean end.
        (
            chat_stream("One.", done=False).script(),
            "/openai/v1/chat/completions",
            CallOutcome.COMPLETED,
            ExchangeOutcome.DELIVERED,
            True,
        ),
        (
            chat_stream("One.").up_to(2).script(),
            "/openai/v1/chat/completions",
            CallOutcome.TRUNCATED,
            ExchangeOutcome.DELIVERED,
            True,
        ),
        # By its framing: an error answer, and what is no generation.
        (
            openai_error(429).script(),
            "/openai/v1/chat/completions",
            CallOutcome.COMPLETED,
            ExchangeOutcome.DELIVERED,
            True,
        ),
        (STREAM.up_to(2).script(), "/v1/files", CallOutcome.COMPLETED, ExchangeOutcome.DELIVERED, True),
        # A stream in a content coding that nobody can read, too.
        (
            Script.of(Head(headers=(*STREAM.headers, (b"content-encoding", b"compress"))), Chunk(b"\x1f\x9d"), End()),
            "/v1/messages",
            CallOutcome.COMPLETED,
            ExchangeOutcome.DELIVERED,
            True,
        ),
    ],
)
def test_an_answer_that_ended_as_framed(
    script: Script, path: str, call: CallOutcome, delivery: ExchangeOutcome, finished: bool
) -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, one = Proxy(script), Visit(path)
        await proxy.open(one)
        return proxy, one

    for _, (proxy, visit) in over_seeds(story):
        exchange, made = proxy.rows
        assert made is not None
        assert (made.outcome, exchange.outcome) == (call, delivery)
        assert visit.finished is finished
        assert visit.body == script.body
        assert exchange.status == made.status == visit.status


def test_a_client_that_leaves_once_it_has_the_last_event_got_everything() -> None:
    """Codex does so: it does not wait for the end of the body."""

    late_end = Script.of(Head(headers=STREAM.headers), *(Chunk(part) for part in STREAM.parts), 5.0, End())

    async def story() -> tuple[Proxy, Visit]:
        proxy, visit = Proxy(late_end), Visit()
        await proxy.open(visit, acts=[at(2.0, visit.leave)])
        return proxy, visit

    for _, (proxy, visit) in over_seeds(story):
        exchange, call = proxy.rows
        assert call is not None
        assert (call.outcome, exchange.outcome) == (CallOutcome.COMPLETED, ExchangeOutcome.DELIVERED)
        assert visit.body == STREAM.body
        assert not visit.finished
