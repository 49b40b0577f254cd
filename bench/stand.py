"""Where one measurement is made: a fresh upstream, a fresh and warmed peer before it, load generator, meters."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import process
from bench.peers import Peer, Place
from trioproxy.lab.ports import free_ports

Values = dict[str, float]
EDIT_BYTES = 256  # the most that a peer that edits adds to a request, or takes away
SETTLE_S = 0.3  # what a peer still does after the last answer belongs to its bill


class LoadError(Exception):
    """The load generator failed or ran out of time."""


@dataclass(slots=True)
class Meter:
    """What the peer used in a block; None for `direct`. Growth is from the block's start to its highest point."""

    cpu_s: float | None = None
    growth_kb: float | None = None


@dataclass(slots=True)
class Stand:
    programs: dict[str, Path]
    peer: Peer
    place: Place
    pid: int | None
    quick: bool
    warnings: list[str] = field(default_factory=list)

    def _command(self, mode: str, options: dict[str, Any]) -> list[str]:
        given = {"port": self.place.port, "control": self.place.upstream, **options}
        if self.peer.edits:
            given["slack"] = EDIT_BYTES
        return [str(self.programs["load"]), mode, *(f"{name}={value}" for name, value in given.items())]

    def milliseconds(self, seconds: float) -> int:
        """How long a run lasts that lasts so long unless it is to be short."""
        return int(seconds * (400 if self.quick else 1000))

    def load(
        self, mode: str, *, when_held: Callable[[], None] = lambda: None, tolerant: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Runs the load generator to its end (it limits itself to two minutes) and gives what it printed.

        Requests that failed are a warning, unless `tolerant`: then the caller counts them.
        """
        command = self._command(mode, options)
        log = self.place.folder / "load.log"
        with process.child(command, log=log, stdout=subprocess.PIPE) as running:
            line = ""
            for line in running.stdout or ():
                if line == "held\n":
                    when_held()
            running.wait()
        if running.returncode:
            raise LoadError(f"status {running.returncode}: {' '.join(command)}\n{self.logs()}")
        seen: dict[str, Any] = json.loads(line)
        for trouble in ("failed", "unfinished", "out_of_phase") if mode != "idle" and not tolerant else ():
            if seen.get(trouble):
                self.warnings.append(f"{seen[trouble]} {trouble} {seen.get('failure', '')} in: {mode} {options}")
        return seen

    @contextmanager
    def meter(self) -> Iterator[Meter]:
        meter = Meter()
        if self.pid is None:
            yield meter
            return
        process.reset_peak(self.pid)
        memory_kb, cpu_s = process.memory_kb(self.pid, "VmRSS"), process.cpu_s(self.pid)
        yield meter
        time.sleep(SETTLE_S)
        meter.cpu_s = process.cpu_s(self.pid) - cpu_s
        meter.growth_kb = process.memory_kb(self.pid, "VmHWM") - memory_kb

    def warm_up(self) -> None:
        self.load("req", conns=8, ms=200 if self.quick else 500)
        self.load("each", conns=8, bench="stream;n=200")
        self.load("each", path="/v1/files", body=65536)
        time.sleep(SETTLE_S)

    def logs(self) -> str:
        """The last lines of everything that ran here."""
        return "\n".join(log.read_text()[-1000:] for log in sorted(self.place.folder.glob("*.log")))

    def upstream_requests(self) -> int:
        with urllib.request.urlopen(f"{self.place.upstream_url}/bench/report", timeout=5) as answer:
            return int(answer.read().split(b"\n")[0].split()[1])


@contextmanager
def stand(programs: dict[str, Path], peer: Peer, folder: Path, *, quick: bool) -> Iterator[Stand]:
    """Everything started anew, so that no mode inherits another's heap, connections or ledger."""
    env = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY") and not k.startswith("TRIOPROXY_")}
    with ExitStack() as stack:
        log = folder / "upstream.log"
        upstream_port = free_ports(1)[0]
        upstream = stack.enter_context(process.child([str(programs["upstream"]), str(upstream_port)], log=log))
        process.await_port(upstream, upstream_port, log)
        port, pid, running = upstream_port, None, None
        if peer.command:
            port = free_ports(1)[0]
            command, more = peer.command(Place(port, upstream_port, folder))
            log = folder / f"{peer.name}.log"
            running = stack.enter_context(process.child(command, log=log, env={**env, **more}))
            process.await_port(running, port, log)
            pid = running.pid
        ready = Stand(programs, peer, Place(port, upstream_port, folder), pid, quick)
        try:
            ready.warm_up()
            yield ready
        except LoadError as problem:
            for each, what in ((upstream, "upstream"), (running, peer.name)):
                if each and each.poll() is not None:
                    raise LoadError(f"{what} had ended with status {each.returncode}\n{problem}") from problem
            raise
