"""`trioproxy run`, with the real proxy: what the command finds, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from support.raw_upstream import RawUpstream, answering

from trioproxy.cli import main
from trioproxy.cli.run import _cost

Output = pytest.CaptureFixture[str]

ANSWER = json.dumps(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": "Because."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1000, "output_tokens": 200},
    }
).encode()
ASK = """
import os, sys, urllib.request
body = b'{"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "why?"}]}'
request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", body)
request.add_header("content-type", "application/json")
print(urllib.request.urlopen(request).status, flush=True)
sys.exit(5)
"""


def run(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "x.toml"
    upstream = settings.get("upstream", "http://127.0.0.1:9")
    file.write_text(
        f"[ledger]\nurl = '{settings.get('ledger', f'sqlite:///{tmp_path}/ledger.db')}'\n"
        f"[server]\nport = 1\nhost = '192.0.2.1'\n[providers.anthropic]\nbase_url = '{upstream}'\n"
    )
    command = [sys.executable, "-m", "trioproxy", "run", "--config", str(file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_the_command_works_through_the_proxy_and_its_cost_is_told(tmp_path: Path):
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
    async with trio.open_nursery() as nursery:
        upstream = await nursery.start(RawUpstream(answering(head + ANSWER)).serve)
        done = await trio.to_thread.run_sync(
            lambda: run(tmp_path, "--", sys.executable, "-c", ASK, upstream=upstream.url)
        )
        nursery.cancel_scope.cancel()
    assert (done.stdout, done.returncode) == ("200\n", 5)
    assert done.stderr == "trioproxy: 1 request (1 completed), 1000 tokens in, 200 out, $0.0020\n"


@pytest.mark.usefixtures("saving")
def test_the_last_line_tells_estimates_and_savings_and_nothing_that_a_terminal_obeys(tmp_path: Path):
    line = _cost(f"sqlite:///{tmp_path}/ledger.db", "me")
    assert line == (
        "7 requests (5 completed, 1 abandoned, 1 open), 247 tokens in, ~60 out, ~$0.0300; "
        "the cost of 1 request is not known; "
        "$0.0100 of the cost is estimated, for 1 request whose usage was not reported in full; "
        "saved $0.0200: $0.0100 by joining (1 request), $0.0100 by replay (1 request); "
        "held back an unknown amount (1 request: the cache of claude-\N{REPLACEMENT CHARACTER}[2J is warm)"
    )


def test_a_command_that_asks_nothing(tmp_path: Path):
    log = tmp_path / "log"
    done = run(tmp_path, "--log", str(log), "--", "true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "trioproxy: no requests\n")
    assert "INFO" in log.read_text()


def test_a_ledger_in_memory_is_gone_with_the_proxy(tmp_path: Path):
    done = run(tmp_path, "--", "true", ledger="sqlite:///:memory:")
    assert done.returncode == 0
    assert done.stderr.startswith("trioproxy: what it cost is not known: a ledger in memory")


def test_a_ledger_that_cannot_be_opened(tmp_path: Path):
    done = run(tmp_path, "--", "true", ledger=f"sqlite:///{tmp_path}/x.toml/ledger.db")
    assert done.returncode == 1
    assert done.stderr.startswith("trioproxy: ")
    assert "Traceback" not in done.stderr


def test_a_command_that_is_not_there(capsys: Output):
    assert main(["run", "--", "no-such-command"]) == 127
    assert capsys.readouterr().err == "trioproxy: no-such-command: command not found\n"


@pytest.mark.parametrize("name", ["folder", "plain"])
def test_a_command_that_is_there_but_cannot_be_executed(name: str, tmp_path: Path, capsys: Output):
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    assert main(["run", "--", str(tmp_path / name)]) == 126
    assert capsys.readouterr().err == f"trioproxy: {tmp_path / name}: cannot be executed\n"


def test_a_path_where_nothing_is(tmp_path: Path, capsys: Output):
    assert main(["run", "--", str(tmp_path / "x")]) == 127
    assert capsys.readouterr().err == f"trioproxy: {tmp_path / 'x'}: command not found\n"


def test_a_log_that_cannot_be_written(tmp_path: Path, capsys: Output):
    log = tmp_path / "nope" / "log"
    assert main(["run", "--log", str(log), "--", "true"]) == 2
    assert capsys.readouterr().err == f"option --log: cannot write the log to {log}: No such file or directory\n"


def test_the_certificate_of_the_server_is_not_needed_but_whom_to_trust_is(tmp_path: Path, capsys: Output):
    file = tmp_path / "x.toml"
    file.write_text("server.certfile = 'no.pem'\nserver.keyfile = 'no.pem'\nproviders.openai.ca_file = 'no.pem'\n")
    assert main(["run", "--config", str(file), "--", "true"]) == 2
    [problem] = capsys.readouterr().err.splitlines()
    assert problem.startswith(f"{file}: providers.openai.ca_file: ")
