"""The real proxy in a subprocess, the way users start it.

    async with running_proxy(tmp_path, {"providers": {"anthropic": {"base_url": upstream.url}}}) as proxy:
        ... proxy.url, proxy.rows("calls"), proxy.stderr() ...

It never outlives the block, nor do the processes it starts.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import trio

from trioproxy.store.reading import Record, Table, open_reader

Mode = Literal["serve", "hypercorn"]

START_PATIENCE_S = 20.0
END_PATIENCE_S = 20.0

_HYPERCORN_OPTIONS = ("-k", "trio", "-c", "python:trioproxy.hypercorn_config", "-b", "127.0.0.1:0")
_LISTENING = {
    "serve": re.compile(r"^trioproxy listening on (\S+:(\d+))$", re.MULTILINE),
    "hypercorn": re.compile(r"Running on (\S+:(\d+)) "),
}


class RunningProxy:
    """A proxy in a process of its own, listening."""

    def __init__(self, process: trio.Process, ledger_path: Path) -> None:
        self.process = process
        self.ledger_path = ledger_path
        self.url = ""
        self.port = 0
        self._output = {"stdout": bytearray(), "stderr": bytearray()}
        self._happened = trio.Event()

    def stdout(self) -> str:
        return self._output["stdout"].decode(errors="replace")

    def stderr(self) -> str:
        """The log so far."""
        return self._output["stderr"].decode(errors="replace")

    def rows(self, table: Table = "requests") -> list[Record]:
        """The ledger's rows, oldest first."""
        with open_reader(f"sqlite:///{self.ledger_path}") as reader:
            return list(reader.export(table))

    async def settled(self, count: int, table: Table = "requests", within_s: float = 10.0) -> list[Record]:
        """The rows once there are `count` of them and all have ended.

        Raises:
            TimeoutError: that did not come; shows the rows and the log.
        """
        with trio.move_on_after(within_s):
            while True:
                rows = self.rows(table) if self.ledger_path.exists() else []
                ended = [row for row in rows if row["ended_at"] and not _call_open(row)]
                if len(ended) == len(rows) >= count:
                    return rows
                await trio.sleep(0.01)
        raise TimeoutError(f"not {count} settled rows within {within_s} s: {rows}\n{self.stderr()}")

    async def logged(self, words: str, within_s: float = 10.0) -> None:
        """Wait until the log has `words` in it."""
        await self._until(lambda: words in self.stderr(), repr(words), within_s)

    def send_signal(self, number: int) -> None:
        """Send a signal to the process and all that it started."""
        os.killpg(self.process.pid, number)

    async def stop(self, number: int = signal.SIGTERM, within_s: float = END_PATIENCE_S) -> int:
        """Send a signal and wait for the end; the exit status, negative if the signal itself was the end.

        Raises:
            TimeoutError: it goes on.
        """
        self.send_signal(number)
        with trio.move_on_after(within_s):
            return await self.process.wait()
        raise TimeoutError(f"signal {number} did not end the proxy within {within_s} s\n{self.stderr()}")

    async def _keep(self, name: str, stream: trio.abc.ReceiveStream) -> None:
        while data := await stream.receive_some():
            self._output[name] += data
            self._wake()
        self._wake()

    async def _watch(self) -> None:
        await self.process.wait()
        self._wake()

    def _wake(self) -> None:
        self._happened.set()
        self._happened = trio.Event()

    async def _until(self, fact: Callable[[], bool], what: str, within_s: float) -> None:
        with trio.move_on_after(within_s):
            while not fact() and self.process.returncode is None:
                await self._happened.wait()
        if not fact():
            state = f"status {self.process.returncode}"
            raise TimeoutError(f"no {what} ({state}):\n{self.stdout()}\n{self.stderr()}")

    async def _wait_listening(self, mode: Mode) -> None:
        output = self.stdout if mode == "serve" else self.stderr
        await self._until(lambda: bool(_LISTENING[mode].search(output())), "listening line", START_PATIENCE_S)
        found = _LISTENING[mode].search(output())
        assert found
        self.url, self.port = found[1], int(found[2])


@asynccontextmanager
async def running_proxy(
    tmp_path: Path,
    settings: str | Mapping[str, Any] = "",
    *,
    mode: Mode = "serve",
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningProxy]:
    """The proxy with `settings` (TOML text, or the same as a dict), its ledger and home in `tmp_path`.

    `options` come last on its command line; `env` on top of an environment without any `TRIOPROXY_` or proxy variable.

    Raises:
        TimeoutError: it does not listen; shows what it said instead.
    """
    config, ledger = tmp_path / "trioproxy.toml", tmp_path / "ledger.db"
    config.write_text(settings if isinstance(settings, str) else toml(settings))
    command = {
        "serve": ["-m", "trioproxy", "serve", "--config", str(config), "--port", "0"],
        "hypercorn": ["-m", "hypercorn", *_HYPERCORN_OPTIONS, "trioproxy:app"],
    }[mode]
    environ = {
        **{k: v for k, v in os.environ.items() if not re.match(r"TRIOPROXY_|.*_PROXY$", k, re.IGNORECASE)},
        "HOME": str(tmp_path),
        "TRIOPROXY_CONFIG": str(config),
        "TRIOPROXY_LEDGER__URL": f"sqlite:///{ledger}",
        **(env or {}),
    }
    process = await trio.lowlevel.open_process(
        [sys.executable, *command, *options],
        env=environ,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    proxy = RunningProxy(process, ledger)
    failure: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            assert process.stdout
            assert process.stderr
            nursery.start_soon(proxy._keep, "stdout", process.stdout)
            nursery.start_soon(proxy._keep, "stderr", process.stderr)
            nursery.start_soon(proxy._watch)
            try:
                await proxy._wait_listening(mode)
                yield proxy
            except Exception as error:
                failure = error
            finally:
                _kill(process)
            # The tasks end with the pipes: when the last process that has them is gone.
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + END_PATIENCE_S):
            await process.wait()
    if failure is not None:
        raise failure


def _call_open(row: Record) -> bool:
    """A request's row whose call goes on; one that was rejected has none."""
    return row.get("call_id") is not None and row.get("call_outcome", "") is None


def _kill(process: trio.Process) -> None:
    """The whole group: Hypercorn serves from a child, which would live on."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def toml(settings: Mapping[str, Any], name: str = "") -> str:
    """Nested dicts of strings, numbers and booleans as TOML."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if not isinstance(value, Mapping)]
    tables = [toml(value, f"{name}{key}.") for key, value in settings.items() if isinstance(value, Mapping)]
    header = [f"[{name.removesuffix('.')}]"] if name and lines else []
    return "\n".join([*header, *lines, *tables])
