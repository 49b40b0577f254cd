"""`trioproxy demo`: the proxy at work between a scripted upstream and a plain client, in one process.

    1  a whole answer, word by word
    2  one that the client leaves in the middle: how soon does the upstream know?
    3  one that the upstream breaks off: does the client know?

Then the rows of the three calls, read back from the ledger's file. Needs no key
and no network. Everything is as in service, save that upstream and client are ours.
Whoever else asks in the meantime is answered, and does not count.
"""

# Owns the proxy beside its client (docs/adr/0003).
# ruff: noqa: TID251

from __future__ import annotations

import logging
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio

from trioproxy.app.serve import run_server
from trioproxy.lab.answers import answer_to
from trioproxy.lab.client import LabClient
from trioproxy.lab.received import Received
from trioproxy.lab.screen import Row, Screen
from trioproxy.lab.script import Close, Ending, Reset, Script, Silence
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.model import RawHeaders
from trioproxy.settings import BUILT_IN_PROVIDERS, Settings, load
from trioproxy.store.reading import open_reader

WORDS_PER_S = 18
# Of a stream that breaks off, so many events come.
EVENTS_BEFORE_BREAK = 15
# The client leaves after so many words.
WORDS_BEFORE_LEAVING = 14
LEDGER_PATIENCE_S = 5.0
TEXTS = (
    """A byte from the upstream is on its way to you as soon as it has come in. Nothing waits for
    more, nothing is buffered first, and no clock limits how long an answer may take. When its last word has come,
    the call is settled, once, and its row is in the ledger.""",
    """Suppose that you press Escape now, because this is not what you meant. The answer would go on being
    written, and paid for, unless somebody tells the upstream at once that nobody is listening any more.""",
    """Sometimes it is the upstream that goes, in the middle of a sentence. A proxy that ends such a stream
    politely makes half an answer look like a whole one.""",
)
# Which act a request is of. No others count here, though others may come: the port is open.
ACT_HEADER = b"x-demo-act"
SOURCE = "trioproxy-demo"
# A request may ask for a broken answer with this header.
ENDING_HEADER = b"x-demo-ending"
ENDINGS: dict[bytes, Ending] = {b"reset": Reset(), b"close": Close(), b"silence": Silence()}


def demo(serve: bool = False, port: int = 0) -> int:
    """Show the proxy at work on the terminal; the exit status.

    Args:
        serve: afterwards, keep running until Ctrl-C or SIGTERM, and say what to try.
        port: the proxy's; 0 picks a free one.

    Raises:
        OSError: the port is taken.
        KeyboardInterrupt: Ctrl-C before the end of the show.
    """
    log = _Log()
    logger = logging.getLogger("trioproxy")
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    try:
        with tempfile.TemporaryDirectory(prefix="trioproxy-demo-") as folder:
            trio.run(partial(_show, Screen(), Path(folder) / "ledger.db", log, serve=serve, port=port))
    except BaseExceptionGroup as group:
        if group.subgroup(KeyboardInterrupt) is None:
            raise
        raise KeyboardInterrupt from None
    finally:
        logger.removeHandler(log)
    return 0


async def _show(screen: Screen, ledger: Path, log: _Log, *, serve: bool, port: int) -> None:
    async with (
        ScriptedUpstream(_answer) as upstream,
        _proxy(_settings(upstream.url, ledger, port)) as url,
    ):
        screen.opening()
        await _whole(screen, url)
        await _left(screen, url, upstream)
        await _broken(screen, url)
        rows = await _rows(ledger, count=3)
        screen.log([line for line in log.lines if _is_about(rows, line)])
        screen.ledger(ledger, rows)
        if serve:
            screen.commands(url, ledger)
            await _until_signal()


def _answer(received: Received) -> Script:
    """What the upstream does: the act's text, in the shape asked for, to the end or to the break asked for."""
    act = _act(received)
    text = " ".join(TEXTS[(act or received.number) % len(TEXTS) - 1].split())
    answer = answer_to(received.path, received.headers, bytes(received.body), text)
    pace_s = 1 / WORDS_PER_S
    ending = ENDINGS.get(received.header(ENDING_HEADER) or b"")
    if ending is not None and answer.streamed:
        return answer.up_to(EVENTS_BEFORE_BREAK).script(every_s=pace_s, then=ending)
    return answer.script(every_s=pace_s)


def _act(received: Received) -> int | None:
    """The act that a request is of, from 1; None for a request that is not the demo's."""
    acts = {b"%d" % number: number for number in range(1, len(TEXTS) + 1)}
    return acts.get(received.header(ACT_HEADER) or b"")


async def _whole(screen: Screen, url: str) -> None:
    screen.act("A whole answer")
    begun_at = time.monotonic()
    async with await LabClient.connect(url) as client:
        await client.post("/v1/messages", _question("claude-haiku-4-5", "Hello?"), (*ANTHROPIC, *_own(1)))
        first_ms = (time.monotonic() - begun_at) * 1000
        words = await _read(screen, client)
    screen.whole(words, first_ms, client.ending)


async def _left(screen: Screen, url: str, upstream: ScriptedUpstream) -> None:
    screen.act("The client leaves in the middle")
    async with await LabClient.connect(url) as client:
        await client.post("/v1/messages", _question("claude-haiku-4-5", "Something else?"), (*ANTHROPIC, *_own(2)))
        words = await _read(screen, client, words=WORDS_BEFORE_LEAVING)
        left_at = client.leave()
        await upstream.wait_until(lambda: any(_act(each) == 2 for each in upstream.left), "the departure")
    [received] = [each for each in upstream.left if _act(each) == 2]
    assert received.left_at is not None
    screen.left((received.left_at - left_at) * 1000, received.left_by, words)


async def _broken(screen: Screen, url: str) -> None:
    screen.act("The upstream breaks off in the middle")
    question = _question("gpt-5-mini", "And now?") | {"stream_options": {"include_usage": True}}
    async with await LabClient.connect(url) as client:
        await client.post("/openai/v1/chat/completions", question, (*_own(3), (ENDING_HEADER, b"reset")))
        words = await _read(screen, client)
    screen.broken(client.ending, words)


ANTHROPIC: RawHeaders = ((b"anthropic-version", b"2023-06-01"),)


def _own(act: int) -> RawHeaders:
    return ((b"user-agent", SOURCE.encode()), (ACT_HEADER, b"%d" % act))


def _question(model: str, words: str) -> dict[str, Any]:
    return {"model": model, "max_tokens": 200, "stream": True, "messages": [{"role": "user", "content": words}]}


async def _read(screen: Screen, client: LabClient, words: int | None = None) -> int:
    """Type what comes, up to `words` words; how many came."""
    count = 0
    while count != words and (data := await client.event_data()) is not None:
        match data:
            case {"delta": {"text": str(text)}} | {"choices": [{"delta": {"content": str(text)}}, *_]} if text:
                screen.type(text)
                count += 1
    return count


def _settings(upstream_url: str, ledger: Path, port: int) -> Settings:
    """Built-in defaults, but for the upstream, the ledger and the port; the user's own configuration plays no part."""
    options = {
        "server.port": port,
        "ledger.url": f"sqlite:///{ledger}",
        **{f"providers.{name}.base_url": upstream_url for name in BUILT_IN_PROVIDERS},
    }
    return load(None, None, {}, options=options)


@asynccontextmanager
async def _proxy(settings: Settings) -> AsyncIterator[str]:
    """The proxy, running; its URL. On leaving it drains."""
    stop = trio.Event()
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            yield await nursery.start(partial(run_server, settings, stop=stop))
        except Exception as error:  # noqa: BLE001  # raised below: out of the nursery, it needs no group
            failure = error
        stop.set()
    if failure is not None:
        raise failure


async def _rows(ledger: Path, count: int) -> Sequence[Row]:
    """The demo's `count` rows, once all are settled; those there are if that takes too long."""
    rows: Sequence[Row] = []
    with trio.move_on_after(LEDGER_PATIENCE_S):
        while not (len(rows) == count and all(row["ended_at"] and row["call_outcome"] for row in rows)):
            await trio.sleep(0.02)  # a file tells nobody that it has changed
            rows = await trio.to_thread.run_sync(_read_rows, ledger)
    return rows


def _is_about(rows: Sequence[Row], line: str) -> bool:
    ids = [str(id_) for row in rows for id_ in (row["id"], row["call_id"])]
    return not line.startswith("[stream]") or any(id_ in line for id_ in ids)


def _read_rows(ledger: Path) -> Sequence[Row]:
    with open_reader(f"sqlite:///{ledger}") as reader:
        return [row for row in reader.requests() if row["source"] == SOURCE]


async def _until_signal() -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        await anext(aiter(signals))


class _Log(logging.Handler):
    """Keeps what the proxy's log says of streams that did not end well, and its warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if line.startswith("[stream]") or record.levelno >= logging.WARNING:
            self.lines.append(line)
