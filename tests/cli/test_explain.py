"""`trioproxy explain`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from trioproxy.cli import main

Output = pytest.CaptureFixture[str]
BODY = '{"model": "claude-opus-4-8", "messages": [{"role": "user", "content": "what is `ls`?"}]}'


@pytest.fixture
def request_json(tmp_path: Path) -> str:
    file = tmp_path / "request.json"
    file.write_text(BODY)
    return str(file)


def test_people_see_a_fact_a_line(request_json: str, monkeypatch: pytest.MonkeyPatch, capsys: Output):
    monkeypatch.setenv("TRIOPROXY_ROUTING__ENABLED", "true")
    monkeypatch.setenv("TRIOPROXY_DISCONNECT__POLICY", "linger")
    assert main(["explain", request_json]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "goes to                anthropic, dialect anthropic, as /v1/messages",
        "request                messages, a generation",
        "model asked            claude-opus-4-8",
        "model sent             claude-haiku-4-5",
        "routing                on",
        "score                  2 of 10",
        "                       +2 a code construct (`ls`)",
        "edited                 model replaced",
        "prompt caching         off (routing.prompt_caching)",
        "usage of chat streams  no: for chat streams alone",
        "client leaves          linger: lives on for 10 s",
        "reuse                  its answer is replayed for 5 s after its end",
        "                       joins a call of the same request whose client has left, or as a retry",
        "not known here         the cache of the session: where it is warm, a session stays with its model",
        "                       answers in flight, and answers that could be replayed",
    ]


def test_what_is_held_back_and_kept_out(request_json: str, monkeypatch: pytest.MonkeyPatch, capsys: Output):
    monkeypatch.setenv("TRIOPROXY_ROUTING__ENABLED", "true")
    assert (
        main(["explain", request_json, "--header", "Content-Encoding: identity", "--header", "cache-control:no-cache"])
        == 0
    )
    shown = capsys.readouterr().out
    assert "reuse                  no: its client keeps it out: cache-control\n" in shown
    Path(request_json).write_text(BODY[:-1] + ', "max_tokens": 99999}')
    assert main(["explain", request_json]) == 0
    shown = capsys.readouterr().out
    assert "held back              claude-haiku-4-5 does not take max_tokens over 64000\n" in shown
    assert "edited                 nothing\n" in shown
    assert "client leaves          abort: ends at once\n" in shown


@pytest.mark.parametrize(
    ("variables", "path", "line"),
    [
        ({"DISCONNECT__POLICY": "drain"}, "/v1/messages", "drain: lives on until its end, for 300 s at most"),
        (
            {"DISCONNECT__POLICY": "drain", "DISCONNECT__UNTIL": "usage"},
            "/v1/messages",
            "drain: lives on until its usage, for 300 s at most",
        ),
        (
            {"DISCONNECT__POLICY": "drain", "DISCONNECT__MAX_DETACHED": "0"},
            "/v1/messages",
            "drain: ends at once: no more than 0 calls live on without a client (disconnect.max_detached)",
        ),
        ({"DISCONNECT__POLICY": "linger"}, "/v1/messages/count_tokens", "abort: ends at once"),
        ({"REPLAY__WINDOW": "0"}, "/v1/messages", "its answer is not replayed (replay.window)"),
        ({"REPLAY__JOIN": "never"}, "/v1/messages", "joins no call (replay.join)"),
    ],
)
def test_what_becomes_of_a_call_and_its_answer(
    variables: dict[str, str], path: str, line: str, request_json: str, monkeypatch: pytest.MonkeyPatch, capsys: Output
):
    for name, value in variables.items():
        monkeypatch.setenv(f"TRIOPROXY_{name}", value)
    assert main(["explain", request_json, "--path", path]) == 0
    assert f"  {line}\n" in capsys.readouterr().out


def test_programs_get_one_object(request_json: str, capsys: Output):
    assert main(["explain", request_json, "--json", "--path", "/v1/messages?beta=true"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["target"] == "/v1/messages?beta=true"
    assert (found["score"], found["model_sent"], found["on_disconnect"]) == (2, "claude-opus-4-8", "abort")


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Output):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"model": "gpt-5", "input": "hi"}')))
    assert main(["explain", "-", "--path", "/openai/v1/responses"]) == 0
    assert capsys.readouterr().out.startswith("goes to                openai, dialect openai, as /v1/responses\n")


def test_what_is_passed_on_unread(request_json: str, capsys: Output):
    assert main(["explain", request_json, "--path", "/v1/messages/count_tokens"]) == 0
    shown = capsys.readouterr().out
    assert "request                other, passed on unread\n" in shown
    assert "model asked            -\n" in shown
    assert "score                  none\n" in shown


def test_a_terminal_obeys_nothing_that_is_in_a_request(request_json: str, capsys: Output):
    Path(request_json).write_text(BODY.replace("opus-4-8", "\\u001b[2J"))
    assert main(["explain", request_json]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nowhere.json"], 2, "nowhere.json: no such file or directory; expected a request's body"),
        (["."], 2, ".: is a directory; expected a request's body"),
        (["{file}", "--path", "/x"], 2, "option --path: no route for '/x'; provider routes are /v1/"),
        (["{file}", "--path", "/x/v1/y"], 2, "option --path: unknown provider 'x'; the configured ones are: anthropic"),
        (["{file}", "--header", "x"], 2, "option --header: got 'x'; expected 'name: value'"),
        (["{file}", "--header", ": x"], 2, "option --header: got ': x'; expected 'name: value'"),
        (["{file}", "--config", "nowhere.toml"], 2, "nowhere.toml: no such file"),
        (["{broken}"], 1, "trioproxy: {broken}: no JSON object that can be read; it would go upstream as it is"),
    ],
)
def test_errors_are_one_clear_line(
    arguments: list[str], status: int, said: str, request_json: str, tmp_path: Path, capsys: Output
):
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    names = {"file": request_json, "broken": str(broken)}
    assert main(["explain", *(each.format(**names) for each in arguments)]) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith(said.format(**names))


def test_standard_input_that_is_no_json(monkeypatch: pytest.MonkeyPatch, capsys: Output):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"nope")))
    assert main(["explain", "-"]) == 1
    said = "trioproxy: standard input: no JSON object that can be read; it would go upstream as it is\n"
    assert capsys.readouterr().err == said
