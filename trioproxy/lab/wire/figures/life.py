"""The lives of a target in which its numbers are measured.

first    paced streams ─▶ streams that wait ─▶ SIGTERM with streams under way
second   the same end, asked as it likes to be asked (where that is another signal)
third    clients that leave; its ledger (where it has one)
fourth   SIGKILL with calls in flight; a fifth on the same ledger
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from trioproxy.lab.ports import free_ports
from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.door import Door, own_tls
from trioproxy.lab.wire.figures import drain, latency, memory, rows
from trioproxy.lab.wire.figures.crowd import Entrance, warm_up
from trioproxy.lab.wire.place import Place, place_for
from trioproxy.lab.wire.running import running
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.target import Asking, Protocol, Target
from trioproxy.lab.wire.trouble import TargetTrouble
from trioproxy.trace.records import Figure

Tell = Callable[[Figure], None]
# What a supervisor sends to a process that is to end.
SUPERVISORS = "SIGTERM"


async def floor_ms(protocol: Protocol, certificate: Mapping[str, str], *, quick: bool) -> list[float]:
    """What the harness takes for a chunk without a proxy, over that protocol."""
    port, tls = free_ports(1)[0], own_tls(certificate) if protocol == "h2" else None
    async with Stage.set_up(port, latency.paced(1), tls) as stage:
        door = Door({protocol: port}, certificate.get("cafile"))
        return await latency.measure(Entrance(stage, Asking(), door(protocol), protocol), quick=quick)


@dataclass(frozen=True, slots=True)
class Life:
    """One target, measured, over the first protocol that it speaks. `floors_ms`: what the harness takes over each."""

    target: Target
    certificate: Mapping[str, str]
    floors_ms: Mapping[Protocol, Sequence[float]]
    tell: Tell
    quick: bool

    async def live(self) -> None:
        """All of its lives.

        Raises:
            TargetTrouble: it does not start, does not end, or its ledger cannot be read.
        """
        await self.streams()
        if self.target.run.graceful != SUPERVISORS:
            async with self._born() as (entrance, child, _):
                drained = await drain.measure(entrance, child, self.target.run.graceful)
                self._tell(drain.figures(self.target.name, drained, nicely=True))
        if self.target.ledger is not None:
            await self.books()
        else:
            self._tell(rows.figure(self.target.name, what, None) for what in ("aborts", "kills"))

    async def streams(self) -> None:
        """The life in which it has nothing but streams, and a supervisor that ends it."""
        async with self._born() as (entrance, child, _):
            late_ms = await latency.measure(entrance, quick=self.quick)
            floor = self.floors_ms.get(entrance.protocol, ())
            self._tell(latency.figures(self.target.name, late_ms, floor, protocol=entrance.protocol))
            entrance.stage.clear()
            self._tell(memory.figures(self.target.name, await memory.measure(entrance, child, quick=self.quick)))
            entrance.stage.clear()
            self._tell(drain.figures(self.target.name, await drain.measure(entrance, child, SUPERVISORS)))

    async def books(self) -> None:
        """The lives after which its ledger is read."""
        async with self._born() as (entrance, child, place):
            found = await rows.with_aborts(entrance, child, place, quick=self.quick)
            self.tell(rows.figure(self.target.name, "aborts", found))
        async with self._born() as (entrance, child, place):
            await rows.with_a_kill(entrance, child)
            async with running(place) as again:
                self.tell(rows.figure(self.target.name, "kills", await rows.afterwards(entrance, again, place)))

    def _tell(self, figures: Iterable[Figure]) -> None:
        for figure in figures:
            self.tell(figure)

    @asynccontextmanager
    async def _born(self) -> AsyncIterator[tuple[Entrance, Child, Place]]:
        """The target, started in a folder of its own, with an upstream behind it."""
        port = free_ports(1)[0]
        protocol = self.target.speaks[0]
        with tempfile.TemporaryDirectory(prefix="trioproxy-lab-", ignore_cleanup_errors=True) as folder:
            place = place_for(self.target, Path(folder), port, self.certificate)
            door = Door({protocol: place.port(protocol)}, self.certificate.get("cafile"))
            async with Stage.set_up(port, rows.story()) as stage, running(place) as child:
                entrance = Entrance(stage, self.target.ask, door(protocol), protocol)
                try:
                    await warm_up(entrance)
                except TargetTrouble as trouble:
                    raise TargetTrouble(trouble.message, child.output()) from None
                yield entrance, child, place
