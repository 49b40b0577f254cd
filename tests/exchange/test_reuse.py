"""The same request again: joined while its twin lives, replayed when it has just ended, else a call of its own."""

from __future__ import annotations

import pytest
import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.proxy import Proxy
from support.reusing import ALICE, SLOW, STREAM, asked, fate, play, visit
from support.seeds import over_seeds
from support.visits import Visit, at

from trioproxy.lab.answers import message
from trioproxy.lab.script import Chunk, Close, End, Head, Script
from trioproxy.model import ExchangeOutcome as Delivery
from trioproxy.model import ServedBy
from trioproxy.seat import JOINED_BYTES
from trioproxy.store.recordings import HEADER_OVERHEAD_BYTES, OVERHEAD_BYTES

# Replay.


def test_a_finished_answer_is_given_again_with_its_head_and_no_call() -> None:
    for proxy, (first, again) in play(SLOW, visit, lambda: visit(after_s=8.0)):
        assert len(proxy.scripted.calls) == 1
        assert again.body == first.body == STREAM.body
        assert (again.status, again.finished) == (200, True)
        [call] = proxy.ledger.calls
        assert again.header(b"x-trioproxy-replayed") == call.opening.id.encode()
        assert again.header(b"age") is not None
        assert first.header(b"age") is None
        own = (b"x-trioproxy-id", b"x-trioproxy-replayed", b"age")
        assert [pair for pair in again.headers if pair[0] not in own] == [
            pair for pair in first.headers if pair[0] not in own
        ]
        assert fate(proxy, again) == (ServedBy.REPLAYED, Delivery.DELIVERED)
        replayed = next(row for row in proxy.ledger.exchanges if row.served_by is ServedBy.REPLAYED)
        assert replayed.call_id == call.opening.id
        assert replayed.bytes_out == len(STREAM.body)


def test_an_answer_of_which_the_tape_has_not_all_is_not_given_again() -> None:
    replay = {"max_body_bytes": len(asked()) + 1}
    assert replay["max_body_bytes"] < len(STREAM.body)
    for proxy, (first, again) in play(SLOW, visit, lambda: visit(after_s=8.0), replay=replay):
        assert len(proxy.scripted.calls) == 2
        assert again.body == first.body == STREAM.body


PIECES = st.lists(st.sampled_from([1, 1_000, JOINED_BYTES - 1, JOINED_BYTES, JOINED_BYTES + 1]), max_size=4)


@settings(max_examples=20, deadline=None)
@given(PIECES)
@example([60_000] * 10)
def test_a_replayed_body_is_the_upstreams_whatever_the_split(sizes: list[int]) -> None:
    chunks = [b":" + bytes([97 + number]) * size + b"\n\n" for number, size in enumerate(sizes)]
    script = Script.of(Head(headers=STREAM.headers), *map(Chunk, chunks), Chunk(STREAM.body), End())

    async def story() -> tuple[Proxy, Visit]:
        proxy, again = Proxy(script, replay={}), visit(after_s=1.0)
        await proxy.open(visit(), again)
        return proxy, again

    for _, (proxy, again) in over_seeds(story, 2):
        assert len(proxy.scripted.calls) == 1
        assert again.finished
        assert again.body == script.body


@pytest.mark.parametrize(("after_s", "calls"), [(4.9, 1), (5.1, 2)])
def test_only_within_its_window(after_s: float, calls: int) -> None:
    json_answer = message("One.").script()
    for proxy, _ in play(json_answer, visit, lambda: visit(after_s=after_s)):
        assert len(proxy.scripted.calls) == calls


@pytest.mark.parametrize(("after_s", "calls"), [(14.9, 1), (15.1, 2)])
def test_longer_where_only_tool_results_were_sent(after_s: float, calls: int) -> None:
    results = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "4"}]}]
    for proxy, _ in play(
        message("One.").script(),
        lambda: visit(asked(messages=results)),
        lambda: visit(asked(messages=results), after_s=after_s),
    ):
        assert len(proxy.scripted.calls) == calls


INCOMPLETE = {
    "cut": STREAM.up_to(3).script(then=Close()),
    "an error event": Script.of(
        Head(headers=STREAM.headers),
        Chunk(b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'),
        End(),
    ),
    "without its last event": STREAM.up_to(3).script(then=End()),
    "a 429": Script.of(Head(429, STREAM.headers), Chunk(b"{}"), End()),
    "a 201": Script.of(Head(201, ((b"content-type", b"application/json"),)), Chunk(b"{}"), End()),
    "encoded": Script.of(Head(headers=((b"content-encoding", b"gzip"),)), Chunk(b"x"), End()),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_never_what_is_not_whole_or_is_an_error(name: str) -> None:
    for proxy, _ in play(INCOMPLETE[name], visit, lambda: visit(after_s=1.0)):
        assert len(proxy.scripted.calls) == 2
        assert len(proxy.recordings) == 0


OTHERS = {
    "another credential": lambda: Visit(body=[(0.5, asked())], headers=((b"x-api-key", b"sk-bob"), ALICE[1])),
    "another text": lambda: visit(asked(messages=[{"role": "user", "content": "hallo"}]), after_s=0.5),
    "not a stream": lambda: visit(asked(stream=False), after_s=0.5),
    "another query": lambda: visit(after_s=0.5, query=b"beta=true"),
    "kept out": lambda: visit(asked(), (b"x-trioproxy-reuse", b"no"), after_s=0.5),
    "no-cache": lambda: visit(asked(), (b"cache-control", b"no-cache"), after_s=0.5),
    "temperature": lambda: visit(asked(temperature=0.7), after_s=0.5),
    "another beta": lambda: visit(asked(), (b"anthropic-beta", b"x"), after_s=0.5),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_request_is_another_call(name: str) -> None:
    for proxy, _ in play(message("One.").script(), visit, OTHERS[name]):
        assert len(proxy.scripted.calls) == 2


def test_who_samples_one_prompt_many_times_gets_many_answers() -> None:
    sampling = [lambda: visit(asked(temperature=1)) for _ in range(5)]
    for proxy, _ in play(message("One.").script(), *sampling):
        assert len(proxy.scripted.calls) == 5
    for proxy, _ in play(message("One.").script(), *sampling, replay={"sampled": True, "join": "always"}):
        assert len(proxy.scripted.calls) == 1


def test_what_is_the_same_but_for_its_order_and_its_metadata() -> None:
    again = (
        b'{"messages": [{"content":"hello","role":"user"}],"metadata":{"user_id":"2"},'
        b'"stream":true, "model":"claude-opus-4-8"}'
    )
    for proxy, _ in play(
        message("One.").script(), lambda: visit(asked(metadata={"user_id": "1"})), lambda: visit(again, after_s=1.0)
    ):
        assert len(proxy.scripted.calls) == 1


def test_off_is_off() -> None:
    for proxy, _ in play(message("One.").script(), visit, lambda: visit(after_s=1.0), replay=None):
        assert len(proxy.scripted.calls) == 2


def test_an_answer_that_says_nothing_of_itself_is_not_given_again() -> None:
    empty = Script.of(Head(headers=((b"content-type", b"application/json"), (b"content-length", b"0"))), End())
    page = Script.of(Head(headers=((b"content-type", b"text/html"),)), Chunk(b"<html>sign in</html>"), End())
    for script in (empty, page):
        for proxy, (_, again) in play(script, visit, lambda: visit(after_s=1.0)):
            assert len(proxy.scripted.calls) == 2
            assert (again.finished, again.body) == (True, script.body)


def test_a_client_that_stops_reading_while_it_is_replayed_to() -> None:
    def slow_reader() -> Visit:
        return visit(after_s=8.0, reads=False)

    for proxy, (_, again) in play(SLOW, visit, slow_reader, acts=lambda guests: [at(90.0, guests[1].stall)]):
        rows = [row for row in proxy.ledger.exchanges if row.served_by is ServedBy.REPLAYED]
        assert [row.outcome for row in rows] == [Delivery.CLIENT_STALLED]
        assert not again.finished


def test_too_large_a_request_takes_no_part() -> None:
    big = asked(pad="x" * 2000)
    for proxy, _ in play(
        message("One.").script(), lambda: visit(big), lambda: visit(big, after_s=1.0), replay={"max_body_bytes": 1000}
    ):
        assert len(proxy.scripted.calls) == 2


def test_an_answer_that_just_fits_is_kept() -> None:
    bound = len(STREAM.body) + sum(len(n) + len(v) + HEADER_OVERHEAD_BYTES for n, v in STREAM.headers) + OVERHEAD_BYTES
    for proxy, _ in play(
        STREAM.script(), visit, lambda: visit(after_s=1.0), replay={"max_total_bytes": bound, "max_body_bytes": bound}
    ):
        assert len(proxy.scripted.calls) == 1  # its tape's bytes are not counted besides


def test_a_key_that_the_upstream_says_again_is_in_no_row_and_no_line(caplog: pytest.LogCaptureFixture) -> None:
    echo = (
        b'event: error\ndata: {"type":"error","error":{"type":"authentication_error",'
        b'"message":"invalid x-api-key: sk-alice"}}\n\n'
    )
    caplog.set_level("INFO")
    for proxy, _ in play(Script.of(Head(headers=STREAM.headers), Chunk(echo), End()), visit):
        [call] = proxy.ledger.calls
        assert call.error == "authentication_error: invalid x-api-key: [secret]"
        assert "sk-alice" not in repr(call)
    assert "sk-alice" not in caplog.text


def test_a_key_in_the_query_is_a_key(caplog: pytest.LogCaptureFixture) -> None:
    echo = b'event: error\ndata: {"type":"error","error":{"type":"e","message":"bad /v1/messages?key=qk%2Falice1"}}\n\n'
    caplog.set_level("INFO")
    for proxy, _ in play(
        Script.of(Head(headers=STREAM.headers), Chunk(echo), End()), lambda: visit(query=b"a=b&key=qk%2Falice1")
    ):
        [call] = proxy.ledger.calls
        assert call.error == "e: bad /v1/messages?key=[secret]"
    assert "alice1" not in caplog.text


def test_secrets_are_in_no_row_in_no_table_and_on_no_page() -> None:
    async def story() -> tuple[Proxy, Visit]:
        proxy, page = Proxy(SLOW, replay={}), Visit("/_trioproxy/ready", b"", method="GET")

        async def look() -> None:
            await trio.sleep_until(3.0)
            await page.run(proxy.app)

        await proxy.open(visit(), visit(after_s=8.0), acts=[look])
        return proxy, page

    for _, (proxy, page) in over_seeds(story):
        assert page.json["requests"] == 3  # with its own
        assert b"alice" not in page.body
        for row in (*proxy.ledger.opened, *proxy.ledger.calls, *proxy.ledger.exchanges):
            assert "sk-alice" not in repr(row)
        assert "sk-alice" not in repr(list(proxy.recordings))
