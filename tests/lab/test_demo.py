"""The demo as people start it, only faster: what it shows, and that it stays and goes as told."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
import trio

from trioproxy.lab.client import AnswerEnding, LabClient

FAST = "import sys; from trioproxy.lab import demo; demo.WORDS_PER_S = 300; sys.exit(demo.demo(serve={}))"


def command(serve: bool) -> list[str]:
    return [sys.executable, "-c", FAST.format(serve)]


@pytest.mark.slow
async def test_it_shows_three_endings_and_their_rows() -> None:
    with trio.fail_after(30):
        done = await trio.run_process(command(serve=False), capture_stdout=True, capture_stderr=True, check=False)
    shown = done.stdout.decode()

    assert (done.returncode, done.stderr) == (0, b"")
    assert "\x1b" not in shown
    assert "54 words" in shown
    assert "the end: clean" in shown
    noticed = re.search(r"the upstream saw it (\d+\.\d) ms later", shown)
    assert noticed
    assert float(noticed[1]) < 250
    assert "what the client saw: truncated, not a clean end" in shown
    rows = [line.split() for line in shown.splitlines() if re.match(r"[123] (claude|gpt)", line)]
    assert [row[1:5] for row in rows] == [
        ["claude-haiku-4-5", "completed", "delivered", "end_turn"],
        ["claude-haiku-4-5", "abandoned", "client_left", "incomplete"],
        ["gpt-5-mini", "truncated", "upstream_failed", "incomplete"],
    ]
    assert rows[0][5] == "1/54"
    assert rows[0][6].startswith("$0.000")


@pytest.mark.slow
async def test_it_keeps_serving_until_it_is_told_to_go() -> None:
    with trio.fail_after(30):
        process = await trio.lowlevel.open_process(command(serve=True), stdout=subprocess.PIPE, start_new_session=True)
        try:
            shown = b""
            assert process.stdout
            while b"ledger tail" not in shown:
                more = await process.stdout.receive_some()
                assert more, shown
                shown += more
            url = re.search(rb"curl -N (http://\S+)/v1/messages", shown)
            assert url
            async with await LabClient.connect(url[1].decode()) as client:
                await client.post("/openai/v1/chat/completions", {"stream": True}, ((b"x-demo-ending", b"close"),))
                assert b"chat.completion.chunk" in await client.rest()
                assert client.ending is AnswerEnding.TRUNCATED
            os.kill(process.pid, signal.SIGINT)
            assert await process.wait() == 0
        finally:
            process.kill()
