"""What the SDKs raise when something goes wrong, and what happens when it is they who leave."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest
import trio
from support.asking import ASKS, CLAUDE, GPT, LEAVES_GENERATORS, TEXT, options
from support.proxied import by_target, proxied

from trioproxy.lab.answers import (
    anthropic_error,
    chat_stream,
    message,
    message_stream,
    openai_error,
    response_stream,
)
from trioproxy.lab.script import Refuse, Reset, Script, Silence
from trioproxy.lab.upstream import ScriptedUpstream

pytestmark = [pytest.mark.slow, LEAVES_GENERATORS]


async def test_the_upstreams_errors_are_raised_as_its_own(tmp_path: Path) -> None:
    limited = anthropic_error(429, "Too many tokens.", retry_after_s=7)
    overloaded = anthropic_error(529, "Overloaded")
    quota = openai_error(429, "Quota.", retry_after_s=9)
    unknown = openai_error(404, "No such model.")
    scripts = [each.script() for each in (limited, overloaded, message(TEXT), quota, unknown)]
    async with proxied(tmp_path, scripts) as (proxy, _):
        async with anthropic.AsyncAnthropic(**options(proxy, "")) as client:
            with pytest.raises(anthropic.RateLimitError) as too_many:
                await client.messages.create(**CLAUDE, stream=True)
            assert too_many.value.response.content == limited.body
            assert too_many.value.response.headers["retry-after"] == "7"
            assert "x-trioproxy-error" not in too_many.value.response.headers
            assert too_many.value.request_id == "req_011ScriptedScriptedScript"
            # The SDK's own retry: two requests, two rows.
            again = await client.with_options(max_retries=1).messages.create(**CLAUDE)
            assert again.stop_reason == "end_turn"
        async with openai.AsyncOpenAI(**options(proxy, "/openai/v1")) as gpt:
            with pytest.raises(openai.RateLimitError) as quota_error:
                await gpt.responses.create(**ASKS)
            assert quota_error.value.response.content == quota.body
            assert quota_error.value.code == "rate_limit_exceeded"
            with pytest.raises(openai.NotFoundError, match="No such model"):
                await gpt.chat.completions.create(**GPT)
        rows = await proxy.settled(5)
        assert [(row["status"], row["call_status"]) for row in rows] == [(s, s) for s in (429, 529, 200, 429, 404)]
        assert {(row["call_outcome"], row["outcome"]) for row in rows} == {("completed", "delivered")}


async def test_our_own_errors_are_raised_as_the_apis(tmp_path: Path) -> None:
    async with ScriptedUpstream(Script.of(Refuse())) as nobody, ScriptedUpstream(Script.of(Silence())) as silent:
        providers = {
            "gone": {"base_url": nobody.url, "dialect": "openai"},
            "mute": {"base_url": silent.url, "dialect": "openai"},
            "anthropic": {"base_url": nobody.url},
        }
        limits: dict[str, dict[str, Any]] = {"server": {"max_request_bytes": 4096}, "timeouts": {"first_byte": 0.3}}
        async with proxied(tmp_path, Script.of(Silence()), providers=providers, **limits) as (proxy, _):
            async with anthropic.AsyncAnthropic(**options(proxy, "")) as client:
                with pytest.raises(anthropic.InternalServerError) as refused:
                    await client.messages.create(**CLAUDE)
                assert refused.value.status_code == 502
                assert refused.value.response.headers["x-trioproxy-error"] == "upstream_connect_failed"
                with pytest.raises(anthropic.RequestTooLargeError) as too_large:
                    await client.messages.create(**CLAUDE, system="x" * 5000)
                assert too_large.value.type == "request_too_large"

            async def fails(provider: str, **more: Any) -> openai.APIStatusError:
                async with openai.AsyncOpenAI(**options(proxy, provider)) as gpt:
                    with pytest.raises(openai.APIStatusError) as error:
                        await gpt.chat.completions.create(**{**GPT, **more})
                    assert error.value.response.headers["x-trioproxy-error"] == error.value.code
                    return error.value

            gone = await fails("/gone/v1")
            assert isinstance(gone, openai.InternalServerError)
            assert (gone.status_code, gone.code) == (502, "upstream_connect_failed")
            mute = await fails("/mute/v1")
            assert (mute.status_code, mute.code) == (504, "upstream_timeout")
            unknown = await fails("/nobody/v1")
            assert isinstance(unknown, openai.NotFoundError)
            assert unknown.code == "unknown_provider"
            assert "groq" in unknown.message
            large = await fails("/openai/v1", user="x" * 5000)
            assert (large.status_code, large.code) == (413, "request_too_large")

            rows = await proxy.settled(5)  # an unknown provider has no route, so no row
            assert [(row["status"], row["outcome"], row["call_outcome"]) for row in rows] == [
                (502, "upstream_failed", "connect_failed"),
                (413, "rejected", None),
                (502, "upstream_failed", "connect_failed"),
                (504, "upstream_failed", "timeout"),
                (413, "rejected", None),
            ]
            assert {row["served_by"] for row in rows} == {"proxy"}


async def heard(stream: AsyncIterable[Any], kind: str) -> None:
    """Listen until an event of that kind, and no longer."""
    events: Any = aiter(stream)
    async with aclosing(events):
        async for event in events:
            if event.type == kind:
                return


async def test_a_stream_that_is_left_early(tmp_path: Path) -> None:
    """`break` and the end of the `with` block: the upstream hears of it at once."""
    scripts = by_target(
        {
            "/v1/messages": message_stream(TEXT).up_to(5).script(then=Silence()),
            "/v1/chat/completions": chat_stream(TEXT).up_to(3).script(then=Silence()),
            "/v1/responses": response_stream(TEXT).up_to(6).script(then=Silence()),
        }
    )

    def leave_anthropic() -> None:
        with anthropic.Anthropic(**options(proxy, "")) as client, client.messages.stream(**CLAUDE) as stream:
            assert next(iter(stream.text_stream)) == "Bytes "

    def leave_chat() -> None:
        client = openai.OpenAI(**options(proxy, "/openai/v1"))
        with client, client.chat.completions.create(**GPT, stream=True) as stream:
            assert len(list(itertools.islice(stream, 2))) == 2

    async with proxied(tmp_path, scripts) as (proxy, upstream):
        async with anthropic.AsyncAnthropic(**options(proxy, "")) as client:
            async with client.messages.stream(**CLAUDE) as stream:
                await heard(stream, "text")
            await upstream.wait_left(1)
        async with openai.AsyncOpenAI(**options(proxy, "/openai/v1")) as gpt:
            async with await gpt.responses.create(**ASKS, stream=True) as events:
                await heard(events, "response.output_text.delta")
            await upstream.wait_left(2)
        await trio.to_thread.run_sync(leave_anthropic)
        await upstream.wait_left(3)
        await trio.to_thread.run_sync(leave_chat)
        await upstream.wait_left(4)
        rows = await proxy.settled(4)
        assert {(row["call_outcome"], row["outcome"], row["stop_reason"]) for row in rows} == {
            ("abandoned", "client_left", "incomplete")
        }
        assert [row["model"] for row in rows] == ["claude-haiku-4-5", "gpt-5-mini", "claude-haiku-4-5", "gpt-5-mini"]
        assert proxy.stderr().count("[stream] abandoned: client left while between chunks") == 4
        assert "Traceback" not in proxy.stderr()


async def test_a_stream_that_breaks_is_an_exception(tmp_path: Path) -> None:
    """Never a short answer that looks whole."""
    words: list[str] = []

    async def listen(client: anthropic.AsyncAnthropic) -> None:
        async with client.messages.stream(**CLAUDE) as stream:
            async for word in stream.text_stream:
                words.append(word)

    async with proxied(tmp_path, message_stream(TEXT).up_to(6).script(then=Reset())) as (proxy, _):
        async with anthropic.AsyncAnthropic(**options(proxy, "")) as client:
            with pytest.raises(httpx2.RemoteProtocolError, match="peer closed connection without"):
                await listen(client)
        assert "".join(words) == "Bytes are the "
        [row] = await proxy.settled(1)
        ending = (row["call_outcome"], row["outcome"], row["stop_reason"])
        assert ending == ("truncated", "upstream_failed", "incomplete")
