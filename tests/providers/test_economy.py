"""Routing and prompt caching together, and what the savings say where one could not be done."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import zstandard
from support.captures import captured

from trioproxy.model import Saving, SavingKind
from trioproxy.providers.asking import MAX_MEMBERS
from trioproxy.providers.base import Kind
from trioproxy.providers.economy import MAX_MODEL_CHARS, Economy, economised, edits
from trioproxy.rules.cache_state import CacheState
from trioproxy.settings import RouteSettings, RoutingSettings
from trioproxy.wire.canonical import Json, parse, read

OPUS, HAIKU = "claude-opus-4-8", "claude-haiku-4-5"
OFF = RoutingSettings()
ROUTING = RoutingSettings(enabled=True, table={"gpt-5": RouteSettings(cheap="gpt-5-nano")})
CACHING = RoutingSettings(prompt_caching=True)
BOTH = RoutingSettings(enabled=True, prompt_caching=True)
BODY = json.dumps({"model": OPUS, "messages": [{"role": "user", "content": "hi"}]}).encode()
ROUTED = BODY.replace(OPUS.encode(), HAIKU.encode())
MARK = b', "cache_control": {"type": "ephemeral"}}'
ADDED = b',"cache_control":{"type":"ephemeral"}}'


def made(routing: RoutingSettings, body: bytes = BODY, kind: Kind = Kind.MESSAGES, **more: Any) -> Economy:
    return economised(kind, body, read(body), (), routing, **more)


def test_with_both_off_nothing_is_done():
    out = made(OFF)
    assert out == Economy(BODY, ())
    assert out.body is BODY
    assert out.model is out.caching is None


def test_routing_alone():
    out = made(ROUTING)
    assert out.body == ROUTED
    assert out.model == HAIKU
    assert out.savings == (Saving(SavingKind.ROUTING, OPUS, HAIKU, 0),)
    assert edits(out, json.loads(BODY), ()) == ("model replaced",)
    assert out.caching is None


def test_caching_alone():
    out = made(CACHING)
    assert out.body == BODY[:-1] + ADDED
    assert out.decision is None
    assert out.savings == (out.caching,) == (Saving(SavingKind.PROMPT_CACHING, OPUS, OPUS),)
    assert edits(out, json.loads(BODY), ()) == ("cache_control added at the top of the body",)


def test_both():
    out = made(BOTH)
    assert out.body == ROUTED[:-1] + ADDED
    assert [(saving.kind, saving.model_from, saving.model_to) for saving in out.savings] == [
        (SavingKind.ROUTING, OPUS, HAIKU),
        (SavingKind.PROMPT_CACHING, OPUS, HAIKU),
    ]
    assert len(edits(out, json.loads(BODY), ())) == 2


def test_what_was_edited_is_told():
    body = BODY[:-1] + b', "effort": "low", "output_config": {"effort": "low"}}'
    headers = ((b"anthropic-beta", b"context-1m-2025-08-07"),)
    out = economised(Kind.MESSAGES, body, read(body), headers, ROUTING)
    assert out.headers == ()
    assert edits(out, json.loads(body), headers) == (
        "model replaced",
        "effort taken away",
        "output_config.effort taken away",
        "context-1m taken out of anthropic-beta",
    )


def test_a_client_that_caches_itself_is_no_saving():
    body = BODY[:-1] + MARK
    assert made(CACHING, body) == Economy(body, ())


def test_a_prompt_that_is_not_routed_is_no_saving():
    body = BODY.replace(b'"hi"', b'"fix main.py"')
    out = made(ROUTING, body)
    assert (out.body, out.model, out.savings) == (body, None, ())
    assert edits(out, json.loads(body), ()) == ()
    assert out.decision is not None
    assert out.decision.score == 6


def test_what_the_cache_holds_back_is_told():
    out = made(ROUTING, cache=CacheState(OPUS, 10.0, 300.0))
    assert out.body is BODY
    assert [saving.held_back for saving in out.savings] == [f"the cache of {OPUS} is warm (used 10 s ago)"]


def test_a_long_input_is_not_sent_to_a_short_context():
    assert made(ROUTING, input_tokens=300_000).model is None


def test_a_compressed_body_goes_out_as_it_came():
    body, headers = zstandard.compress(BODY), ((b"Content-Encoding", b"zstd"),)
    out = economised(Kind.MESSAGES, body, read(BODY), headers, BOTH, coding="zstd")
    assert out.body is body
    assert out.headers is headers
    assert out.model is None
    assert edits(out, json.loads(BODY), headers) == ()
    assert [saving.held_back for saving in out.savings] == ["the request's body is compressed (zstd)"] * 2


def test_a_body_that_cannot_be_edited_goes_out_as_it_came():
    body = BODY[:-1] + b', "model": "x"}'  # whoever parses it takes the last; no edit can serve both readers
    assert parse(body) is None  # so nobody decides anything by it
    assert economised(Kind.MESSAGES, body, read(body), (), BOTH) == Economy(body, ())


def test_a_body_that_cannot_be_edited_is_held_back():
    body = b'{"n": 1, "model": "a", "model": "b"}'
    out = economised(Kind.MESSAGES, body, read(BODY), (), BOTH)
    assert out.model is None
    assert out.savings[0].held_back == "the request's body cannot be edited ('model' is there 2 times)"


def test_what_no_api_would_send_is_not_edited():
    many = {**json.loads(BODY), **{f"n{number}": 0 for number in range(MAX_MEMBERS)}}
    out = economised(Kind.MESSAGES, json.dumps(many).encode(), Json(many, b"", shortest=False), (), BOTH)
    assert {saving.held_back for saving in out.savings} == {f"the request's body has over {MAX_MEMBERS} members"}
    long = {**json.loads(BODY), "model": "claude-opus-4-8" + "x" * MAX_MODEL_CHARS}
    body = json.dumps(long).encode()
    assert economised(Kind.MESSAGES, body, read(body), (), BOTH) == Economy(body, ())


@pytest.mark.parametrize("kind", [Kind.EMBEDDINGS, Kind.OTHER])
def test_other_requests_are_left_alone(kind: Kind):
    assert made(BOTH, kind=kind) == Economy(BODY, ())


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no json", b'{"model": 7}', b'{"model": ""}'])
def test_a_request_without_a_model_is_left_alone(body: bytes):
    assert made(BOTH, body) == Economy(body, ())


@pytest.mark.parametrize("kind", [Kind.CHAT, Kind.RESPONSES])
def test_other_dialects_are_routed_by_the_table_and_never_cached(kind: Kind):
    body = b'{"model": "gpt-5", "input": "hi", "messages": [{"role": "user", "content": "hi"}]}'
    out = made(ROUTING.model_copy(update={"prompt_caching": True}), body, kind)
    assert out.body == body.replace(b"gpt-5", b"gpt-5-nano")
    assert len(out.savings) == 1


def test_a_turn_of_claude_codes_goes_to_newer_models_as_they_take_it():
    routing = RoutingSettings(enabled=True, cheap="claude-haiku-5-5", mid="claude-sonnet-5-5")
    body = captured("claude_code").body
    value: Any = json.loads(body)
    value["messages"][0]["content"][0]["text"] = "<system-reminder>the day</system-reminder>"
    sent = json.dumps(value).encode()
    out = economised(Kind.MESSAGES, sent, read(sent), captured("claude_code").headers, routing)
    assert out.model == "claude-haiku-5-5"
    assert out.body == sent.replace(b'"claude-opus-5-5"', b'"claude-haiku-5-5"')


def test_it_takes_a_fraction_of_a_millisecond():
    request = captured("claude_code_old")
    found = read(request.body)
    economised(Kind.MESSAGES, request.body, found, request.headers, BOTH)
    started = time.process_time()
    for _ in range(20):
        economised(Kind.MESSAGES, request.body, found, request.headers, BOTH)
    assert (time.process_time() - started) / 20 < 0.01  # measured: 0.1 ms; generous, for machines that are busy
