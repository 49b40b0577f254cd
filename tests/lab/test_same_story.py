"""A script means the same over sockets, through the source that serves, and as a source of its own."""

from __future__ import annotations

from functools import partial

import pytest
from support.outcome import outcome

from trioproxy.lab.answers import message_stream
from trioproxy.lab.script import (
    Chunk,
    Close,
    End,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Raw,
    Refuse,
    Reset,
    RstStream,
    Script,
    Short,
    Silence,
    Take,
)
from trioproxy.lab.source import ScriptedSource
from trioproxy.lab.stories import names, shipped
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.sources.upstream import Upstream

A = Chunk(b"aaa")
BY_LENGTH = partial(Head, framing=Framing.LENGTH)
BY_CLOSE = Head(framing=Framing.CLOSE)
STORIES = {
    "chunked": Script.of(Head(headers=((b"x-own", b"1"),)), A, A, End()),
    "by length": Script.of(BY_LENGTH(), A, A, End()),
    "by the connection's end": Script.of(BY_CLOSE, A, End()),
    "without a body": Script.of(Head(204, framing=Framing.NONE), End()),
    "after an interim response": Script.of(Interim(), Head(404), A, End()),
    "byte by byte": message_stream("é 🐟").script(write_bytes=1),
    "FIN before the head": Script.of(Close()),
    "RST before the head": Script.of(Reset()),
    "no HTTP": Script.of(Raw(b"220 SMTP\r\n\r\n"), Close()),
    "refused": Script.of(Refuse()),
    "FIN in the body": Script.of(Head(), A, Close()),
    "RST in the body": Script.of(Head(), A, 0.02, Reset()),
    "short": Script.of(BY_LENGTH(), A, Short(3)),
    "garbled": Script.of(Head(), A, 0.02, Garble()),
    "RST_STREAM before the head": Script.of(RstStream()),
    "RST_STREAM in the body": Script.of(Head(), A, 0.02, RstStream()),
    "GOAWAY before the head": Script.of(GoAway()),
    "GOAWAY in the body": Script.of(Head(), A, GoAway()),
    "GOAWAY where only the end delimits": Script.of(BY_CLOSE, A, GoAway()),
    "RST where only the end delimits": Script.of(BY_CLOSE, A, 0.02, Reset()),
}


@pytest.mark.parametrize("story", STORIES)
async def test_it_means_the_same(story: str) -> None:
    async with ScriptedUpstream(STORIES[story]) as server, Upstream() as real:
        over_sockets = await outcome(real, server.url)
    without = await outcome(ScriptedSource(STORIES[story]), "http://upstream.test")

    assert over_sockets == without


# Silence ends by patience alone, which is not the source's. Whether a request that nobody reads is still being sent
# depends on what the kernel holds.
SHIPPED = [
    name
    for name in names()
    if name.startswith("upstream_")
    and shipped(name).upstream[0].ending != Silence()
    and shipped(name).upstream[0].take is not Take.NOTHING
]


@pytest.mark.parametrize("name", SHIPPED)
async def test_so_do_the_stories_that_come_with_the_lab(name: str) -> None:
    script = shipped(name).upstream[0]
    async with ScriptedUpstream(script) as server, Upstream() as real:
        over_sockets = await outcome(real, server.url)
    without = await outcome(ScriptedSource(script), "http://upstream.test")

    assert over_sockets == without
