"""Usage that the proxy asks for in the client's place, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.guest import Guest
from support.proxied import proxied

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.lab.upstream import ScriptedUpstream

STREAM = message_stream("One two three four five six.")

# What the proxy asks for in the client's place.


CHAT = b'{"model": "gpt-5", "stream": true, "messages": [{"role": "user", "content": "hi"}]}'

DELTA = b'data: {"id":"c1","model":"gpt-5","choices":[{"index":0,"delta":{"content":"Hello"}}],"usage":null}\n\n'

LAST = b'data: {"id":"c1","model":"gpt-5","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n'

USAGE = b'data: {"id":"c1","model":"gpt-5","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}\n\n'

DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("cut", [1, 7, 10_000])
async def test_usage_that_the_client_did_not_ask_for_is_booked_and_not_shown(cut: int, tmp_path: Path) -> None:
    answer = DELTA + LAST + USAGE + DONE
    pieces = [Chunk(answer[at : at + cut]) for at in range(0, len(answer), cut)]
    script = Script.of(Head(headers=STREAM.headers), *pieces, End())
    providers = {"openai": {"include_usage": True}}
    async with ScriptedUpstream(script) as upstream:
        providers["openai"]["base_url"] = upstream.url  # type: ignore[assignment]
        async with proxied(tmp_path, script, providers=providers) as (proxy, _):
            guest = await Guest.arrive("h1", proxy.port)
            await guest.ask("/openai/v1/chat/completions", CHAT)
            seen = await guest.stay()
            guest.close()
            [row] = await proxy.settled(1)
    assert seen.complete
    assert seen.body == DELTA + LAST + DONE
    assert (row["usage_source"], row["input_tokens"], row["output_tokens"]) == ("reported", 9, 1)
    assert row["outcome"] == "delivered"
    [received] = upstream.requests
    assert bytes(received.body) == CHAT[:-1] + b',"stream_options":{"include_usage":true}}'
