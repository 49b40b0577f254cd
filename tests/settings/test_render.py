"""What is printed loads again, and holds no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioproxy.settings import Settings, load, mask, render

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
