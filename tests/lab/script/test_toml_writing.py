"""How a story looks that is written."""

from __future__ import annotations

from trioproxy.lab.script import (
    After,
    Ask,
    AtEvent,
    Chunk,
    ClientScript,
    End,
    Framing,
    Going,
    Head,
    Leave,
    Resend,
    RstStream,
    Script,
    Story,
    Take,
)
from trioproxy.lab.script.toml_writing import write_story

WRITTEN = """name = "a \\"story\\" \\u007f"

[[upstream]]
take = "beside"
byte_by_byte = true
steps = [
    { after = 0.5, head = 200, headers = { content-type = "text/event-stream" } },
    { send = "data: é\\n\\n" },
    { send_base64 = "/w==" },
    { send = "ab", repeat = 500 },
    { fault = "rst_stream" },
]

[[upstream]]
steps = [
    { head = 204, headers = [["a", "1"], ["a", "2"]], framing = "none" },
    { end = true, hang_up = true },
]

[[client]]
begin = 1.5
method = "PUT"
path = "/x"
headers = { "!" = "y" }
body = { model = "m", "a b" = [1, { c = true }] }
steps = [
    { at_event = 3, leave = "RST" },
    { after = 1.0, resend = true },
]

[[client]]
path = "/v1/messages"
body = {}
"""


def test_it_reads_like_a_story() -> None:
    head = Head(headers=((b"content-type", b"text/event-stream"),))
    upstream = (
        Script.of(
            0.5,
            head,
            Chunk("data: é\n\n".encode()),
            Chunk(b"\xff"),
            Chunk(b"ab" * 500),
            RstStream(),
            take=Take.BESIDE,
            write_bytes=1,
        ),
        Script.of(Head(204, ((b"a", b"1"), (b"a", b"2")), Framing.NONE), End(hang_up=True)),
    )
    ask = Ask("/x", b'{"model":"m","a b":[1,{"c":true}]}', ((b"!", b"y"),), "PUT")
    clients = (
        ClientScript(ask, ((AtEvent(3), Leave(Going.RST)), (After(1.0), Resend()))),
        ClientScript(),
    )

    assert write_story(Story('a "story" \x7f', upstream, clients, (1.5,))) == WRITTEN
