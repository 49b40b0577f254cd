"""A whole run of the lab: the header, then one target after another, each on its own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from trioproxy.lab.header import header
from trioproxy.lab.wire import installing
from trioproxy.lab.wire.certificate import make_certificate
from trioproxy.lab.wire.examination import Examination
from trioproxy.lab.wire.installing import missing, not_installed, version_of
from trioproxy.lab.wire.matrix import Tell
from trioproxy.lab.wire.plan import Plan
from trioproxy.lab.wire.shipped import DIRECT
from trioproxy.lab.wire.target import PROTOCOLS, Protocol, Target
from trioproxy.lab.wire.trouble import TargetTrouble
from trioproxy.trace.records import Record, Run, Trouble


async def examine(
    targets: Sequence[Target | None], plan: Plan, command: Sequence[str], tell: Tell, *, install: bool = False
) -> None:
    """Drive each target through the plan; None is no proxy at all. Everything that happens is told.

    With `install`, what targets need is fetched first. One that is not there is told of, and not skipped in silence.
    """
    absent: list[Trouble] = []
    present = [target for target in targets if target is None or await _present(target, absent.append, install=install)]
    tell(header("wire", command, await versions(present)))
    for trouble in absent:
        tell(trouble)
    with tempfile.TemporaryDirectory(prefix="trioproxy-lab-") as folder:
        try:
            certificate = make_certificate(Path(folder))
        except TargetTrouble as problem:
            certificate = {}
            tell(Trouble(subject="the lab", what=problem.message))
        spoken = [protocol for target in present if target is not None for protocol in target.speaks]
        floors_ms: dict[Protocol, list[float]] = {}
        for target in present:
            await Examination(target, plan, tell, certificate, floors_ms, spoken or PROTOCOLS).run()


def without_runs(targets: Sequence[Target | None], records: Sequence[Record]) -> list[str]:
    """The targets of which there is not one run. No proxy at all counts if it is all that was to be driven."""
    named = [target.name for target in targets if target is not None] or [DIRECT]
    there = {record.subject for record in records if isinstance(record, Run)}
    return [name for name in named if name not in there]


async def _present(target: Target, tell: Callable[[Trouble], None], *, install: bool) -> bool:
    try:
        if install:
            await installing.install(target, lambda words: print(words, file=sys.stderr))
    except TargetTrouble as trouble:
        tell(Trouble(subject=target.name, what=trouble.message, output=trouble.output))
        return False
    if lacking := missing(target):
        tell(Trouble(subject=target.name, what=not_installed(target, lacking)))
    return not lacking


async def versions(targets: Sequence[Target | None]) -> dict[str, str]:
    """What runs, with its version."""
    return {
        f"{target.name}: {name}": await version_of(target, words)
        for target in targets
        if target is not None
        for name, words in target.versions.items()
    }
