"""The acts of the demo: each a client that asks the proxy, and what is found."""

from __future__ import annotations

import time
from typing import Any

from trioproxy.lab.client import LabClient
from trioproxy.lab.received import Received
from trioproxy.lab.screen import Screen
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.model import RawHeaders

ACTS = 4
# The client leaves after so many words.
WORDS_BEFORE_LEAVING = 14
# Which act a request is of. No others count here, though others may come: the port is open.
ACT_HEADER = b"x-demo-act"
SOURCE = "trioproxy-demo"
# A request may ask for a broken answer with this header.
ENDING_HEADER = b"x-demo-ending"
# The provider whose calls live on without a client.
PATIENT_PROVIDER = "deepseek"
ANTHROPIC: RawHeaders = ((b"anthropic-version", b"2023-06-01"),)


def act_of(received: Received) -> int | None:
    """The act that a request is of, from 1; None for a request that is not the demo's."""
    acts = {b"%d" % number: number for number in range(1, ACTS + 1)}
    return acts.get(received.header(ACT_HEADER) or b"")


async def whole(screen: Screen, url: str) -> None:
    """An answer to its end."""
    screen.act("A whole answer")
    begun_at = time.monotonic()
    async with await LabClient.connect(url) as client:
        await client.post("/v1/messages", _question("claude-haiku-4-5", "Hello?"), (*ANTHROPIC, *_own(1)))
        first_ms = (time.monotonic() - begun_at) * 1000
        words = await _read(screen, client)
    screen.whole(words, first_ms, client.ending)


async def left(screen: Screen, url: str, upstream: ScriptedUpstream) -> None:
    """The client hangs up in the middle; how soon the upstream is told."""
    screen.act("The client leaves in the middle")
    async with await LabClient.connect(url) as client:
        await client.post("/v1/messages", _question("claude-haiku-4-5", "Something else?"), (*ANTHROPIC, *_own(2)))
        words = await _read(screen, client, words=WORDS_BEFORE_LEAVING)
        left_at = client.leave()
        await upstream.wait_until(lambda: any(act_of(each) == 2 for each in upstream.left), "the departure")
    [received] = [each for each in upstream.left if act_of(each) == 2]
    assert received.left_at is not None
    screen.left((received.left_at - left_at) * 1000, received.left_by, words)


async def broken(screen: Screen, url: str) -> None:
    """The upstream breaks off in the middle; what the client sees of it."""
    screen.act("The upstream breaks off in the middle")
    question = _question("gpt-5-mini", "And now?") | {"stream_options": {"include_usage": True}}
    async with await LabClient.connect(url) as client:
        await client.post("/openai/v1/chat/completions", question, (*_own(3), (ENDING_HEADER, b"reset")))
        words = await _read(screen, client)
    screen.broken(client.ending, words)


async def came_back(screen: Screen, url: str, upstream: ScriptedUpstream) -> None:
    """The client loses its patience in the middle, asks the same again, and is told all of the answer it left."""
    screen.act("The client leaves, comes back, and pays once")
    question = _question("deepseek-chat", "Once more?") | {"stream_options": {"include_usage": True}}
    path = f"/{PATIENT_PROVIDER}/v1/chat/completions"
    async with await LabClient.connect(url) as client:
        await client.post(path, question, _own(4))
        before = await _read(screen, client, words=WORDS_BEFORE_LEAVING)
        client.leave()
    screen.left_and_back(before)
    async with await LabClient.connect(url) as client:
        await client.post(path, question, _own(4))
        words = await _read(screen, client)
    calls = sum(act_of(each) == 4 for each in upstream.requests)
    screen.came_back(words, calls, client.ending)


def _own(act: int) -> RawHeaders:
    return ((b"user-agent", SOURCE.encode()), (ACT_HEADER, b"%d" % act))


def _question(model: str, words: str) -> dict[str, Any]:
    return {"model": model, "max_tokens": 200, "stream": True, "messages": [{"role": "user", "content": words}]}


async def _read(screen: Screen, client: LabClient, words: int | None = None) -> int:
    """Type what comes, up to `words` words; how many came."""
    count = 0
    while count != words and (data := await client.event_data()) is not None:
        match data:
            case {"delta": {"text": str(text)}} | {"choices": [{"delta": {"content": str(text)}}, *_]} if text:
                screen.type(text)
                count += 1
    return count
