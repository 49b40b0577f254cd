"""Which cache is warm, whose it is, and that two users never share one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.captures import captured

from trioproxy.model import Usage
from trioproxy.rules.cache_state import LIFETIME_S, LONG_LIFETIME_S, CacheState, CacheTable, session_key

OPUS, HAIKU = "claude-opus-4-8", "claude-haiku-4-5"
WROTE, WROTE_LONG, READ = Usage(cache_write_5m_tokens=9), Usage(cache_write_1h_tokens=9), Usage(cache_read_tokens=9)


def noted(*notes: tuple[str, Usage | None, float]) -> CacheTable:
    table = CacheTable()
    for model, usage, now in notes:
        table.note("s", model, usage, now)
    return table


def test_nothing_is_known_of_a_new_session():
    assert CacheTable().look("s", 0.0) is None


@pytest.mark.parametrize(("now", "warm"), [(10.0, True), (309.9, True), (310.0, False), (10_000.0, False)])
def test_a_cache_is_warm_for_five_minutes_from_its_last_use(now: float, warm: bool):
    state = noted((OPUS, WROTE, 10.0)).look("s", now)
    assert state == CacheState(OPUS, now - 10.0, LIFETIME_S)
    assert state.warm == warm


@pytest.mark.parametrize(
    ("notes", "lifetime_s"),
    [
        ([(OPUS, WROTE_LONG, 0.0)], LONG_LIFETIME_S),
        ([(OPUS, WROTE_LONG, 0.0), (OPUS, READ, 3000.0)], LONG_LIFETIME_S),
        ([(OPUS, WROTE_LONG, 0.0), (OPUS, WROTE, 3000.0)], LONG_LIFETIME_S),
        ([(OPUS, WROTE_LONG, 0.0), (OPUS, WROTE, 3600.0)], LIFETIME_S),
        ([(OPUS, WROTE_LONG, 0.0), (HAIKU, WROTE, 1.0)], LIFETIME_S),
        ([(OPUS, WROTE, 0.0), (OPUS, WROTE_LONG, 1.0)], LONG_LIFETIME_S),
    ],
)
def test_an_hour_where_it_was_written_for_an_hour(notes: list[tuple[str, Usage, float]], lifetime_s: float):
    model, _, now = notes[-1]
    assert noted(*notes).look("s", now) == CacheState(model, 0.0, lifetime_s)


@pytest.mark.parametrize("usage", [None, Usage(), Usage(input_tokens=5, cache_read_tokens=0, cache_write_5m_tokens=0)])
def test_a_call_without_a_cache_says_nothing(usage: Usage | None):
    assert noted((OPUS, usage, 0.0)).look("s", 0.0) is None
    assert noted((OPUS, WROTE, 0.0), (HAIKU, usage, 5.0)).look("s", 6.0) == CacheState(OPUS, 6.0, LIFETIME_S)


@given(st.lists(st.integers(0, 20), max_size=60))
@example([*range(9), 3])
def test_the_table_is_bounded_and_forgets_what_was_noted_longest_ago(keys: list[int]):
    table = CacheTable(max_sessions=5)
    for now, key in enumerate(keys):
        table.note(str(key), OPUS, WROTE, float(now))
    latest = list(dict.fromkeys(str(key) for key in reversed(keys)))
    assert len(table) == min(5, len(latest))
    assert [key for key in latest if table.look(key, 0.0) is not None] == latest[:5]


def key(system: object = "You help.", session: str | None = "s-1", owner: bytes = b"a", **more: Any) -> str:
    return session_key({"system": system, **more}, session, owner)


def test_two_credentials_never_share_a_state():
    assert key(owner=b"a") != key(owner=b"b")
    assert key(session=None, owner=b"a") != key(session=None, owner=b"b")


def test_a_session_is_its_id_and_its_system_prompt():
    assert key() == key()
    assert key(session="s-2") != key()
    assert key(session=None) != key()
    assert key(system="You title.") != key()
    assert key(session="ab", system="c") != key(session="a", system="bc")


def test_what_comes_after_the_first_part_makes_no_difference():
    assert key("x" * 2048 + "Today is Monday") == key("x" * 2048 + "Today is Tuesday")
    assert key("x" * 2047 + "a") != key("x" * 2047 + "b")
    blocks = [{"type": "text", "text": "x" * 2048}, {"type": "text", "text": "Monday"}]
    assert key(blocks) == key([blocks[0], {"type": "text", "text": "Tuesday"}])


def test_claude_codes_billing_text_is_passed_over():
    def blocks(version: str) -> list[dict[str, str]]:
        bill = f"x-anthropic-billing-header: cc_version={version}; cch=00000;"
        return [{"type": "text", "text": bill}, {"type": "text", "text": "You are"}]

    assert key(blocks("2.1.330.a")) == key(blocks("2.1.331.b"))


@pytest.mark.parametrize(
    "value",
    [
        {"instructions": "You help."},
        {"messages": [{"role": "system", "content": "You help."}, {"role": "user", "content": "hi"}]},
        {"input": [{"role": "developer", "content": [{"type": "input_text", "text": "You help."}]}]},
    ],
)
def test_every_dialect_has_its_system_prompt(value: object):
    assert session_key(value, "s-1", b"a") == key("You help.")


def test_system_messages_later_in_a_conversation_are_no_system_prompt():
    later = [{"role": "user", "content": "hi"}, {"role": "system", "content": "x"}]
    assert key(messages=later) == key()


@pytest.mark.parametrize("value", [None, [], {}, {"system": 7}, {"system": [7, {"text": 7}]}, {"messages": [7]}])
def test_junk_has_no_system_prompt(value: object):
    assert session_key(value, "s-1", b"a") == session_key({}, "s-1", b"a")


def test_half_a_surrogate_pair_is_hashed_too():
    assert key("\ud83d") != key("\ud83e")


def test_a_turn_of_claude_codes_and_its_next_are_one_session_and_its_title_request_is_another():
    turn, title = (json.loads(captured(name).body) for name in ("claude_code", "claude_code_title"))
    following = json.loads(captured("claude_code").body)
    following["messages"] += [{"role": "assistant", "content": "Hi."}, {"role": "user", "content": "why?"}]
    assert session_key(turn, "s", b"a") == session_key(following, "s", b"a") != session_key(title, "s", b"a")


@pytest.mark.parametrize("role", [[], {}, None, 7, msgspec.Raw(b"-0")])
def test_a_role_may_be_anything(role: Any):
    value = {"messages": [{"role": role, "content": "x"}]}
    assert session_key(value, "s", b"a") == session_key({}, "s", b"a")
