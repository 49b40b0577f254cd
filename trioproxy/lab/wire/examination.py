"""One target, examined: started, driven through its cells, started again if it dies, and ended.

    start ─▶ does a plain answer pass? ─▶ cell after cell ─▶ (dead or deaf: again) ─▶ the cells whose upstream is down

Whatever the target does wrong is told (`Trouble`) and is no error of the lab.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trioproxy.lab.ports import free_ports
from trioproxy.lab.wire.cells import Cell, Fault
from trioproxy.lab.wire.child import Child
from trioproxy.lab.wire.door import Door, own_tls
from trioproxy.lab.wire.figures import aborts, latency
from trioproxy.lab.wire.figures.life import Life, floor_ms
from trioproxy.lab.wire.matrix import Matrix, Tell
from trioproxy.lab.wire.place import place_for
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.running import running
from trioproxy.lab.wire.shipped import DIRECT
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.stories import scene
from trioproxy.lab.wire.tables import IMPOSSIBLE
from trioproxy.lab.wire.target import PROTOCOLS, Asking, Protocol, Target
from trioproxy.lab.wire.trouble import TargetTrouble
from trioproxy.trace.records import Record, Run, Trouble

# So often a target is started again before what is left of it is given up.
STARTS = 4
# A process whose connections have broken may have died a moment ago, and nobody knows it yet.
DYING_S = 0.2


@dataclass(slots=True)
class Examination:
    """One target and what is to be done with it. `target`: None for no proxy at all."""

    target: Target | None
    plan: Plan
    tell: Tell
    certificate: Mapping[str, str]
    # What the harness takes for a chunk without a proxy, over each protocol; the examination of none finds it out.
    floors_ms: dict[Protocol, list[float]] = field(default_factory=dict)
    # What any target of this run speaks: the harness is not measured over more.
    spoken: Sequence[Protocol] = PROTOCOLS
    runs: list[Run] = field(default_factory=list)
    # It cannot be started, or not be kept alive.
    gone: bool = False

    @property
    def subject(self) -> str:
        """Its name in the results."""
        return self.target.name if self.target else DIRECT

    @property
    def speaks(self) -> list[Protocol]:
        """What clients may speak to it. The harness itself speaks what is spoken, but for TLS without a certificate."""
        if self.target is not None:
            return self.target.speaks
        return [each for each in PROTOCOLS if each in self.spoken and (each != "h2" or self.certificate)]

    def cells(self) -> list[Cell]:
        """Those that its protocols allow. Faults come first, floods last: what is left of them is work for a while."""
        possible = (
            cell
            for cell in self.plan.cells
            if cell.protocol in self.speaks
            and cell.protocol in self.plan.protocols
            and cell.fits(self.target.upstream if self.target is not None else cell.protocol)
            and not (self.target is None and cell.fault is Fault.REFUSED)  # without a proxy there is nobody to refuse
        )
        return sorted(possible, key=lambda cell: (PROTOCOLS.index(cell.protocol), cell.fault is None, cell.floods))

    async def run(self) -> None:
        """All of it. Never raises for what the target does."""
        try:
            await self.cells_alone()
            if self.plan.figures:
                await self._figures()
        except TargetTrouble as trouble:
            self.trouble(trouble.message, trouble.output)

    async def _figures(self) -> None:
        """The five numbers."""
        for figure in aborts.figures(self.subject, self.runs):
            self.tell(figure)
        if self.target is None:
            for protocol in self.speaks:
                floor = await floor_ms(protocol, self.certificate, quick=self.plan.quick)
                self.floors_ms[protocol] = floor
                for figure in latency.figures(self.subject, floor, None, protocol=protocol):
                    self.tell(figure)
        elif not self.gone:
            await Life(self.target, self.certificate, self.floors_ms, self.tell, self.plan.quick).live()

    async def cells_alone(self) -> None:
        """Its cells."""
        wanted = self.cells()
        if not wanted and self.target is not None:
            spoken = f"it speaks {' and '.join(self.target.speaks)}, and {self.target.upstream} to its upstream"
            self.trouble(f"no cell was run: {spoken}, and no chosen cell does")
        self._tell_impossible(wanted)
        left = deque(cell for cell in wanted if not cell.impossible)
        for _ in range(STARTS):
            if not left:
                return
            try:
                await self._until_it_dies(left)
            except TargetTrouble as trouble:
                self.trouble(trouble.message, trouble.output)
                if trouble.for_good:
                    self.gone = True
                    return
        if left:
            self.gone = True
            self.trouble(f"given up after {STARTS} starts: {len(left)} cells were not tried", _lines(left))

    async def _until_it_dies(self, left: deque[Cell]) -> None:
        """Start it, and try cells until none is left: without a proxy, none of those with TLS or of those without.

        Raises:
            TargetTrouble: it does not start, or has died, or serves nobody any more.
        """
        port = free_ports(1)[0]
        tls = own_tls(self.certificate) if self.target is None and left[0].protocol == "h2" else None
        async with self._standing(port) as (door, child):
            up = [cell for cell in left if cell.fault is not Fault.REFUSED]
            if self.target is None:
                up = [cell for cell in up if (cell.protocol == "h2") is (tls is not None)]
            async with Stage.set_up(port, scene(Cell("h1", fault=Fault.NONE)).script, tls) as stage:
                matrix = self._matrix(stage, door)
                for protocol in dict.fromkeys(cell.protocol for cell in up):
                    if ailment := await matrix.ailment(protocol):
                        await self._check_alive(child, DYING_S, "a plain answer")
                        left = _without(left, protocol)
                        self.trouble(
                            f"a plain answer does not pass over {protocol}: {ailment}", child.output() if child else ""
                        )
                for cell in up:
                    if cell not in left:
                        continue
                    left.remove(cell)
                    await self._try(matrix, cell, child, left)
            down = Stage.nobody(port)
            for cell in [cell for cell in left if cell.fault is Fault.REFUSED]:
                left.remove(cell)
                await self._try(self._matrix(down, door), cell, child, left)

    async def _try(self, matrix: Matrix, cell: Cell, child: Child | None, left: deque[Cell]) -> None:
        what = f"{cell.word}, {cell.protocol}"
        well = await matrix.run(cell)
        await self._check_alive(child, 0 if left and well else DYING_S, what)
        if cell.fault is Fault.REFUSED or (well and not cell.floods):
            return
        # Also: let it come to rest before the next cell.
        if await matrix.ailment(cell.protocol):
            raise TargetTrouble(f"serves nobody any more after: {what}", child.output() if child else "")

    async def _check_alive(self, child: Child | None, within_s: float, what: str) -> None:
        if child is not None and await child.ended(within_s) is not None:
            raise TargetTrouble(f"has died with status {child.status} in: {what}", child.output())

    def _matrix(self, stage: Stage, door: Door) -> Matrix:
        asking = self.target.ask if self.target else Asking()
        return Matrix(self.subject, stage, asking, door, self.plan, self._keep)

    @asynccontextmanager
    async def _standing(self, upstream_port: int) -> AsyncIterator[tuple[Door, Child | None]]:
        """The target, listening before an upstream on that port."""
        if self.target is None:
            yield Door(dict.fromkeys(PROTOCOLS, upstream_port), self.certificate.get("cafile")), None
            return
        with tempfile.TemporaryDirectory(prefix="trioproxy-lab-", ignore_cleanup_errors=True) as folder:
            place = place_for(self.target, Path(folder), upstream_port, self.certificate)
            async with running(place) as child:
                ports = {protocol: place.port(protocol) for protocol in self.target.speaks}
                yield Door(ports, self.certificate.get("cafile")), child

    def _tell_impossible(self, wanted: list[Cell]) -> None:
        reasons: dict[str, list[Cell]] = {}
        for cell in wanted:
            if cell.impossible:
                reasons.setdefault(cell.impossible, []).append(cell)
        for reason, cells in reasons.items():
            self.trouble(f"{IMPOSSIBLE}{reason}", _lines(cells))

    def _keep(self, record: Record) -> None:
        if isinstance(record, Run):
            self.runs.append(record)
        self.tell(record)

    def trouble(self, what: str, output: str = "") -> None:
        """Tell what could not be done."""
        self.tell(Trouble(subject=self.subject, what=what, output=output))


def _lines(cells: deque[Cell] | list[Cell]) -> str:
    return "\n".join(f"{cell.word}, {cell.protocol}" for cell in cells)


def _without(left: deque[Cell], protocol: Protocol) -> deque[Cell]:
    for cell in [cell for cell in left if cell.protocol == protocol]:
        left.remove(cell)
    return left
