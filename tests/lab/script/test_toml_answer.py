"""Whole answers as steps."""

from __future__ import annotations

import zlib

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.answers import (
    anthropic_error_event,
    chat,
    chat_stream,
    message,
    message_stream,
    openai_error_event,
    response,
    response_stream,
)
from trioproxy.lab.script import Chunk, End, Head, Script
from trioproxy.lab.script.toml import parse_story


def script(told: str) -> Script:
    return parse_story(f"[upstream]\n{told}", "x.toml").script(1)


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ('answer = "anthropic"\ntext = "a b"', message_stream("a b")),
        ('answer = "anthropic"\ntext = "a b"\nstream = false', message("a b")),
        ('answer = "openai"\ntext = "a b"\nmodel = "m"', chat_stream("a b", model="m")),
        ('answer = "openai"\ninclude_usage = true', chat_stream("One two three.", include_usage=True)),
        ('answer = "openai"\nstream = false', chat("One two three.")),
        ('answer = "responses"', response_stream("One two three.")),
        ('answer = "responses"\nstream = false', response("One two three.")),
    ],
)
def test_each_api(told: str, answer: object) -> None:
    assert script(told) == answer.script()  # type: ignore[attr-defined]


def test_when_its_parts_come() -> None:
    told = script('answer = "anthropic"\nafter = 2\nevery = 0.5')

    assert told == message_stream("One two three.").script(head_after_s=2.0, every_s=0.5)


def test_it_may_be_a_step_among_others() -> None:
    told = script('steps = [{ after = 1, answer = "openai", up_to = 2 }, { send = "x" }, { end = true }]')

    parts = [Chunk(part) for part in chat_stream("One two three.").parts[:2]]
    assert told == Script.of(1.0, told.steps[0][1], *parts, Chunk(b"x"), End())


def test_compressed_it_can_be_read_part_by_part() -> None:
    told = script('answer = "anthropic"\ngzip = true\nheaders = { x-a = "b" }')
    head = told.steps[0][1]
    reader = zlib.decompressobj(wbits=31)

    read = [reader.decompress(action.data) for _, action in told.steps if isinstance(action, Chunk)]

    assert tuple(read) == message_stream("One two three.").parts
    assert isinstance(head, Head)
    assert head.headers[-2:] == ((b"x-a", b"b"), (b"content-encoding", b"gzip"))


@pytest.mark.parametrize(
    ("api", "event"),
    [
        ("anthropic", anthropic_error_event()),
        ("openai", openai_error_event()),
        ("responses", b'data: {"type":"error","code":"server_error"'),
    ],
)
def test_the_event_that_tells_of_an_error(api: str, event: bytes) -> None:
    told = script(f'answer = "{api}"\nup_to = 4\nsteps = [{{ error_event = "{api}" }}, {{ end = true }}]')

    last = told.steps[-2][1]
    assert isinstance(last, Chunk)
    assert event in last.data


def test_what_is_no_answer() -> None:
    with pytest.raises(ConfigurationError) as caught:
        script('answer = "anthropics"\nup_to = "all"\ntext = 3')

    apis = '"anthropic", "openai", "responses"'
    assert caught.value.problems == [
        f'x.toml: line 2: upstream.answer: got "anthropics" (did you mean "anthropic"?); expected one of: {apis}',
        'x.toml: line 3: upstream.up_to: got "all"; expected a number of parts, from the end if negative',
        "x.toml: line 4: upstream.text: got 3; expected text in quotes",
    ]
