"""A target's file: what is right is read, everything that is wrong is told at once, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.wire.reading import parse_target, read_target

SMALL = """\
name = "tiny"
says = "a proxy"
speaks = ["h1"]

[run]
command = ["proxy", "{port}"]
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_target(text, "tiny.toml")
    return caught.value.problems


def test_what_is_left_out_has_a_default():
    target = parse_target(SMALL, "tiny.toml")

    assert (target.name, target.speaks, target.run.command) == ("tiny", ["h1"], ["proxy", "{port}"])
    assert (target.run.graceful, target.ask.path, target.ask.verbatim, target.ledger) == (
        "SIGTERM",
        "/v1/messages",
        True,
        None,
    )


def test_everything_that_is_wrong_is_told_at_once():
    text = """\
name = ""
speaks = ["h1", "spdy"]
color = "red"

[run]
comand = ["proxy"]
graceful = "SIGNOTHING"
start_limit_s = 0

[ask]
headers = { x = 1 }

[files]
conf = "listen {prot};"
"""
    places = (
        "port, port_h2c, port_h2, upstream_port, folder, environment, python, peers, certfile, keyfile, pemfile, cafile"
    )
    keys = "name, says, speaks, upstream, install, files, run, ask, ledger, versions"
    told = [
        'line 1: name: got "" (it is empty); expected text',
        "line 1: says: missing; expected text",
        'line 2: speaks[1]: got "spdy"; expected what clients may speak: of "h1", "h2c" (prior knowledge), "h2"',
        f"line 3: color: unknown key; expected one of: {keys}",
        "line 5: run.command: missing; expected a command: an array of strings, the program first",
        "line 6: run.comand: unknown key; did you mean command?",
        'line 7: run.graceful: got "SIGNOTHING" (no such signal); expected the name of a signal, like "SIGTERM"',
        "line 8: run.start_limit_s: got 0; expected a number of seconds greater than 0",
        "line 11: ask.headers.x: got 1; expected a table of strings",
        f"line 14: files.conf: {{prot}} is no place; expected one of: {places}",
    ]
    assert problems(text) == [f"tiny.toml: {each}" for each in told]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "tiny.toml: line 1, column 8: not valid TOML: Invalid value"),
        ("[run]\ncommand = 3\n[run]\n", "tiny.toml: line 3, column 5: not valid TOML"),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(text: str, said: str):
    (problem,) = problems(text)
    assert problem.startswith(said)


def test_a_table_where_none_is_expected_and_none_where_one_is():
    assert problems(SMALL + '\n[ledger]\nsqlite = "x"\n') == [
        f"tiny.toml: line 8: ledger.{key}: missing; expected text" for key in ("opened", "settled", "doubled")
    ]
    assert 'tiny.toml: line 1: ask: got "x"; expected a table' in problems('ask = "x"\n' + SMALL)


def test_files_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"cannot be read: No such file or directory; expected a TOML file"):
        read_target(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(ConfigurationError, match="line 1: not valid TOML: not UTF-8"):
        read_target(tmp_path / "latin.toml")


def test_what_stands_in_an_array_is_told_by_its_place():
    text = SMALL.replace('["proxy", "{port}"]', '[\n  "proxy",\n  "{prot}",\n]')
    assert [problem.partition(";")[0] for problem in problems(text)] == [
        "tiny.toml: line 8: run.command[1]: {prot} is no place"
    ]
