"""The official SDKs, asynchronous (natively under trio) and synchronous (in a thread), through the proxy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
import trio
from support.asking import ASKS, CLAUDE, EMBEDS, GPT, LEAVES_GENERATORS, TEXT, WORDS, options
from support.proxied import proxied
from support.server import RunningProxy

from trioproxy.lab.answers import answer_to
from trioproxy.lab.received import Received
from trioproxy.lab.script import Script

pytestmark = [pytest.mark.slow, LEAVES_GENERATORS]
# The same request again and again, and each time a call.
OFF = {"enabled": False}


def says(received: Received) -> Script:
    return answer_to(received.path, received.headers, bytes(received.body), TEXT).script()


def facts(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("path", "model", "input_tokens", "output_tokens", "usage_source"))


async def booked(proxy: RunningProxy, source: str, *expected: tuple[Any, ...]) -> None:
    """These rows, completed and delivered to `source`, and no other."""
    rows = await proxy.settled(len(expected))
    assert [facts(row) for row in rows] == list(expected)
    for row in rows:
        assert (row["call_outcome"], row["outcome"], row["served_by"]) == ("completed", "delivered", "call")
        assert (row["source"], row["status"], row["http_version"], row["error"]) == (source, 200, "1.1", None)


MESSAGES_BOOKED = (
    ("/v1/messages", "claude-haiku-4-5", 2, WORDS, "reported"),
    ("/v1/messages", "claude-haiku-4-5", 2, WORDS, "reported"),
    ("/v1/messages/count_tokens", None, None, None, "none"),
    ("/v1/models", None, None, None, "none"),
)


async def test_anthropic_async(tmp_path: Path) -> None:
    async with proxied(tmp_path, says, replay=OFF) as (proxy, _):
        async with anthropic.AsyncAnthropic(**options(proxy, "")) as client:
            whole = await client.messages.create(**CLAUDE)
            assert [(block.type, block.text) for block in whole.content if block.type == "text"] == [("text", TEXT)]
            async with client.messages.stream(**CLAUDE) as stream:
                words = [word async for word in stream.text_stream]
                final = await stream.get_final_message()
            assert (len(words), "".join(words)) == (WORDS, TEXT)
            assert final.usage.output_tokens == whole.usage.output_tokens == WORDS
            counted = await client.messages.count_tokens(model=CLAUDE["model"], messages=CLAUDE["messages"])
            assert counted.input_tokens == 2
            assert [model.id async for model in client.models.list()] == ["claude-haiku-4-5", "claude-sonnet-4-6"]
        await booked(proxy, "anthropic-sdk", *MESSAGES_BOOKED)


async def test_anthropic_sync(tmp_path: Path) -> None:
    def talk() -> tuple[str, str]:
        with anthropic.Anthropic(**options(proxy, "")) as client:
            whole = client.messages.create(**CLAUDE)
            with client.messages.stream(**CLAUDE) as stream:
                words = list(stream.text_stream)
            assert len(words) == WORDS
            client.messages.count_tokens(model=CLAUDE["model"], messages=CLAUDE["messages"])
            assert len(list(client.models.list())) == 2
            return "".join(block.text for block in whole.content if block.type == "text"), "".join(words)

    async with proxied(tmp_path, says, replay=OFF) as (proxy, _):
        assert await trio.to_thread.run_sync(talk) == (TEXT, TEXT)
        await booked(proxy, "anthropic-sdk", *MESSAGES_BOOKED)


CHAT_BOOKED = (
    ("/openai/v1/chat/completions", "gpt-5-mini", 2, WORDS, "reported"),
    ("/openai/v1/chat/completions", "gpt-5-mini", 2, WORDS, "reported"),
    # Chat that does not ask for its usage is not told: the ledger has an estimate, and says so.
    ("/openai/v1/chat/completions", "gpt-5-mini", 8, 11, "estimated"),
    ("/openai/v1/responses", "gpt-5-mini", 2, WORDS, "reported"),
    ("/openai/v1/responses", "gpt-5-mini", 2, WORDS, "reported"),
    ("/openai/v1/embeddings", "text-embedding-3-small", 3, 0, "reported"),
)


async def test_openai_async(tmp_path: Path) -> None:
    async with proxied(tmp_path, says, replay=OFF) as (proxy, upstream):
        async with openai.AsyncOpenAI(**options(proxy, "/openai/v1")) as client:
            whole = await client.chat.completions.create(**GPT)
            assert whole.choices[0].message.content == TEXT
            told = await client.chat.completions.create(**GPT, stream=True, stream_options={"include_usage": True})
            chunks = [chunk async for chunk in told]
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == TEXT
            assert chunks[-1].usage is not None
            assert chunks[-1].usage.completion_tokens == WORDS
            untold = await client.chat.completions.create(**GPT, stream=True)
            assert "".join([chunk.choices[0].delta.content or "" async for chunk in untold]) == TEXT
            response = await client.responses.create(**ASKS)
            assert response.output_text == TEXT
            events = [event async for event in await client.responses.create(**ASKS, stream=True)]
            assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == TEXT
            embedded = await client.embeddings.create(**EMBEDS)
            assert (len(embedded.data), embedded.usage.prompt_tokens) == (2, 3)
        await booked(proxy, "openai-sdk", *CHAT_BOOKED)
        # Nothing is slipped into a request, wanted as usage might be.
        assert "stream_options" not in upstream.requests[2].json()


async def test_openai_sync(tmp_path: Path) -> None:
    def talk() -> None:
        with openai.OpenAI(**options(proxy, "/openai/v1")) as client:
            assert client.chat.completions.create(**GPT).choices[0].message.content == TEXT
            for more in ({"stream_options": {"include_usage": True}}, {}):
                chunks = list(client.chat.completions.create(**GPT, stream=True, **more))
                assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
            assert client.responses.create(**ASKS).output_text == TEXT
            *_, last = client.responses.create(**ASKS, stream=True)
            assert last.type == "response.completed"
            assert len(client.embeddings.create(**EMBEDS).data) == 2

    async with proxied(tmp_path, says, replay=OFF) as (proxy, _):
        await trio.to_thread.run_sync(talk)
        await booked(proxy, "openai-sdk", *CHAT_BOOKED)
