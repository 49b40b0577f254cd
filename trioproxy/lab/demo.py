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
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from trioproxy.app.serve import run_server
from trioproxy.lab import acts
from trioproxy.lab.answers import answer_to
from trioproxy.lab.received import Received
from trioproxy.lab.screen import Row, Screen
from trioproxy.lab.script import Close, Ending, Reset, Script, Silence
from trioproxy.lab.upstream import ScriptedUpstream
from trioproxy.settings import BUILT_IN_PROVIDERS, Settings, load
from trioproxy.store.reading import open_reader

WORDS_PER_S = 18
# Of a stream that breaks off, so many events come.
EVENTS_BEFORE_BREAK = 15
LEDGER_PATIENCE_S = 5.0
TEXTS = (
    """A byte from the upstream is on its way to you as soon as it has come in. Nothing waits for
    more, nothing is buffered first, and no clock limits how long an answer may take. When its last word has come,
    the call is settled, once, and its row is in the ledger.""",
    """Suppose that you press Escape now, because this is not what you meant. The answer would go on being
    written, and paid for, unless somebody tells the upstream at once that nobody is listening any more.""",
    """Sometimes it is the upstream that goes, in the middle of a sentence. A proxy that ends such a stream
    politely makes half an answer look like a whole one.""",
    """And sometimes you come back: your client has lost its patience, and asks the same again. If the proxy lets a call
    live on for a while, the answer has gone on being written, and you get all of it, from its first word on, for the
    price of one.""",
)
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
        await acts.whole(screen, url)
        await acts.left(screen, url, upstream)
        await acts.broken(screen, url)
        await acts.came_back(screen, url, upstream)
        rows = await _rows(ledger, count=5)
        screen.log([line for line in log.lines if _is_about(rows, line)])
        screen.ledger(ledger, rows)
        if serve:
            screen.commands(url, ledger)
            await _until_signal()


def _answer(received: Received) -> Script:
    """What the upstream does: the act's text, in the shape asked for, to the end or to the break asked for."""
    act = acts.act_of(received)
    text = " ".join(TEXTS[(act or received.number) % len(TEXTS) - 1].split())
    answer = answer_to(received.path, received.headers, bytes(received.body), text)
    pace_s = 1 / WORDS_PER_S
    ending = ENDINGS.get(received.header(acts.ENDING_HEADER) or b"")
    if ending is not None and answer.streamed:
        return answer.up_to(EVENTS_BEFORE_BREAK).script(every_s=pace_s, then=ending)
    return answer.script(every_s=pace_s)


def _settings(upstream_url: str, ledger: Path, port: int) -> Settings:
    """Built-in defaults, but for the upstream, the ledger and the port; the user's own configuration plays no part."""
    options = {
        "server.port": port,
        "ledger.url": f"sqlite:///{ledger}",
        **{f"providers.{name}.base_url": upstream_url for name in BUILT_IN_PROVIDERS},
        f"providers.{acts.PATIENT_PROVIDER}.on_disconnect": "drain",
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
        return [row for row in reader.requests() if row["source"] == acts.SOURCE]


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
