"""Results files as the lab writes them, made up from a fixed seed: for the report's tests, and to look at its pages.

python tests/support/lab_results.py DIRECTORY   writes wire.jsonl, wire-after.jsonl, explore.jsonl
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from trioproxy.lab.measures import Measure, Saw
from trioproxy.trace.files import write
from trioproxy.trace.records import Event, Figure, Header, Lane, Record, Run, Tally, Trouble, What

CAUSES = ("FIN", "RST", "half-close")
PHASES = ("sending the request", "waiting for the head", "head received", "between chunks")
FAULTS = ("reset in mid-stream", "close without the last chunk", "short content-length", "silence in mid-stream")
# Target: protocols, typical abort latency in ms, how often it is told, how often it lies.
TARGETS: dict[str, tuple[tuple[str, ...], float, float, float]] = {
    "trioproxy": (("h1", "h2c", "h2"), 0.7, 1.0, 0.0),
    "naive": (("h1",), 60.0, 0.72, 0.5),
    "nginx": (("h1", "h2"), 1.6, 1.0, 0.0),
    "haproxy": (("h1",), 0.5, 0.9, 0.0),
    "litellm": (("h1",), 700.0, 0.35, 0.9),
}
FIGURES: dict[str, tuple[str, tuple[float | None, ...]]] = {
    "added latency, median": ("ms", (0.21, 0.38, 0.05, 0.04, 2.9)),
    "abort latency, median": ("ms", (0.71, 58.0, 1.62, 0.52, 702.0)),
    "rows lost or doubled": ("rows", (0, 41, None, None, 73)),
    "memory of a waiting stream": ("KiB", (46, 97, 24, 33, 412)),
    "drain completeness": ("share", (1.0, 0.62, 1.0, 0.98, 0.31)),
    "harness floor, median": ("ms", (0.03, 0.03, 0.03, 0.03, 0.03)),
}
COMMAND = ["trioproxy", "lab", "wire", "--target", "nginx", "--target", "our own.toml"]


def header(lab: str = "wire", command: list[str] | None = None) -> Header:
    return Header(
        lab=lab,
        command=command or COMMAND,
        began_at="2026-11-29T06:12:00Z",
        versions={"trioproxy": "0.1.0", "python": "3.11.9", "trio": "0.35.0", "nginx": "1.22.1", "haproxy": "2.6.12"},
        machine={"cores": 2, "memory": "7.6 GiB", "kernel": "6.1.0-28-amd64", "virtual": True},
    )


def wire(seed: int = 1, repetitions: int = 20, slower: float = 1.0) -> list[Record]:
    """A run of the wire lab; `slower` multiplies the abort latency of naive alone."""
    chance = random.Random(seed)
    records: list[Record] = [header()]
    for subject, (protocols, typical_ms, told, lies) in TARGETS.items():
        factor = slower if subject == "naive" else 1.0
        for protocol in protocols:
            for cause in CAUSES:
                for phase in PHASES:
                    cell = {"cause": cause, "phase": phase, "protocol": protocol}
                    for at in range(repetitions):
                        is_told = chance.random() < told and not (subject == "naive" and cause == "half-close")
                        late_ms = factor * typical_ms * math.exp(chance.gauss(0, 0.5)) if is_told else None
                        measures = {Measure.TOLD: is_told, Measure.ABORT_MS: late_ms, Measure.AFTER_BYTES: 0}
                        records += _run(f"{subject}-{protocol}-{cause}-{phase}-{at}", subject, cell, at, measures)
                        if at == 0 and phase == "between chunks":
                            records += leaving(f"{subject}-{protocol}-{cause}-{phase}-{at}", cause, late_ms)
            for fault in FAULTS:
                cell = {"fault": fault, "protocol": protocol}
                for at in range(repetitions):
                    lied = chance.random() < lies and fault != "silence in mid-stream"
                    saw = Saw.CLEAN_END if lied else Saw.HANG if fault.startswith("silence") else Saw.TRUNCATION
                    measures = {Measure.SAW: saw, Measure.LIE: lied, "ended_ms": chance.uniform(20, 40)}
                    records += _run(f"{subject}-{protocol}-{fault}-{at}", subject, cell, at, measures)
    records += figures()
    records.append(
        Trouble(
            subject="mitmproxy",
            what="does not start",
            output="Traceback (most recent call last):\n  …\nModuleNotFoundError: No module named 'mitmproxy'",
        )
    )
    return records


def figures() -> Iterator[Figure]:
    for name, (unit, values) in FIGURES.items():
        for subject, value in zip(TARGETS, values, strict=True):
            if value is None:
                yield Figure(subject=subject, name=name, value=None, unit=unit, note="it keeps no ledger")
            else:
                yield Figure(
                    subject=subject, name=name, value=value, unit=unit, low=value * 0.9, high=value * 1.1, n=500
                )


def leaving(run: str, how: str = "FIN", late_ms: float | None = 0.8) -> list[Event]:
    """The timeline of a client that leaves in mid-stream."""
    left_s = 1.2407
    events = [
        Event(run=run, at_s=0.0, lane=Lane.CLIENT, what=What.REQUEST, size_bytes=412),
        Event(run=run, at_s=0.0004, lane=Lane.SEAT, what=What.SAT),
        Event(run=run, at_s=0.0004, lane=Lane.PUMP, what=What.PHASE, note="connecting"),
        Event(run=run, at_s=0.0011, lane=Lane.PUMP, what=What.PHASE, note="waiting for the head"),
        Event(run=run, at_s=0.0013, lane=Lane.UPSTREAM, what=What.ASKED),
        Event(run=run, at_s=0.2301, lane=Lane.UPSTREAM, what=What.HEAD, note="200"),
        Event(run=run, at_s=0.2303, lane=Lane.PUMP, what=What.PHASE, note="streaming"),
        Event(run=run, at_s=0.2306, lane=Lane.CLIENT, what=What.HEAD, note="200"),
    ]
    for at in range(40):
        sent_s = 0.24 + at * 0.025
        events.append(Event(run=run, at_s=sent_s, lane=Lane.UPSTREAM, what=What.BYTES, size_bytes=120 + at))
        events.append(Event(run=run, at_s=sent_s + 0.0002, lane=Lane.CLIENT, what=What.BYTES, size_bytes=120 + at))
    events += [
        Event(run=run, at_s=left_s, lane=Lane.CLIENT, what=What.LEFT, note=how),
        Event(run=run, at_s=left_s + 0.0002, lane=Lane.SEAT, what=What.LEFT, note="client_closed"),
        Event(run=run, at_s=left_s + 0.0003, lane=Lane.PUMP, what=What.CANCELLED, note="the last client has left"),
        Event(run=run, at_s=left_s + 0.0004, lane=Lane.PUMP, what=What.CLOSED),
    ]
    if late_ms is not None:
        told_s = left_s + late_ms / 1000
        events.append(Event(run=run, at_s=told_s, lane=Lane.UPSTREAM, what=What.TOLD, note="RST"))
    settled_s = left_s + 0.0005
    events.append(Event(run=run, at_s=settled_s, lane=Lane.SETTLE, what=What.CALL, note="aborted"))
    events.append(Event(run=run, at_s=settled_s, lane=Lane.SETTLE, what=What.EXCHANGE, note="abandoned"))
    return events


def explore(seed: int = 1) -> list[Record]:
    """A run of the exploration, of several combinations, some of which break something."""
    chance = random.Random(seed)
    records: list[Record] = [header("compare", ["trioproxy", "lab", "compare", "--seeds", "50"])]
    for pump in ("server", "request", "generator"):
        for settle in ("structure", "flag"):
            subject = f"pump={pump} settle={settle}"
            for fault in ("client leaves", "upstream breaks", "server stops"):
                runs = 4000
                bad = {"settled exactly once": 37, "upstream closed": 0, "what the client got is a prefix": 0}
                if pump == "generator":
                    bad |= {"upstream closed": 612 + chance.randrange(9), "settled exactly once": 3}
                if pump == "server" and settle == "structure":
                    bad = dict.fromkeys(bad, 0)
                examples = {name: f"{subject}/{fault}/{name}" for name, count in bad.items() if count}
                counts = {"completed": runs - 900, "aborted": 900}
                cell = {"fault": fault}
                records.append(
                    Tally(subject=subject, cell=cell, runs=runs, broken=bad, examples=examples, counts=counts)
                )
                for name, run in examples.items():
                    records += _run(
                        run, subject, cell, 0, {}, broken=[name], repeat=f"trioproxy lab compare --case '{run}'"
                    )
                    records += [
                        *leaving(run),
                        Event(run=run, at_s=1.2412, lane=Lane.SETTLE, what=What.BROKEN, note=name),
                    ]
    return records


def _run(
    id: str, subject: str, cell: dict[str, str], at: int, measures: dict[str, object], **more: object
) -> Iterator[Run]:
    yield Run(id=id, subject=subject, cell=cell, repetition=at, measures=measures, **more)  # type: ignore[arg-type]


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    files = {"wire": wire(), "wire-after": wire(2, slower=3.0), "explore": explore()}
    for name, records in files.items():
        with (directory / f"{name}.jsonl").open("wb") as out:
            write(records, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
