"""What is said of a request is what would be done with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from support.captures import captured

from trioproxy.errors import UnknownProvider, UnknownRoute
from trioproxy.model import Arrival, Join, Policy, RawHeaders
from trioproxy.providers.asking import READ_BYTES
from trioproxy.providers.explanation import UNKNOWN, Explanation, explanation
from trioproxy.settings import Settings, load

OPUS, HAIKU = "claude-opus-4-8", "claude-haiku-4-5"
HI: dict[str, Any] = {"model": OPUS, "messages": [{"role": "user", "content": "hi"}]}


def explained(
    body: object = HI, path: str = "/v1/messages", headers: RawHeaders = (), toml: str = "", query: bytes = b""
) -> Explanation:
    arrival = Arrival("e", 0.0, "POST", path.encode(), query, headers, "1.1")
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return explanation(arrival, data, load(toml, "test.toml", {}) if toml else Settings())


def test_the_defaults():
    assert explained() == Explanation(
        provider="anthropic",
        dialect="anthropic",
        target="/v1/messages",
        kind="messages",
        generation=True,
        model_requested=OPUS,
        model_sent=OPUS,
        routing=f"off (routing.enabled); it would send {HAIKU}",
        score=0,
        reasons=("0: a short, plain text",),
        held_back=None,
        edits=(),
        prompt_caching="off (routing.prompt_caching)",
        include_usage="no: for chat streams alone",
        on_disconnect=Policy.ABORT,
        outlives_s=0.0,
        until=None,
        bound=None,
        not_reused=None,
        replay_window_s=5.0,
        join=Join.RESEND,
        unknown=UNKNOWN,
    )


def test_routing_that_is_on():
    found = explained(toml="[routing]\nenabled = true\nprompt_caching = true")
    assert (found.model_sent, found.routing, found.prompt_caching) == (HAIKU, "on", "asked for")
    assert found.edits == ("model replaced", "cache_control added at the top of the body")


def test_routing_that_is_held_back():
    found = explained({**HI, "thinking": {"type": "adaptive"}}, toml="[routing]\nenabled = true")
    assert (found.model_sent, found.held_back) == (OPUS, "claude-haiku-4-5 does not take adaptive thinking")


def test_routing_that_would_do_nothing():
    assert explained({**HI, "model": HAIKU}).routing == "off (routing.enabled)"


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ((), {**HI, "cache_control": {"type": "ephemeral"}}, "no: the client has set a cache_control itself"),
        (
            ((b"content-encoding", b"zstd"),),
            zstandard.compress(json.dumps(HI).encode()),
            "no: the request's body is compressed (zstd)",
        ),
        ((), {"messages": []}, "no: the body names no model"),
    ],
)
def test_caching_that_is_not_asked_for(headers: RawHeaders, body: object, said: str):
    assert explained(body, headers=headers, toml="[routing]\nprompt_caching = true").prompt_caching == said


STREAM = {"model": "gpt-5", "stream": True, "messages": []}
CHAT = "/openai/v1/chat/completions"
NOT_ASKED = "no: not a stream, or its client asks itself"
INCLUDED = "[providers.openai]\ninclude_usage = true"


@pytest.mark.parametrize(
    ("body", "headers", "toml", "said", "edits"),
    [
        (STREAM, (), "", "off (include_usage of the provider)", 0),
        (STREAM, (), INCLUDED, "asked for, and its event taken out again", 1),
        ({**STREAM, "stream_options": {"include_usage": True}}, (), INCLUDED, NOT_ASKED, 0),
        ({**STREAM, "stream": False}, (), INCLUDED, NOT_ASKED, 0),
        (
            zstandard.compress(json.dumps(STREAM).encode()),
            ((b"content-encoding", b"zstd"),),
            INCLUDED,
            "no: the request's body is compressed",
            0,
        ),
    ],
)  # fmt: skip
def test_the_usage_of_chat_streams(body: object, headers: RawHeaders, toml: str, said: str, edits: int):
    found = explained(body, CHAT, headers, toml)
    assert (found.include_usage, len(found.edits)) == (said, edits)
    assert found.prompt_caching == "no: for Anthropic's messages alone"


def test_the_table_routes_others():
    toml = '[routing]\nenabled = true\n[routing.table]\n"gpt-5" = { cheap = "gpt-5-nano" }'
    body = {"model": "gpt-5", "input": "hi"}
    found = explained(body, "/openai/v1/responses", toml=toml)
    assert (found.provider, found.target, found.model_sent) == ("openai", "/v1/responses", "gpt-5-nano")
    assert explained(body, "/openai/v1/responses").reasons == ("gpt-5 is not in routing.table",)


@pytest.mark.parametrize(
    ("toml", "policy", "seconds"),
    [
        ('[disconnect]\npolicy = "linger"\nlinger = 7', Policy.LINGER, 7.0),
        ('[disconnect]\npolicy = "drain"', Policy.DRAIN, 300.0),
        ('[providers.anthropic]\non_disconnect = "drain"', Policy.DRAIN, 300.0),
    ],
)
def test_how_long_it_outlives_its_client(toml: str, policy: Policy, seconds: float):
    found = explained(toml=toml)
    assert (found.on_disconnect, found.outlives_s) == (policy, seconds)


@pytest.mark.parametrize(
    ("body", "headers", "toml", "why"),
    [
        (HI, (), "[replay]\nenabled = false", "off (replay.enabled)"),
        (HI, (), "[replay]\nmax_body_bytes = 9", "its body has 77 bytes, more than replay.max_body_bytes (9)"),
        (
            {**HI, "temperature": 1},
            (),
            "",
            "it sets its own sampling: temperature, top_p, n or seed (replay.sampled)",
        ),
        (HI, ((b"x-trioproxy-reuse", b"no"),), "", "its client keeps it out: x-trioproxy-reuse"),
        (HI, ((b"connection", b"x-api-key"),), "", "its connection field takes headers away"),
        (HI, ((b"cache-control", b"no-cache"),), "", "its client keeps it out: cache-control"),
    ],
)
def test_why_it_is_not_reused(body: object, headers: RawHeaders, toml: str, why: str):
    found = explained(body, headers=headers, toml=toml)
    assert (found.not_reused, found.replay_window_s, found.join) == (why, None, None)


def test_sampled_requests_that_are_let_in():
    assert explained({**HI, "seed": 1}, toml="[replay]\nsampled = true").not_reused is None


def test_tool_results_are_replayed_for_longer():
    body = captured("claude_code_tool_result").body
    assert explained(body, query=b"beta=true").replay_window_s == 15.0
    assert explained(body, query=b"beta=true").target == "/v1/messages?beta=true"


def test_a_conversation_that_the_server_keeps_is_not_reused():
    body = {"model": "gpt-5", "input": "go on", "conversation": "conv_1"}
    assert explained(body, "/openai/v1/responses").not_reused == "the server keeps its history: conversation"


def test_what_is_no_generation_is_passed_on():
    found = explained(b"\0", "/v1/models")
    assert found == replace(
        explained(),
        target="/v1/models",
        kind="other",
        generation=False,
        model_requested=None,
        model_sent=None,
        routing="no: not a request to a model that is routed",
        score=None,
        reasons=(),
        prompt_caching="no: for Anthropic's messages alone",
        not_reused="not a generation",
        replay_window_s=None,
        join=None,
        unknown=(),
    )


def test_embeddings_are_not_routed():
    found = explained({"model": "e", "input": "hi"}, "/openai/v1/embeddings")
    assert (found.generation, found.score) == (True, None)


@pytest.mark.parametrize("body", [b"", b"nope", b"[]", b'"x"', b'{"model":"a","model":"b"}'])
def test_a_generation_needs_an_object(body: bytes):
    with pytest.raises(ValueError, match="no JSON object that can be read"):
        explained(body)


def test_what_is_too_large_for_the_proxy_to_read_is_not_explained_either():
    body = b'{"model":"claude-opus-4-8","pad":"' + b" " * READ_BYTES + b'","messages":[]}'
    with pytest.raises(ValueError, match=rf"{len(body)} bytes is not read, the limit is {READ_BYTES}"):
        explained(body)


def test_a_coding_that_cannot_be_undone():
    with pytest.raises(ValueError, match="no JSON object that can be read"):
        explained(b"x", headers=((b"content-encoding", b"zstd"),))


def test_paths_that_go_nowhere():
    with pytest.raises(UnknownRoute):
        explained(path="/nowhere")
    with pytest.raises(UnknownProvider):
        explained(path="/nobody/v1/messages")
