"""A configuration that is wrong: every fault at once, each with its place and what was expected, and no start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BROKEN = """
[server]
prot = 1
port = "eighty"
request_silence = -1

[providers.v1]
base_url = "https://example.com"
dialect = "openai"

[providers.mine]
base_url = "ftp://example.com"
dialect = "klingon"

[timeouts]
read = true

[disconnect]
policy = "forget"
drain_limt = 60

[providers.anthropic]
on_disconnect = "wait"
include_usage = true

[replay]
join = "sometimes"
max_body_bytes = 100000000

[routing]
enabled = "perhaps"
table."gpt-5".cheap = "gpt-5"

[ledger]
url = "mysql://localhost/ledger"
durability = "sometimes"

[servers]
port = 1
"""
# Key, and words that say what is wrong with it or what was expected.
PROBLEMS = (
    ("server.prot", "server.port"),
    ("server.port", "65535"),
    ("server.request_silence", "greater than 0"),
    ("providers.v1", "reserved"),
    ("providers.mine.base_url", "http://"),
    ("providers.mine.dialect", "anthropic, openai"),
    ("timeouts.read", "a number of seconds"),
    ("disconnect.policy", "abort, linger, drain"),
    ("disconnect.drain_limt", "disconnect.drain_limit"),
    ("providers.anthropic.on_disconnect", "abort, linger, drain"),
    ("providers.anthropic.include_usage", "unasked"),
    ("replay.join", "resend, always, never"),
    ("replay.max_body_bytes", "replay.max_total_bytes"),
    ("routing.enabled", "true or false"),
    ("routing.table.gpt-5.cheap", "another model"),
    ("ledger.url", "sqlite:///"),
    ("ledger.durability", "normal or full"),
    ("servers", "server"),
)
FROM_ENVIRONMENT = {"TRIOPROXY_TIMEOUTS__CONNECT": "soon", "TRIOPROXY_ROUTING__TABLE": "gpt-5=gpt-5-nano"}


def run(*command: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIOPROXY_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env={**environ, "HOME": str(cwd), **env},
        capture_output=True,
        text=True,
        timeout=30,
    )


def names_them_all(said: str, path: Path) -> None:
    for key, words in PROBLEMS:
        [line] = {line for line in said.splitlines() if f"{path}: {key}: " in line}
        assert words in line
    assert re.search(r"TRIOPROXY_TIMEOUTS__CONNECT: timeouts\.connect: .*seconds", said)
    assert re.search(r"TRIOPROXY_ROUTING__TABLE: routing\.table: .*expected in the file", said)


def test_serve(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(BROKEN)
    done = run("trioproxy", "serve", "--config", str(path), cwd=tmp_path, env=FROM_ENVIRONMENT)
    assert (done.returncode, done.stdout) == (2, "")
    names_them_all(done.stderr, path)
    # One line for each problem, and not a word besides.
    assert len(done.stderr.splitlines()) == len(PROBLEMS) + len(FROM_ENVIRONMENT)
    assert [file.name for file in tmp_path.iterdir()] == ["broken.toml"]


def test_plain_hypercorn(tmp_path: Path) -> None:
    """The start fails with the list; what its status is then, is Hypercorn's affair."""
    path = tmp_path / "broken.toml"
    path.write_text(BROKEN)
    server = ("hypercorn", "-k", "trio", "-c", "python:trioproxy.hypercorn_config", "-b", "127.0.0.1:0")
    done = run(*server, "trioproxy:app", cwd=tmp_path, env={**FROM_ENVIRONMENT, "TRIOPROXY_CONFIG": str(path)})
    _, failed, said = done.stderr.partition("Lifespan failure in startup. 'the configuration is wrong")
    assert failed
    names_them_all(said, path)
    assert [file.name for file in tmp_path.iterdir()] == ["broken.toml"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("[server\nport = 1", "line 1, column 8: not valid TOML"),
        ("[server]\nport = 1\nport = 2", "not valid TOML"),
        (b"\xff\xfe[server]", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read(text: str | bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run("trioproxy", "serve", "--config", str(path), cwd=tmp_path, env={})
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{path}: ")
    assert words in line
