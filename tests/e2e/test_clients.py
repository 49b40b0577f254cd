"""What real clients do, replayed byte for byte: Claude Code, Codex, the SDKs of three makers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from support.captures import Captured, captured
from support.h1 import H1Client, Reply
from support.h2c import H2Client
from support.proxied import Proxied, proxied

from trioproxy.lab.answers import answer_to, response_stream
from trioproxy.lab.received import Received
from trioproxy.lab.script import Script, Silence
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.model import RawHeaders

pytestmark = pytest.mark.slow

TEXT = "As you wish."
LAST_EVENT = b"event: response.completed\n"
SESSION = "01a206ef-0000-7000-8000-000000000001"
# ADR 0012: what a request loses, and what it gets in its place (at the end, save the host).
LOST = {b"host", b"connection", b"accept-encoding", b"content-length"}

# capture, prefix of the base URL, then of the row: source, session, agent, model, effort
TURNS: tuple[tuple[str, str, tuple[str | None, ...]], ...] = (
    ("claude_code", "", ("claude-code", SESSION, None, "claude-opus-5-5", "medium")),
    ("claude_code_tool_result", "", ("claude-code", SESSION, None, "claude-opus-5-5", "medium")),
    ("claude_code_title", "", ("claude-code", SESSION, None, "claude-opus-5-5", "medium")),
    ("claude_code_auth_token", "", ("claude-code", SESSION, None, "claude-opus-5-5", "medium")),
    ("claude_code_agent", "", ("claude-code", SESSION, SESSION[:-1] + "3", "claude-opus-5-5", "medium")),
    ("claude_code_old", "", ("claude-code", SESSION, None, "claude-opus-4-8", "high")),
    ("codex", "/openai", ("codex", SESSION, None, "gpt-6.1-sol", "low")),
    ("codex_builtin", "/openai", ("codex", SESSION, None, "gpt-6.1-sol", "low")),
    ("codex_gpt5", "/openai", ("codex", SESSION, None, "gpt-5.1", "standard")),
    ("anthropic_sdk", "", ("anthropic-sdk", None, None, "claude-haiku-4-5", "standard")),
    ("openai_sdk_chat", "/openai", ("openai-sdk", None, None, "gpt-5", "standard")),
    ("openai_sdk_responses", "/openai", ("openai-sdk", None, None, "gpt-5", "standard")),
)
# Requests that generate nothing, or in a dialect that is not read: passed on with their own `accept-encoding`.
OTHERS = (
    ("anthropic_sdk_count_tokens", "", "anthropic-sdk"),
    ("gemini_sdk", "/gemini", "google-genai-sdk"),
)


def says(received: Received) -> Script:
    return answer_to(received.path, received.headers, bytes(received.body), TEXT).script()


async def replay(client: H1Client, request: Captured) -> Reply:
    await client.send(request.wire)
    client.expect(request.method)
    with trio.fail_after(10):
        return await client.reply()


def passed(request: Captured, *, lost: set[bytes]) -> RawHeaders:
    """The headers that must arrive, in this order: the client's, their names in lower case."""
    return tuple((name.lower(), value) for name, value in request.headers if name.lower() not in lost)


async def test_turns_arrive_as_they_were_sent(tmp_path: Path) -> None:
    async with proxied(tmp_path, says) as (proxy, upstream):
        for name, prefix, booked in TURNS:
            request = captured(name)
            async with await H1Client.connect(proxy.port) as client:
                reply = await replay(client, request.to(prefix))
            received = upstream.requests[-1]
            assert (received.method, received.target) == (request.method, request.target), name
            assert bytes(received.body) == request.body, name
            assert received.headers == (
                (b"host", b"127.0.0.1:%d" % upstream.port),
                *passed(request, lost=LOST),
                (b"accept-encoding", b"identity"),
                (b"content-length", b"%d" % len(request.body)),
            ), name
            answer = answer_to(received.path, received.headers, request.body, TEXT)
            assert (reply.complete, reply.body) == (True, answer.body), name
            row = (await proxy.settled(len(upstream.requests)))[-1]
            columns = ("source", "session", "agent", "model_requested", "effort")
            assert tuple(row[column] for column in columns) == booked, name
            assert (row["call_outcome"], row["outcome"], row["model"]) == ("completed", "delivered", booked[3]), name


async def test_other_requests_keep_even_their_accept_encoding(tmp_path: Path) -> None:
    async with ScriptedUpstream(says) as google:
        providers = {"gemini": {"base_url": google.url, "dialect": "openai"}}
        async with proxied(tmp_path, says, providers=providers) as (proxy, upstream):
            for count, (name, prefix, source) in enumerate(OTHERS, 1):
                request, asked = captured(name), google if prefix == "/gemini" else upstream
                async with await H1Client.connect(proxy.port) as client:
                    assert (await replay(client, request.to(prefix))).complete
                received = asked.requests[-1]
                assert (received.target, bytes(received.body)) == (request.target, request.body)
                assert received.headers == (
                    (b"host", b"127.0.0.1:%d" % asked.port),
                    *passed(request, lost={b"host", b"connection"}),
                )
                row = (await proxy.settled(count))[-1]
                assert (row["source"], row["call_outcome"], row["outcome"]) == (source, "completed", "delivered")


async def test_claude_code_stays_on_its_connection(tmp_path: Path) -> None:
    """Turn after turn on one connection, towards the upstream as well."""
    async with proxied(tmp_path, says) as (proxy, upstream):
        async with await H1Client.connect(proxy.port) as client:
            for name in ("claude_code", "claude_code_tool_result", "claude_code_agent"):
                assert (await replay(client, captured(name))).complete
        assert [received.connection.number for received in upstream.requests] == [1, 1, 1]


async def test_codex_leaves_after_its_last_event(tmp_path: Path) -> None:
    """It closes before the last chunk, which an upstream may not even have sent: it got everything."""
    request = captured("codex").to("/openai")
    answer = response_stream(TEXT, model="gpt-6.1-sol")
    scripts = [*[answer.script(then=Silence())] * 4, answer.script()]
    async with proxied(tmp_path, scripts) as (proxy, upstream):
        for how in ("close", "reset", "half_close"):
            async with await H1Client.connect(proxy.port) as client:
                await client.send(request.wire)
                client.expect("POST")
                with trio.fail_after(10):
                    await client.head()
                    assert await client.read(len(answer.body)) == answer.body
                getattr(client, how)()
        async with await H2Client.connect(proxy.port) as h2:
            headers = tuple((name.lower(), value) for name, value in request.headers if name.lower() != b"host")
            stream = await h2.request("POST", request.target, headers, request.body)
            with trio.fail_after(10):
                assert LAST_EVENT in (await h2.body(stream, len(answer.body))).body
            await h2.rst_stream(stream)
        # An upstream that had ended its answer, all of which the client takes.
        async with await H1Client.connect(proxy.port) as client:
            assert (await replay(client, request)).complete
        assert len(await upstream.wait_left(4)) == 4
        rows = await proxy.settled(5)
        assert {(row["call_outcome"], row["outcome"], row["bytes_out"]) for row in rows} == {
            ("completed", "delivered", len(answer.body))
        }
        assert {(row["source"], row["output_tokens"], row["usage_source"]) for row in rows} == {
            ("codex", 3, "reported")
        }
        assert "[stream]" not in proxy.stderr()


async def test_codex_falls_back_from_its_websocket_at_once(tmp_path: Path) -> None:
    request = captured("codex_websocket")
    async with proxied(tmp_path, says) as (proxy, upstream):
        for prefix, shape in (("", {"type", "error"}), ("/openai", {"error"})):
            async with await H1Client.connect(proxy.port) as client:
                reply = await replay(client, request.to(prefix))
                assert (reply.status, reply.complete) == (426, True)
                assert reply.head.header(b"x-trioproxy-error") == b"upgrade_required"
                assert reply.head.header(b"upgrade") is not None  # RFC 9110, 15.5.22: it must say to what
                assert json.loads(reply.body).keys() == shape
        async with await H1Client.connect(proxy.port) as client:
            assert (await replay(client, captured("codex_builtin").to("/openai"))).status == 200
        assert [received.method for received in upstream.requests] == ["POST"]


async def test_probes_are_answered_here_and_the_account_upstream(tmp_path: Path) -> None:
    async with proxied(tmp_path, says) as (proxy, upstream):
        for method, target in (("HEAD", "/"), ("GET", "/"), ("GET", "/api/hello"), ("HEAD", "/api/hello")):
            async with await H1Client.connect(proxy.port) as client:
                await client.request(method, target)
                reply = await client.reply()
                assert (reply.status, reply.complete) == (200, True)
                assert bool(reply.body) == (method == "GET")
        assert upstream.requests == []
        encoding = (b"accept-encoding", b"gzip, deflate, br, zstd")
        targets = ("/api/oauth/usage", "/api/event_logging/batch?x=1", "/v1/models?limit=1000")
        async with await H1Client.connect(proxy.port) as client:
            for target in targets:
                body = b'{"events":[]}' if "batch" in target else None
                await client.request("POST" if body else "GET", target, [encoding, (b"authorization", b"b")], body)
                assert (await client.reply()).complete
        assert [received.target for received in upstream.requests] == list(targets)
        assert {received.header(b"accept-encoding") for received in upstream.requests} == {encoding[1]}
        assert bytes(upstream.requests[1].body) == b'{"events":[]}'
        # Only the models are on a recorded route.
        [row] = await proxy.settled(1)
        assert row["path"] == "/v1/models"


async def test_a_burst_of_counting(tmp_path: Path) -> None:
    """Claude Code's /context: 27 requests on 13 connections at once."""
    request = captured("anthropic_sdk_count_tokens")

    def counts(received: Received) -> Script:
        return answer_to(received.path, received.headers, bytes(received.body), TEXT).script(head_after_s=0.1)

    async def ask(stage: Proxied, turns: int) -> None:
        async with await H1Client.connect(stage.proxy.port) as client:
            for _ in range(turns):
                reply = await replay(client, request)
                assert json.loads(reply.body) == {"input_tokens": 1}

    async with proxied(tmp_path, counts) as stage:
        async with trio.open_nursery() as nursery:
            for number in range(13):
                nursery.start_soon(ask, stage, 3 if number == 0 else 2)
        rows = await stage.proxy.settled(27)
        assert {(row["path"], row["call_outcome"], row["status"]) for row in rows} == {
            ("/v1/messages/count_tokens", "completed", 200)
        }
        first = stage.upstream.requests[:13]
        assert max(received.head_at for received in first) < min(received.over_at or 0 for received in first)
