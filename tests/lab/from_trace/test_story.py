"""What of a run becomes a story, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from support.retelling import Moment, written

from trioproxy.lab.from_trace import Telling, retell
from trioproxy.lab.script import After, AtByte, Going, Leave, ReadOn
from trioproxy.rules.lifecycle import Phase
from trioproxy.trace.records import Event, Lane, Run, What


def remarks(*moments: Moment, **options: Any) -> str:
    return "\n".join(retell(written(*moments, **options)).remarks)


ASKS: Moment = (0.0, Lane.CLIENT, What.REQUEST, "POST /v1/messages")


@pytest.mark.parametrize(
    ("moments", "measures", "said"),
    [
        ([], {}, "answered by itself"),
        ([(1.0, Lane.PUMP, What.CANCELLED, "shutdown")], {}, "At 1 s the call was cancelled by a shutdown"),
        ([(1.0, Lane.CLIENT, What.FAULT, "the ledger fails")], {}, "At 1 s the lab did this"),
        ([], {"policy": "drain"}, "The policy drain applied"),
        ([], {"content_coding": "gzip"}, "encoded (gzip)"),
        ([], {"dropped_events": 7}, "7 chunks or phases"),
        ([], {"exchange": "rejected"}, "The request was refused"),
        ([(1.0, Lane.UPSTREAM, What.BYTES, 9)], {}, "not kept"),
    ],
)
def test_what_a_story_cannot_tell_is_said(moments: list[Moment], measures: dict[str, Any], said: str) -> None:
    assert said in remarks(ASKS, *moments, measures=measures)


def test_what_is_all_told_needs_no_word() -> None:
    moments = [(1.0, Lane.UPSTREAM, What.BYTES, b"ab"), (1.0, Lane.UPSTREAM, What.END, "")]

    assert remarks(ASKS, *moments, measures={"policy": "abort"}, why="sampled") == "Made from run 1 of x: why sampled"


@pytest.mark.parametrize(
    ("request_line", "provider", "dialect", "path"),
    [
        ("POST /mine/v1/messages", "mine", "anthropic", "/v1/messages"),
        ("POST /mine/v1/responses", "mine", "openai", "/openai/v1/responses"),
        ("POST /groq/v1/chat/completions", "groq", "openai", "/groq/v1/chat/completions"),
        ("GET /v1/models", "anthropic", "anthropic", "/v1/models"),
    ],
)
def test_a_provider_of_ones_own_is_one_that_every_proxy_knows(
    request_line: str, provider: str, dialect: str, path: str
) -> None:
    asks: Moment = (0.0, Lane.CLIENT, What.REQUEST, request_line)
    [client] = retell(written(asks, measures={"dialect": dialect}, provider=provider)).story.clients

    assert (client.ask.method, client.ask.path) == (request_line.partition(" ")[0], path)


def test_a_request_that_nobody_took_is_as_large_as_it_was() -> None:
    asks = Event(run="1", at_s=0.0, lane=Lane.CLIENT, what=What.REQUEST, note="POST /v1/messages", size_bytes=5000)
    phases = [
        Event(run="1", at_s=0.0, lane=Lane.PUMP, what=What.PHASE, note=phase)
        for phase in (Phase.CONNECTING, Phase.SENDING)
    ]
    told = Telling(Run(id="1", subject="x", cell={}), [asks, *phases])

    assert len(retell(told).story.clients[0].ask.body) == 5000
    assert len(retell(Telling(told.run, [asks])).story.clients[0].ask.body) < 100


def test_a_run_over_the_wire_is_told_from_what_the_client_saw() -> None:
    told = written(
        (0.1, Lane.UPSTREAM, What.ASKED, ""),
        (0.2, Lane.CLIENT, What.HEAD, "200"),
        (0.3, Lane.CLIENT, What.BYTES, 50),
        (0.5, Lane.CLIENT, What.LEFT, "RST"),
        (0.6, Lane.UPSTREAM, What.TOLD, "RST"),
    )
    story = retell(told).story

    assert [type(action).__name__ for _, action in story.upstream[0].steps] == ["Head", "Chunk", "Silence"]
    assert story.clients[0].steps == ((AtByte(50), ReadOn()), (After(0.2), Leave(Going.RST)))
