"""What is printed loads again, and holds no secret."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trioproxy.settings import Settings, load, mask, render
from trioproxy.settings.render import dotted

TEXT = """
[server]
host = '::1'
port = 0
request_silence = 0.001
certfile = 'c "1".pem'
keyfile = "k\\u007f\\\\.pem"
[providers."my.llm"]
base_url = "http://127.0.0.1:9000"
dialect = "openai"
ca_file = "ca.pem"
[ledger]
url = "sqlite:////l.db"
durability = "full"
[disconnect]
policy = "drain"
until = "usage"
linger = 1e20
[replay]
enabled = false
join = "always"
[routing]
prompt_caching = true
cheap = 'a"b'
[routing.table]
gpt-5 = { cheap = "gpt-5-nano", mid = "gpt-5-mini" }
"gpt-4.1" = { mid = "gpt-4.1-mini" }
'openai/"o3"' = { cheap = 'o\\4' }
"""


@pytest.mark.parametrize("text", ["", TEXT])
def test_what_is_rendered_loads_again(text: str):
    settings = load(text, "x.toml", {})
    assert load(render(settings), "y.toml", {}) == settings


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives(host: str):
    settings = Settings.model_validate({"server": {"host": host}})
    if mask(host) == host:
        assert load(render(settings), "y.toml", {}) == settings


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1)


@given(st.dictionaries(NAMES, st.tuples(NAMES, st.none() | NAMES), max_size=4))
def test_any_table_of_models_survives(routes: dict[str, tuple[str, str | None]]):
    assume(all(mask(each) == each for name, (cheap, mid) in routes.items() for each in (name, cheap, mid or "")))
    assume(all(not name.startswith("claude-") and name not in models for name, models in routes.items()))
    table = {name: {"cheap": cheap, "mid": mid} for name, (cheap, mid) in routes.items()}
    settings = Settings.model_validate({"routing": {"table": table}})
    assert load(render(settings), "y.toml", {}) == settings


def test_a_table_comes_behind_its_section_s_own_keys():
    shown = render(load("[routing.table.'gpt-4.1']\ncheap = 'gpt-4.1-nano'", "x.toml", {}))
    assert shown.endswith('\nprompt_caching = false\n\n[routing.table]\n"gpt-4.1" = { cheap = "gpt-4.1-nano" }\n')


def test_a_key_is_spelt_as_in_toml():
    assert dotted(("routing", "table", "gpt-4.1", "cheap")) == 'routing.table."gpt-4.1".cheap'


def test_each_key_is_shown_even_where_it_is_not_set():
    assert "\n# certfile is not set\n" in render(Settings())
    assert "\n[providers.ollama]\nbase_url = " in render(Settings())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://me:secret@h/x", "https://me:***@h/x"),
        ("https://me:se@cr:et@h/x", "https://me:***@h/x"),
        ("https://sk-token@h/x", "https://***@h/x"),
        ("postgresql://me@h/db", "postgresql://me@h/db"),
        ("postgresql://me:p@h/db?sslpassword=x&a=1", "postgresql://me:***@h/db?sslpassword=***&a=1"),
        ("http://h:8080/a@b", "http://h:8080/a@b"),
        ("no URL: a:b@c", "no URL: a:b@c"),
    ],
)
def test_mask(text: str, masked: str):
    assert mask(text) == masked
