"""The edits of a request, byte for byte: what is edited, and that nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import captured

from trioproxy.model import RawHeaders
from trioproxy.providers.rerouting import edited as edits
from trioproxy.providers.rerouting import sets_cache_control, without_long_context
from trioproxy.wire.canonical import Json, parse, read
from trioproxy.wire.editing import EditError

OPUS, SONNET, HAIKU = "claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"
# Everything that writing JSON anew would change: blanks, escapes, number literals, the order of members.
ODD = (
    b'{ "z" : 1.0 ,"n":1e0,"big":123456789012345678901234567890,"m\\u006fdel2":"\\u0041\\/",\n\t"model" : "%b"'
    b' , "effort":"high","output_config" :{"format":{"type":"json_schema"} , "effort" : "max"},"a":[ -0, 1E+2 ]}\n'
)


def edited(
    body: bytes, model: str | None, headers: RawHeaders = (), *, cached: bool = False
) -> tuple[bytes, RawHeaders]:
    return edits(body, parse(body), headers, model=model, cached=cached)


def test_the_model_is_replaced_and_nothing_else():
    assert edited(ODD % OPUS.encode(), SONNET) == (ODD % SONNET.encode(), ())


def test_effort_is_taken_away_from_a_haiku_that_does_not_know_it():
    body, _ = edited(ODD % OPUS.encode(), HAIKU)
    assert body == (ODD % HAIKU.encode()).replace(b', "effort":"high"', b"").replace(b', "effort" : "max"', b"")
    assert b"effort" not in body


def test_an_output_config_that_is_left_empty_stays():
    body = b'{"model":"%b","output_config":{"effort":"high"},"stream":true}'
    assert edited(body % OPUS.encode(), HAIKU)[0] == b'{"model":"%b","output_config":{},"stream":true}' % HAIKU.encode()


def test_effort_stays_for_a_haiku_that_knows_it():
    assert edited(ODD % OPUS.encode(), "claude-haiku-5-5")[0] == ODD % b"claude-haiku-5-5"


def test_nothing_to_send_elsewhere_is_nothing_done():
    body, headers = ODD % OPUS.encode(), ((b"anthropic-beta", b"context-1m-2025-08-07"),)
    out, after = edited(body, None, headers)
    assert out is body
    assert after is headers
    assert edited(body, None, headers, cached=True)[1] is headers


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("claude_code_old", HAIKU),
        ("claude_code_old", SONNET),
        ("claude_code", SONNET),
        ("claude_code_tool_result", HAIKU),
        ("claude_code_title", HAIKU),
        ("codex", "gpt-5-nano"),
        ("openai_sdk_chat", "gpt-5-nano"),
    ],
)
def test_of_real_requests_nothing_else_changes(name: str, model: str):
    request = captured(name)
    asked = json.loads(request.body)["model"].encode()
    expected = request.body.replace(b'"model":"%b"' % asked, b'"model":"%b"' % model.encode(), 1)
    if model == HAIKU:
        # The last one: messages have an `output_config` of their own.
        before, config, after = expected.rpartition(b'"output_config":{"effort":')
        level, _, rest = after.partition(b'"')[2].partition(b'"')
        expected = before + config.removesuffix(b'"effort":') + (rest.removeprefix(b",") if level else rest)
    body, headers = edited(request.body, model, request.headers)
    assert body == expected
    others = [pair for pair in request.headers if pair[0] != b"anthropic-beta"]
    assert [pair for pair in headers if pair[0] != b"anthropic-beta"] == others
    betas = request.header(b"anthropic-beta") or b""
    left = b",".join(each for each in betas.split(b",") if not each.startswith(b"context-1m"))
    assert (dict(headers).get(b"anthropic-beta") or b"") == left


@pytest.mark.parametrize(
    ("field", "left"),
    [
        (b"context-1m-2025-08-07", None),
        (b"context-1m-2025-08-07, context-1m-2026-01-01", None),
        (b" context-1m-2025-08-07 , ", None),
        (b"a,context-1m-2025-08-07,b", b"a,b"),
        (b"context-1m-2025-08-07, a ,b", b"a ,b"),
        (b"a , context-1m-2025-08-07", b"a"),
        (b"a,not-context-1m", b"a,not-context-1m"),
        (b"a ,  b,,", b"a ,  b,,"),
        (b"", b""),
    ],
)
def test_the_long_context_is_taken_out_of_the_list(field: bytes, left: bytes | None):
    other = ((b"x", b"context-1m"), (b"anthropic-version", b"2023-06-01"))
    expected = other if left is None else (*other, (b"Anthropic-Beta", left))
    assert without_long_context((*other, (b"Anthropic-Beta", field))) == expected


def test_each_field_of_the_list_is_looked_at():
    fields = ((b"anthropic-beta", b"context-1m-x"), (b"anthropic-beta", b"a"), (b"anthropic-beta", b"b,context-1m-x"))
    assert without_long_context(fields) == ((b"anthropic-beta", b"a"), (b"anthropic-beta", b"b"))


@given(st.lists(st.sampled_from(["a", "context-1m-x", " b ", ""]), max_size=6))
def test_what_is_left_is_what_was_there(names: list[str]):
    before = ",".join(names).encode()
    found = dict(without_long_context(((b"anthropic-beta", before),))).get(b"anthropic-beta")
    wanted = [name.strip() for name in names if "1m" not in name and name.strip()]
    assert [name.strip() for name in (found or b"").decode().split(",") if name.strip()] == wanted


@pytest.mark.parametrize("body", [b'{"n":1,"model":"a","model":"b"}', b'{"max_tokens":1}', b"[]"])
def test_a_body_that_has_no_one_model_is_not_edited(body: bytes):
    with pytest.raises(EditError):
        edits(body, json.loads(body), (), model=HAIKU, cached=False)


def cached(body: bytes) -> bytes | None:
    found = read(body)
    assert found is not None
    if sets_cache_control(body, found):
        return None
    out, _ = edited(body, None, cached=True)
    assert json.loads(out) == json.loads(body) | {"cache_control": {"type": "ephemeral"}}
    return out


def test_prompt_caching_is_asked_for_at_the_top():
    assert cached(b'{"model":"a", "n": 1.0 }\n') == (b'{"model":"a", "n": 1.0 ,"cache_control":{"type":"ephemeral"}}\n')


@pytest.mark.parametrize(
    "body",
    [
        {"cache_control": {"type": "ephemeral"}},
        {"cache_control": None},
        {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{"cache_control": {}}]}]}]},
    ],
)
def test_a_client_that_caches_somewhere_itself_is_left_alone(body: dict[str, Any]):
    assert cached(json.dumps(body).encode()) is None
    hidden = json.dumps(body).replace("cache_control", "cache_\\u0063ontrol").encode()
    assert "cache_control" in str(json.loads(hidden))
    assert cached(hidden) is None


@pytest.mark.parametrize("text", ['about "cache_control"', "cache_control", "Grüße", 'é, "', "a\\b"])
def test_who_only_talks_about_it_does_not_cache(text: str):
    body = json.dumps({"messages": [{"role": "user", "content": f"{text}: what?"}]}).encode()
    assert cached(body) == body[:-1] + b',"cache_control":{"type":"ephemeral"}}'


def test_escapes_hide_no_name_and_are_no_name():
    body = b'{"system": "\\u0063ache_control", "messages": []}'
    assert cached(body) is None  # a string that is just this word counts as one
    assert cached(body.replace(b"control", b"controls")) is not None


def test_a_value_that_could_just_be_read_is_left_alone():
    deep: object = None
    for _ in range(100_000):
        deep = [deep]
    assert sets_cache_control(b'{"a":"\\u0063"}', Json({"a": deep}, b"", shortest=False))


@pytest.mark.parametrize("name", ["claude_code", "claude_code_old", "claude_code_tool_result"])
def test_claude_code_caches_itself(name: str):
    assert cached(captured(name).body) is None


@pytest.mark.parametrize("name", ["anthropic_sdk", "claude_code_title"])
def test_clients_that_do_not_cache_get_a_member_more(name: str):
    body = captured(name).body
    assert cached(body) == body[:-1] + b',"cache_control":{"type":"ephemeral"}}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","n":1}',
        b' {\n"model" : "a" , "n":1}',
        b'{"n":1,"model":"a"}',
        b'{"model":"\\u0061"}',
        b'{"n":"{\\"model\\":\\"x\\"}","model":"a"}',
    ],
)
def test_the_model_is_found_wherever_it_stands(body: bytes):
    out, _ = edited(body, SONNET)
    assert edited(body, SONNET, cached=True)[0] == out[:-1] + b',"cache_control":{"type":"ephemeral"}}'
    assert json.loads(out) == json.loads(body) | {"model": SONNET}
    assert len(out) - len(SONNET) == len(body) - len(
        body.rpartition(b'"model"')[2].partition(b'"')[2].partition(b'"')[0]
    )
