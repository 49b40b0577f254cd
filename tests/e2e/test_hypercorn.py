"""The same app under a Hypercorn that the user runs: `hypercorn -k trio trioproxy:app`, with our server settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from support.guest import Guest
from support.h1 import H1Client, Truncated
from support.h2c import H2Client
from support.proxied import Proxied, by_target, proxied

from trioproxy.lab.answers import chat_stream, message_stream
from trioproxy.lab.script import Reset, Silence

pytestmark = pytest.mark.slow

TEXT = "The same words, whoever serves them."
WHOLE = message_stream(TEXT)
BEGUN = WHOLE.up_to(5)
ENDLESS = BEGUN.script(then=Silence())
MESSAGES, CHAT = "/v1/messages", "/openai/v1/chat/completions"


def endings(stage: Proxied) -> list[tuple[object, ...]]:
    return [(row["path"], row["call_outcome"], row["outcome"]) for row in stage.proxy.rows()]


async def test_streams_end_as_they_should(tmp_path: Path) -> None:
    """Whole ones, one whose client leaves, one that its upstream breaks off; in both protocols."""
    scripts = by_target(
        {
            "/v1/messages": WHOLE.script(),
            "/v1/messages?left": ENDLESS,
            "/v1/chat/completions": chat_stream(TEXT).up_to(4).script(then=Reset()),
        }
    )
    async with proxied(tmp_path, scripts, mode="hypercorn") as stage:
        proxy, upstream = stage
        assert proxy.ledger_path.exists()
        for number, (protocol, sign) in enumerate((("h1", "FIN"), ("h1", "RST"), ("h2c", "h2 RST_STREAM")), 1):
            guest = await Guest.arrive(protocol, proxy.port)
            await guest.ask(MESSAGES, b"{}")
            with trio.fail_after(10):
                seen = await guest.stay()
            assert (seen.status, seen.complete, seen.body) == (200, True, WHOLE.body)
            guest.close()

            guest = await Guest.arrive(protocol, proxy.port)
            await guest.ask(f"{MESSAGES}?left", b"{}")
            with trio.fail_after(10):
                await guest.taste()
            await guest.leave(sign)
            assert len(await upstream.wait_left(number)) == number
            guest.close()

            guest = await Guest.arrive(protocol, proxy.port)
            await guest.ask(CHAT, b"{}")
            with trio.fail_after(10):
                seen = await guest.stay()
            assert (seen.status, seen.complete, seen.reset_code) == (200, False, 2 if protocol == "h2c" else None)
            guest.close()
        await proxy.settled(9)
        assert endings(stage) == 3 * [
            (MESSAGES, "completed", "delivered"),
            (MESSAGES, "abandoned", "client_left"),
            (CHAT, "truncated", "upstream_failed"),
        ]
        assert "Traceback" not in proxy.stderr()


async def test_sigterm_ends_streams_within_the_grace_and_settles_them(tmp_path: Path) -> None:
    """To Hypercorn itself; it lets its worker finish. What a signal to the whole group does, the docs say."""
    scripts = by_target({"/v1/messages": ENDLESS, "/v1/messages?soon": WHOLE.script(every_s=0.1)})
    options = ("--graceful-timeout", "2")
    async with proxied(tmp_path, scripts, mode="hypercorn", options=options) as stage:
        proxy, upstream = stage
        async with await H1Client.connect(proxy.port) as h1, await H2Client.connect(proxy.port) as h2:
            await h1.request("POST", MESSAGES, body=b"{}")
            assert (await h1.head()).status == 200
            stream = await h2.request("POST", f"{MESSAGES}?soon", body=b"{}")
            await h2.head(stream)
            await upstream.wait_received(2)
            os.kill(proxy.process.pid, signal.SIGTERM)
            with trio.fail_after(10):
                # One ends by itself within the grace, the other is cut when it is over.
                assert (await h2.reply(stream)).complete
                with pytest.raises(Truncated):
                    await h1.read(len(WHOLE.body))
                await upstream.wait_left(1)
                await proxy.process.wait()
        await proxy.settled(2)
        assert sorted(endings(stage)) == [(MESSAGES, "completed", "delivered"), (MESSAGES, "shutdown", "shutdown")]
        assert "Traceback" not in proxy.stderr()


IMPORTING = """
import os, sys

opened = []
looked_up = []

def watch(event, args):
    if event == "open" and isinstance(args[0], str) and not args[0].endswith((".py", ".pyc")):
        opened.append(args[0])

class Environment(type(os.environ)):
    def __getitem__(self, key):
        looked_up.append(key)
        return super().__getitem__(key)

os.environ.__class__ = Environment
sys.addaudithook(watch)
import trioproxy
from trioproxy import app
assert callable(app)
print(opened, [key for key in looked_up if "TRIOPROXY" in key])
print([name for name in ("hypercorn", "quart", "trio", "httpx", "sqlite3", "pydantic") if name in sys.modules])
"""


def test_importing_the_app_reads_and_patches_nothing(tmp_path: Path) -> None:
    """Even with a configuration that does not exist."""
    environ = {**os.environ, "TRIOPROXY_CONFIG": str(tmp_path / "nowhere.toml"), "TRIOPROXY_SERVER__PORT": "none"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[] []\n[]\n", "")
    assert list(tmp_path.iterdir()) == []


def test_it_is_the_app_whatever_was_imported_before() -> None:
    """`trioproxy.app` is the name of a package, too. Without a lifespan the app says what it wants."""
    import trioproxy.app.compose
    from trioproxy import app

    assert trioproxy.app.compose.compose
    with pytest.raises(RuntimeError, match="lifespan"):
        trio.run(app, {"type": "http"}, None, None)
