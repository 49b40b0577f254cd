"""What goes upstream for a request, and what does not change."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
import zstandard
from support.captures import captured
from support.proxy import Proxy
from support.visits import Visit

from trioproxy.lab.answers import message, message_stream
from trioproxy.lab.script import Chunk, Close, End, Head, Refuse, Script
from trioproxy.model import CallOutcome, SavingKind, Usage
from trioproxy.providers.asking import MAX_MEMBERS, READ_BYTES

ON = {"enabled": True}
QUESTION = {"role": "user", "content": "What is a monad?"}
CACHED = Usage(input_tokens=1, output_tokens=2, cache_read_tokens=900)
ALICE = ((b"x-api-key", b"sk-alice"), (b"anthropic-beta", b"context-1m-2025-08-07,other-beta"))
SIMPLE = (
    b'{ "max_tokens": 1e3 ,\n "model":"claude-opus-4-8", '
    b'"messages":[{"role":"user","content":"What is a caf\\u00e9?"}],'
    b'"output_config":{"effort":"low"},"metadata":{"n":123456789012345678901234567890}}'
)


async def serve(*visits: Visit, script: Any = None, **options: Any) -> Proxy:
    proxy = Proxy(script or message("One.").script(), **options)
    await proxy.open(*visits)
    return proxy


def sent(proxy: Proxy, number: int = 0) -> tuple[bytes, dict[bytes, bytes]]:
    call = proxy.scripted.calls[number]
    return bytes(call.body), dict(call.plan.headers)


async def test_with_everything_off_nothing_is_touched(autojump_clock: trio.abc.Clock) -> None:
    proxy = await serve(Visit(body=SIMPLE, headers=ALICE))
    body, headers = sent(proxy)
    assert body == SIMPLE
    assert headers[b"anthropic-beta"] == ALICE[1][1]


async def test_a_simple_prompt_goes_to_the_cheap_model_and_nothing_else_changes(
    autojump_clock: trio.abc.Clock,
) -> None:
    proxy = await serve(Visit(body=SIMPLE, headers=ALICE), routing=ON)
    body, headers = sent(proxy)
    assert body == SIMPLE.replace(b"claude-opus-4-8", b"claude-haiku-4-5").replace(b'"effort":"low"', b"")
    assert headers[b"anthropic-beta"] == b"other-beta"
    assert headers[b"content-length"] == b"%d" % len(body)
    [call] = proxy.ledger.calls
    opening = call.opening
    assert (opening.model_requested, opening.model_sent) == ("claude-opus-4-8", "claude-haiku-4-5")
    [saving] = opening.savings
    assert (saving.kind, saving.model_from, saving.model_to) == (
        SavingKind.ROUTING,
        "claude-opus-4-8",
        "claude-haiku-4-5",
    )


async def test_prompt_caching_alone_adds_its_member(autojump_clock: trio.abc.Clock) -> None:
    proxy = await serve(Visit(body=SIMPLE, headers=ALICE), routing={"prompt_caching": True})
    body, _ = sent(proxy)
    assert json.loads(body) == json.loads(SIMPLE) | {"cache_control": {"type": "ephemeral"}}
    assert body.startswith(SIMPLE[:-1])
    assert [saving.kind for saving in proxy.ledger.calls[0].opening.savings] == [SavingKind.PROMPT_CACHING]


@pytest.mark.parametrize("name", ["claude_code", "claude_code_tool_result", "codex", "anthropic_sdk"])
async def test_real_requests_go_out_as_they_came(name: str, autojump_clock: trio.abc.Clock) -> None:
    request = captured(name)
    path = request.target.partition("?")[0]
    path = path if name != "codex" else "/openai" + path
    visit = Visit(path, request.body, headers=tuple(request.headers))
    proxy = await serve(visit, replay={}, routing=ON)
    body, _ = sent(proxy)
    assert body == request.body


async def test_a_compressed_request_is_read_but_not_edited(autojump_clock: trio.abc.Clock) -> None:
    packed = zstandard.compress(SIMPLE)
    coding = ((b"content-encoding", b"zstd"),)
    visits = [Visit(body=packed, headers=(*ALICE, *coding)), Visit(body=[(1.0, SIMPLE)], headers=ALICE)]
    proxy = await serve(*visits, replay={}, routing=ON)
    assert sent(proxy)[0] == packed
    [saving] = proxy.ledger.calls[0].opening.savings
    assert "compressed" in (saving.held_back or "")
    assert len(proxy.scripted.calls) == 1  # the plain one is the same request


async def test_the_cache_that_the_last_answer_used_holds_the_session_where_it_is(
    autojump_clock: trio.abc.Clock,
) -> None:
    session = ((b"x-claude-code-session-id", b"s1"),)
    body = SIMPLE.replace(b'"role":"user"', b'"role": "user"')
    hard = b'{"model":"claude-opus-4-8","messages":[{"role":"user","content":[{"type":"tool_result"}]}]}'
    warm = message("One.", usage=CACHED)
    visits = [
        Visit(body=hard, headers=(*ALICE, *session)),
        Visit(body=[(40.0, SIMPLE)], headers=(*ALICE, *session)),
        Visit(body=[(41.0, body)], headers=ALICE),  # another session
        Visit(body=[(42.0, body)], headers=((b"x-api-key", b"sk-bob"), *session)),  # another credential
        Visit(body=[(400.0, SIMPLE)], headers=(*ALICE, *session)),  # the cache has gone cold
    ]
    proxy = await serve(*visits, script=warm.script(), routing=ON, silence_s=1_000.0)
    models = [call.opening.model_sent for call in sorted(proxy.ledger.calls, key=lambda call: call.opening.started_at)]
    opus, haiku = "claude-opus-4-8", "claude-haiku-4-5"
    assert models == [opus, opus, haiku, haiku, haiku]
    held = [saving.held_back for call in proxy.ledger.calls for saving in call.opening.savings if saving.held_back]
    assert held == ["the cache of claude-opus-4-8 is warm (used 40 s ago)"]


async def test_the_cache_is_that_of_the_model_that_was_sent(autojump_clock: trio.abc.Clock) -> None:
    """Routed to the cheap model, the session is warm there: for the top model that is none of its caches."""
    session = ((b"x-claude-code-session-id", b"s1"),)
    visits = [Visit(body=[(after_s, SIMPLE)], headers=(*ALICE, *session)) for after_s in (0.0, 40.0)]
    proxy = await serve(*visits, script=message("One.", usage=CACHED).script(), routing=ON)
    assert [call.opening.model_sent for call in proxy.ledger.calls] == ["claude-haiku-4-5"] * 2


async def test_an_answer_that_was_cut_has_used_the_cache_as_well(autojump_clock: trio.abc.Clock) -> None:
    stream = message_stream("One two.", usage=CACHED)
    cut = await serve(Visit(body=SIMPLE), script=stream.up_to(2).script(then=Close()), routing=ON)
    assert cut.ledger.calls[0].usage_source == "mixed"
    assert len(cut.caches) == 1
    unheard = await serve(Visit(body=SIMPLE), script=Script.of(Close()), routing=ON)
    assert len(unheard.caches) == 0


CHAT = b'{"model":"gpt-5", "stream":true, "messages":[]}'


@pytest.mark.parametrize(
    ("path", "body", "asks"),
    [
        ("/openai/v1/chat/completions", CHAT, True),
        ("/openai/v1/chat/completions", CHAT.replace(b"true", b"false"), False),
        ("/openai/v1/chat/completions", CHAT[:-1] + b',"stream_options":{"include_usage":true}}', False),
        ("/openai/v1/responses", CHAT, False),
    ],
)
async def test_usage_is_asked_for_where_the_client_has_not(
    path: str, body: bytes, asks: bool, autojump_clock: trio.abc.Clock
) -> None:
    proxy = await serve(Visit(path, body), include_usage=True)
    out, _ = sent(proxy)
    assert out == (body[:-1] + b',"stream_options":{"include_usage":true}}' if asks else body)


async def test_a_body_of_too_many_members_is_not_edited(autojump_clock: trio.abc.Clock) -> None:
    body = json.dumps({**json.loads(CHAT), **{f"n{number}": 0 for number in range(MAX_MEMBERS)}}).encode()
    proxy = await serve(Visit("/openai/v1/chat/completions", body), include_usage=True)
    assert sent(proxy)[0] == body


async def test_a_request_that_was_not_sent_used_nothing(autojump_clock: trio.abc.Clock) -> None:
    proxy = await serve(Visit(body=SIMPLE, headers=ALICE), script=Script.of(Refuse()))
    [call] = proxy.ledger.calls
    assert (call.outcome, call.usage_source, call.reading.usage) == (CallOutcome.CONNECT_FAILED, "none", None)


async def test_a_request_that_was_sent_used_about_what_it_is_long(autojump_clock: trio.abc.Clock) -> None:
    proxy = await serve(Visit(body=SIMPLE, headers=ALICE), script=Script.of(5.0, Close()))
    [call] = proxy.ledger.calls
    assert call.usage_source == "estimated"
    assert call.reading.usage is not None
    assert (call.reading.usage.input_tokens or 0) > 5


async def test_a_call_that_ends_before_its_usage_is_not_free(autojump_clock: trio.abc.Clock) -> None:
    stream = message_stream("One two three four five six seven eight nine ten.")
    visit = Visit(body=SIMPLE, headers=ALICE)
    proxy = Proxy(stream.script(head_after_s=1.0, every_s=1.0))

    async def leave() -> None:
        await trio.sleep(8.5)
        visit.leave()

    await proxy.open(visit, acts=[leave])
    [call] = proxy.ledger.calls
    assert call.usage_source == "mixed"
    assert isinstance(call.reading.usage, Usage)
    assert call.reading.usage.output_tokens


async def test_a_long_input_is_not_sent_to_a_short_context(autojump_clock: trio.abc.Clock) -> None:
    long = {"role": "user", "content": "word " * 200_000}
    body = json.dumps(
        {"model": "claude-opus-4-8", "messages": [long, {"role": "assistant", "content": "ok"}, QUESTION]}
    ).encode()
    proxy = await serve(Visit(body=body, headers=ALICE), routing=ON, max_request_bytes=2 * READ_BYTES)
    assert sent(proxy)[0] == body
    [saving] = proxy.ledger.calls[0].opening.savings
    assert saving.held_back is not None
    assert "so long an input" in saving.held_back


@pytest.mark.parametrize("sampled", [False, True])
async def test_a_body_that_is_too_large_to_be_read_goes_out_as_it_came(
    sampled: bool, autojump_clock: trio.abc.Clock
) -> None:
    body = json.dumps({"model": "claude-opus-4-8", "pad": " " * READ_BYTES, "messages": [QUESTION]}).encode()
    replay = {"max_body_bytes": 2 * READ_BYTES, "max_total_bytes": 4 * READ_BYTES, "sampled": sampled}
    visits = [Visit(body=body, headers=ALICE), Visit(body=[(1.0, body)], headers=ALICE)]
    proxy = await serve(
        *visits, routing={**ON, "prompt_caching": True}, replay=replay, max_request_bytes=2 * READ_BYTES
    )
    assert [bytes(call.body) for call in proxy.scripted.calls] == [body, body]  # none is replayed
    assert {call.opening.savings for call in proxy.ledger.calls} == {()}


async def test_policies_are_those_of_the_provider_and_of_generations_alone(autojump_clock: trio.abc.Clock) -> None:
    visits = [Visit(body=SIMPLE), Visit("/v1/models", b"", method="GET")]
    proxy = await serve(*visits, disconnect={"policy": "drain"})
    assert {call.opening.path: call.opening.policy.value for call in proxy.ledger.calls} == {
        "/v1/messages": "drain",
        "/v1/models": "abort",
    }


async def test_the_last_word_is_sent_although_something_was_taken_out_before_it(autojump_clock: trio.abc.Clock) -> None:
    """Fewer bytes go out than came in, and the client has everything."""
    delta = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'
    sse = ((b"content-type", b"text/event-stream"),)
    script = Script.of(Head(headers=sse), Chunk(delta), Chunk(usage), Chunk(b"data: [DONE]\n\n"), 60.0, End())
    visit = Visit("/openai/v1/chat/completions", CHAT)
    proxy = Proxy(script, include_usage=True)

    async def leave() -> None:
        await trio.sleep(1.0)
        visit.leave()

    await proxy.open(visit, acts=[leave])
    assert visit.body == delta + b"data: [DONE]\n\n"
    [exchange] = proxy.ledger.exchanges
    assert exchange.outcome == "delivered"
