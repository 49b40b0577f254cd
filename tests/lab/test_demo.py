"""The demo as people start it, only faster: what it shows, and that it stays and goes as told."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from trioproxy.lab import demo
from trioproxy.lab.client import LabClient
from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.ports import free_ports
from trioproxy.settings import BUILT_IN_PROVIDERS

FAST = "import sys; from trioproxy.lab import demo; demo.WORDS_PER_S = {}; sys.exit(demo.demo(serve={}, port={}))"
ROWS = [
    ["claude-haiku-4-5", "completed", "delivered", "end_turn"],
    ["claude-haiku-4-5", "abandoned", "client_left", "incomplete"],
    ["gpt-5-mini", "truncated", "upstream_failed", "incomplete"],
    ["deepseek-chat", "completed", "client_left", "stop"],
    ["deepseek-chat", "completed", "joined", "stop"],
]


def command(serve: bool, port: int = 0, words_per_s: int = 300) -> list[str]:
    return [sys.executable, "-c", FAST.format(words_per_s, serve, port)]


def rows_in(shown: str) -> list[list[str]]:
    return [line.split() for line in shown.splitlines() if re.match(r"\d+ (claude|gpt|deepseek)", line)]


@pytest.mark.slow
async def test_it_shows_four_endings_and_their_rows() -> None:
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
    rows = rows_in(shown)
    assert [row[1:5] for row in rows] == ROWS
    assert rows[0][5] == "1/54"
    assert rows[0][6].startswith("$0.000")
    assert rows[1][5].partition("/")[2].startswith("~")  # what is estimated is marked
    assert "words from the first one on; calls upstream: 1; the end: clean" in shown


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


@pytest.mark.slow
async def test_whoever_asks_while_it_plays_does_not_spoil_it() -> None:
    [port] = free_ports(1)
    asked = 0

    async def ask_and_leave() -> None:
        nonlocal asked
        while True:
            try:
                async with await LabClient.connect(f"http://127.0.0.1:{port}") as client:
                    await client.post("/v1/messages", {"stream": True, "model": "claude-opus-4-8"})
                    asked += client.status == 200
            except OSError:
                await trio.sleep(0.01)  # not there yet, or no longer

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask_and_leave)
            done = await trio.run_process(command(False, port, words_per_s=60), capture_stdout=True, check=False)
            nursery.cancel_scope.cancel()
    shown = done.stdout.decode()

    assert asked > 5
    assert done.returncode == 0
    assert "54 words" in shown
    assert [row[1:5] for row in rows_in(shown)] == ROWS
    assert "claude-opus-4-8" not in shown


@pytest.mark.slow
async def test_the_address_is_told_when_the_acts_are_over() -> None:
    with trio.fail_after(30):
        process = await trio.lowlevel.open_process(command(serve=True), stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdout
        try:
            shown = b""
            while b"http://" not in shown:
                more = await process.stdout.receive_some()
                assert more, shown
                shown += more
            assert b"upstream_failed" in shown.partition(b"http://")[0]
        finally:
            process.kill()
            await process.wait()
            await process.stdout.aclose()


def test_every_provider_is_the_scripted_upstream() -> None:
    settings = demo._settings("http://127.0.0.1:9", Path("ledger.db"), 0)

    assert set(settings.providers) == set(BUILT_IN_PROVIDERS)
    assert {provider.base_url for provider in settings.providers.values()} == {"http://127.0.0.1:9"}
