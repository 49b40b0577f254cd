"""Which models stand in for which: what a row may say, and that nobody can change it."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.settings import RouteSettings, RoutingSettings, Settings, load

TABLE = """
[routing.table]
gpt-5 = { cheap = "gpt-5-nano", mid = "gpt-5-mini" }
"gpt-4.1" = { cheap = "gpt-4.1-nano" }
"""


def test_nothing_is_routed_unless_somebody_wants_it():
    routing = Settings().routing
    assert routing == RoutingSettings(enabled=False, cheap="claude-haiku-4-5", mid="claude-sonnet-4-6")
    assert (routing.prompt_caching, dict(routing.table)) == (False, {})


def test_a_row_names_one_model_or_two():
    table = load(TABLE, "x.toml", {}).routing.table
    assert table == {
        "gpt-5": RouteSettings(cheap="gpt-5-nano", mid="gpt-5-mini"),
        "gpt-4.1": RouteSettings(cheap="gpt-4.1-nano"),
    }
    assert table["gpt-4.1"].mid is None


def test_nobody_can_change_the_table():
    for table in (Settings().routing.table, load(TABLE, "x.toml", {}).routing.table):
        with pytest.raises(TypeError):
            table["o3"] = RouteSettings(cheap="o3-mini")  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("claude-opus-4-8", "Claude's models are routed by routing.cheap and routing.mid"),
        ("", "a name of a model is not empty and has no blanks"),
        ("gpt 5", "a name of a model is not empty and has no blanks"),
    ],
)
def test_names_that_no_row_can_have(name: str, reason: str):
    with pytest.raises(ConfigurationError) as caught:
        load(f"[routing.table.'{name}']\ncheap = 'x'", "x.toml", {})
    (problem,) = caught.value.problems
    assert problem.endswith(f": {reason}; expected the name of a model, none of Claude's")
    assert problem.startswith("x.toml: routing.table.")


@pytest.mark.parametrize("name", ["anthropic/claude-opus-4.8", "claudette"])
def test_a_claude_that_another_provider_has_under_another_name_can_have_a_row(name: str):
    assert name in load(f"[routing.table]\n'{name}' = {{ cheap = 'small' }}", "x.toml", {}).routing.table
