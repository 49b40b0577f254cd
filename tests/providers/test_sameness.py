"""Real clients that send again, go on, or ask the same elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from support.captures import KEY, Captured, captured

from trioproxy.model import Arrival, Dialect, RawHeaders
from trioproxy.providers import SPEAKERS
from trioproxy.providers.asking import plain
from trioproxy.providers.likeness import read_to_compare
from trioproxy.providers.sameness import Sameness, sameness, shareable
from trioproxy.rules.routes import Route
from trioproxy.settings import ReplaySettings
from trioproxy.wire.canonical import read
from trioproxy.wire.headers import fields

PROCESS_KEY = bytes(range(32))
REPLAY = ReplaySettings()
CLAUDE_CODE, CODEX = captured("claude_code"), captured("codex")


def of(
    request: Captured, provider: str = "", replay: ReplaySettings = REPLAY, key: bytes = PROCESS_KEY
) -> Sameness | None:
    path, _, query = request.target.encode().partition(b"?")
    lower = tuple((name.lower(), value) for name, value in request.headers)  # as ASGI has them
    arrival = Arrival("0199", 0.0, request.method, path, query, lower, "1.1")
    anthropic = provider == "anthropic" or (not provider and path == b"/v1/messages")
    speaker = SPEAKERS[Dialect.ANTHROPIC if anthropic else Dialect.OPENAI]
    place = Route(provider or ("anthropic" if anthropic else "openai"), path)
    operation = speaker.recognise(request.method, place.path)
    body = plain(request.body, (request.header(b"content-encoding") or b"").decode())
    said = fields(arrival.headers)
    if body is None or not shareable(said, operation, body, replay):
        return None
    return sameness(key, arrival, said, place, operation, read_to_compare(operation.kind, body), replay)


def same(one: Captured, other: Captured) -> bool:
    first, second = of(one), of(other)
    assert first is not None
    assert second is not None
    return first.fingerprint == second.fingerprint


def with_headers(request: Captured, **changed: str | None) -> Captured:
    """`request` with these headers in the place of its own; None takes one away."""
    names = {name.replace("_", "-").encode(): value for name, value in changed.items()}
    kept: RawHeaders = tuple(pair for pair in request.headers if pair[0].lower() not in names)
    more = tuple((name, value.encode()) for name, value in names.items() if value is not None)
    return replace(request, headers=kept + more)


def asking(request: Captured, **changed: Any) -> Captured:
    """`request` with these members in the place of its own."""
    return replace(request, body=json.dumps({**json.loads(request.body), **changed}).encode())


def backwards(value: Any) -> Any:
    """The same value, its members in the opposite order at every depth."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("claude_code_overloaded", "claude_code_overloaded_again"),  # after a 529
        ("claude_code_overloaded", "claude_code_overloaded_third"),  # and after the next one
        ("claude_code_limited", "claude_code_limited_again"),  # after a 429
        ("codex_limited", "codex_limited_again"),  # after a 429, with `client_metadata` in another order
    ],
)
def test_a_real_resend_is_the_same_request(first: str, again: str) -> None:
    assert same(captured(first), captured(again))


def test_codex_writes_its_resend_differently() -> None:
    assert captured("codex_limited").body != captured("codex_limited_again").body


def test_after_a_cut_stream_claude_code_sends_the_same_and_codex_what_it_has_learnt() -> None:
    assert same(CLAUDE_CODE, with_headers(CLAUDE_CODE, connection="close"))
    resend = replace(CODEX, body=json.dumps(backwards(json.loads(CODEX.body))).encode())
    assert same(CODEX, with_headers(resend, x_codex_turn_state="from the head of the answer that was cut"))


@pytest.mark.parametrize(
    ("turn", "following"),
    [
        ("claude_code_tool_call", "claude_code_tool_result"),
        ("codex_tool_call", "codex_tool_result"),
        ("claude_code_limited", "claude_code_overloaded"),  # two prompts in two sessions
        ("claude_code", "claude_code_title"),
        ("claude_code", "claude_code_old"),
        ("codex", "codex_gpt5"),
    ],
)
def test_a_new_turn_is_another_request(turn: str, following: str) -> None:
    assert not same(captured(turn), captured(following))


def test_each_turn_of_a_conversation_is_another_request() -> None:
    turns = [{"role": "user", "content": "go on"}, {"role": "assistant", "content": "done"}]
    found = {of(asking(CLAUDE_CODE, messages=turns * count)) for count in range(1, 20)}
    assert len({each.fingerprint for each in found if each is not None}) == 19


def test_another_session_that_asks_the_same_asks_the_same() -> None:
    user = json.dumps({"device_id": "d", "account_uuid": "", "session_id": "s"})
    elsewhere = asking(CLAUDE_CODE, metadata={"user_id": user})
    assert same(CLAUDE_CODE, with_headers(elsewhere, x_claude_code_session_id="s"))
    items = [{**item, "id": f"msg_{place}"} for place, item in enumerate(json.loads(CODEX.body)["input"])]
    elsewhere = asking(CODEX, input=items, client_metadata={"session_id": "s"}, prompt_cache_key="s")
    ids = {"session_id": "s", "thread_id": "s", "x_client_request_id": "s", "x_codex_window_id": "s:0"}
    assert same(CODEX, with_headers(elsewhere, **ids, x_codex_turn_metadata="{}"))


@pytest.mark.parametrize("request_", [CLAUDE_CODE, CODEX], ids=["claude code", "codex"])
@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer sk-other"},
        {"x_api_key": "sk-other"},
        {"x_goog_api_key": "sk-other"},
        {"x_unheard_of": "sk-other"},
        {"cookie": "sid=1"},
        {"accept": "text/plain"},
        {"anthropic_version": "2026-10-21"},
        {"anthropic_beta": "other"},
        {"openai_organization": "org-1"},
        {"x_claude_code_agent_id": "other"},
    ],
    ids=str,
)
def test_another_credential_or_meaning_is_another_request(request_: Captured, headers: dict[str, str]) -> None:
    assert not same(request_, with_headers(request_, **headers))


def test_json_and_a_stream_are_never_mixed_up() -> None:
    for request in (CLAUDE_CODE, CODEX):
        variants = [
            with_headers(asking(request, stream=stream), accept=accept)
            for stream in (True, False, None)
            for accept in ("application/json", "text/event-stream", None)
        ]
        found = {of(each) for each in variants}
        assert len({each.fingerprint for each in found if each is not None}) == len(variants)


def test_a_body_is_compared_as_it_reads_without_its_coding() -> None:
    zstd = replace(CODEX, body=zstandard.compress(CODEX.body))
    assert same(CODEX, with_headers(zstd, content_encoding="zstd"))
    assert of(with_headers(zstd, content_encoding="br")) is None
    assert of(with_headers(CODEX, content_encoding="zstd")) is None  # and it is not


def test_another_path_query_or_provider_is_another_request() -> None:
    chat = captured("openai_sdk_chat")
    assert not same(chat, replace(chat, target="/v1/completions"))
    assert not same(CLAUDE_CODE, replace(CLAUDE_CODE, target="/v1/messages"))
    assert of(chat, "groq") != of(chat, "openai")
    assert of(chat, "groq") == of(chat, "groq")


NO_PART = {
    "counting tokens": captured("anthropic_sdk_count_tokens"),
    "no dialect": captured("gemini_sdk"),
    "no POST": replace(CLAUDE_CODE, method="GET"),
    "a batch": replace(CLAUDE_CODE, target="/v1/messages/batches"),
    "kept out": with_headers(CLAUDE_CODE, x_trioproxy_reuse="no"),
    "no cache": with_headers(CODEX, cache_control="no-cache"),
    "temperature": asking(CLAUDE_CODE, temperature=1),
    "top_p": asking(CODEX, top_p=0.5),
    "n": asking(captured("openai_sdk_chat"), n=2),
    "seed": asking(captured("openai_sdk_chat"), seed=0),
    "no JSON": replace(CLAUDE_CODE, body=b"{"),
    "no one meaning": replace(CLAUDE_CODE, body=b'{"temperature":0,"temperature":1}'),
}


@pytest.mark.parametrize("why", NO_PART)
def test_these_take_no_part(why: str) -> None:
    assert of(NO_PART[why]) is None


def test_a_body_over_the_limit_takes_no_part() -> None:
    assert of(CODEX, replay=ReplaySettings(max_body_bytes=len(CODEX.body))) is not None
    assert of(CODEX, replay=ReplaySettings(max_body_bytes=len(CODEX.body) - 1)) is None


def test_a_body_that_cannot_be_read_takes_no_part_whatever_it_samples() -> None:
    """It might keep its history with the server, or name a member twice: nobody knows what it asks for."""
    for body in (b"", b"{", b"[" * 100_000, b'{"n":1,"n":2}', b'{"conversation":"c","conversation":"c"}'):
        assert of(replace(CODEX, body=body), replay=ReplaySettings(sampled=True)) is None


def test_with_sampled_those_who_sample_take_part() -> None:
    assert of(asking(CLAUDE_CODE, temperature=1), replay=ReplaySettings(sampled=True)) is not None


def test_what_sdks_say_of_a_retry_is_read_and_makes_no_difference() -> None:
    retry = with_headers(captured("anthropic_sdk"), x_stainless_retry_count="1", x_stainless_timeout="60")
    found = of(retry)
    assert found is not None
    assert found.retry
    assert same(captured("anthropic_sdk"), retry)
    assert of(captured("anthropic_sdk")) == replace(found, retry=False)


def test_the_window_is_longer_where_tool_results_were_handed_over() -> None:
    replay = ReplaySettings(window=1, window_tool_result=2)
    for name, window_s in (("claude_code_tool_call", 1), ("claude_code_tool_result", 2), ("codex_tool_result", 2)):
        found = of(captured(name), replay=replay)
        assert found is not None
        assert found.window_s == window_s


def test_nothing_shows_a_secret() -> None:
    found = of(CLAUDE_CODE)
    assert found is not None
    assert KEY.encode() not in found.fingerprint
    assert KEY not in repr(found)
    assert of(CLAUDE_CODE, key=bytes(32)) != found


def test_a_body_nested_too_deep_to_be_compared_takes_no_part() -> None:
    def further_down(levels: int, body: bytes) -> Sameness | None:
        return of(replace(CODEX, body=body)) if levels == 0 else further_down(levels - 1, body)

    deepest = next(
        body
        for levels in range(990, 0, -1)
        if read(b'{"input":[' + b"[" * (levels + 40) + b"]" * (levels + 40) + b"]}") is not None
        and (body := b'{"input":[' + b"[" * levels + b"]" * levels + b"]}")
    )
    seen = {further_down(levels, deepest) is None for levels in range(60)}
    assert seen == {True, False}


def test_a_conversation_that_the_server_keeps_takes_no_part() -> None:
    assert of(replace(CODEX, body=b'{"input":"continue"}')) is not None
    assert of(replace(CODEX, body=b'{"input":"continue","conversation":"conv_1"}')) is None
