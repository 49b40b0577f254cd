"""A command and the proxy beside it: start, signals, exit status, end.

One nursery owns the proxy's task and the command's: if the proxy is lost, the
command is ended, rather than left talking to a closed port.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

import trio

from trioproxy.cli.clients import arguments, environment
from trioproxy.errors import OurError
from trioproxy.settings import Settings

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CANNOT_EXECUTE = 126  # as shells have it


# A proxy, called as server(settings, stop=…, task_status=…): reports its URL as started, and returns
# when it has drained after the event `stop`.
Server = Callable[..., Awaitable[int]]


async def accompany(settings: Settings, command: Sequence[str], environ: dict[str, str], *, server: Server) -> int:
    """Run `command` beside a proxy with `settings`; its exit status, or 128 + n if signal n ended it.

    Returns when the proxy has drained. A signal before the command has started, or
    after it has ended, ends the proxy at once instead. Cancellation ends both.

    Raises:
        OurError: the proxy ended by itself while the command ran; the command was ended then.
        LedgerError, OSError: the proxy could not be started.
    """
    return await _Companion(settings, command, environ, server).accompany()


class _Companion:
    def __init__(self, settings: Settings, command: Sequence[str], environ: dict[str, str], server: Server) -> None:
        self._server = server
        self._settings = settings
        self._command = command
        self._environ = environ
        self._process: trio.Process | None = None
        self._status = 0
        self._stop = trio.Event()
        self._expected = False
        # On a terminal, Ctrl-C goes to every process in the foreground: the command has had it already.
        self._shares_terminal = _in_foreground()

    async def accompany(self) -> int:
        with trio.open_signal_receiver(*_PASSED_ON) as signals:
            # Owner of the proxy, the command and who watches them: their lives are tied together (ADR 0003).
            async with trio.open_nursery() as outer:  # noqa: TID251
                outer.start_soon(self._pass_on, signals, outer)
                outer.start_soon(self._expect_the_end)
                async with trio.open_nursery() as inner:  # noqa: TID251 - left when the proxy has drained
                    url = await inner.start(partial(self._server, self._settings, stop=self._stop))
                    await self._run(url, inner)
                    self._expected = True
                    self._stop.set()
                outer.cancel_scope.cancel()
        return self._status

    async def _run(self, url: str, nursery: trio.Nursery) -> None:
        command = arguments(self._command, url)
        environ = environment(url, self._environ)
        run_process = partial(trio.run_process, command, stdin=None, check=False, env=environ)
        try:
            self._process = await nursery.start(run_process)
        except OSError as error:
            print(f"trioproxy: {command[0]}: {error.strerror}", file=sys.stderr)
            self._status = _CANNOT_EXECUTE
            return
        code = await self._process.wait()
        self._status = code if code >= 0 else 128 - code

    async def _expect_the_end(self) -> None:
        # The proxy itself sets the event when it has lost a part that it cannot go on without.
        await self._stop.wait()
        if not self._expected:
            raise OurError("the proxy has ended by itself, and the command with it")

    async def _pass_on(self, signals: AsyncIterator[int], nursery: trio.Nursery) -> None:
        async for number in signals:
            if self._process is None:
                self._status = 128 + number
                nursery.cancel_scope.cancel()
            elif self._process.returncode is not None:
                nursery.cancel_scope.cancel()
            elif number != signal.SIGINT or not self._shares_terminal:
                self._process.send_signal(number)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # standard input is no terminal
        return False
