"""Values that are right by themselves and wrong together: each such pair is told, and charged to who gave it."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import load

TOTAL = "TRIOPROXY_REPLAY__MAX_TOTAL_BYTES"


def problems_of(text: str | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, "x.toml", environ or {})
    return caught.value.problems


def test_one_body_over_the_bytes_of_all():
    assert problems_of("[replay]\nmax_body_bytes = 100000000") == [
        "x.toml: replay.max_body_bytes: got 100000000; expected no more than replay.max_total_bytes, which is 67108864"
    ]


def test_the_bytes_of_all_under_one_body_that_nobody_has_set():
    assert problems_of("[replay]\nwindow = 1", {TOTAL: "4194303"}) == [
        (
            f"environment variable {TOTAL}: replay.max_total_bytes: "
            "got 4194303; expected no less than replay.max_body_bytes, which is 4194304"
        )
    ]


def test_as_many_bytes_for_one_as_for_all_are_right():
    replay = load("[replay]\nmax_body_bytes = 100", "x.toml", {TOTAL: "100"}).replay
    assert replay.max_body_bytes == replay.max_total_bytes == 100


@pytest.mark.parametrize("text", ["max_body_bytes = 'all'", "max_total_bytes = true", "max_total_bytes = 0"])
def test_bytes_that_are_wrong_by_themselves_are_told_once(text: str):
    assert len(problems_of(f"[replay]\n{text}")) == 1


@pytest.mark.parametrize("value", ["true", "'yes'", "1"])
def test_usage_can_be_asked_for_where_it_is_not_reported_unasked(value: str):
    text = f"[providers.{{}}]\ninclude_usage = {value}"
    assert load(text.format("groq"), "x.toml", {}).providers["groq"].include_usage
    assert problems_of(text.format("anthropic")) == [
        (
            "x.toml: providers.anthropic.include_usage: got true (the dialect anthropic reports usage unasked); "
            "expected false, or no such key"
        )
    ]


def test_a_dialect_that_is_none_is_told_once():
    (problem,) = problems_of("[providers.groq]\ninclude_usage = true\ndialect = ['x']")
    assert problem.startswith("x.toml: providers.groq.dialect: got an array")


def test_not_to_ask_for_usage_is_right_everywhere():
    assert not load("[providers.anthropic]\ninclude_usage = false", "x", {}).providers["anthropic"].include_usage


def test_a_model_routed_to_itself():
    assert problems_of("[routing.table]\n'gpt-4.1' = { cheap = 'gpt-4.1-nano', mid = 'gpt-4.1' }") == [
        'x.toml: routing.table."gpt-4.1".mid: got "gpt-4.1" (the model itself); expected another model'
    ]


def test_a_row_that_names_no_model():
    assert problems_of("[routing.table]\ngpt-5 = {}\no3 = {}") == [
        "x.toml: routing.table.gpt-5: names no model; expected cheap, mid or both",
        "x.toml: routing.table.o3: names no model; expected cheap, mid or both",
    ]


def test_pairs_are_told_along_with_all_that_is_wrong_by_itself():
    text = "[replay]\njoin = 'x'\nmax_body_bytes = 100000000\n[server]\nport = -1\ncertfile = 'c.pem'"
    assert [problem.split(": ")[1] for problem in problems_of(text)] == [
        "server.certfile",
        "replay.max_body_bytes",
        "server.port",
        "replay.join",
    ]


def test_no_secret_is_repeated():
    (problem,) = problems_of("[routing.table]\n'https://me:geheim@h' = { cheap = 'https://me:geheim@h' }")
    assert "geheim" not in problem
