"""The modes of what one answer does for several requests: replayed, joined, never the same; and what deciding costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench import process
from bench.peers import peers
from bench.requests import SIZES, claude_code, whole
from bench.stand import LoadError, Stand, Values
from bench.stand import stand as beside

DISTINCT = 10_000
JOINERS = 9
# Of each server that is measured beside another one, and how long they last.
TURNS, TURN_MS = 16, 700
# One that is replayed, of a megabyte; one that is joined; one of some kilobytes, of which more than the bound are kept.
LARGE: dict[str, Any] = {"bench": "stream;n=1000;size=1024", "same": 1}
LIVE = "stream;n={chunks};us=10000"
SOME_KB = "stream;n=8;size=1024"


def replayed(stand: Stand) -> Values:
    before = stand.upstream_requests()
    stand.load("each", **LARGE)
    with stand.meter() as meter:
        seen = stand.load("req", conns=4, ms=stand.milliseconds(3), **LARGE)
    values = {"mb_per_s": seen["bytes"] / 1e6 / seen["seconds"], "p50_ms": seen["duration_p50_us"] / 1e3}
    values["calls"] = stand.upstream_requests() - before
    if meter.cpu_s is not None:
        values["cpu_ms"] = meter.cpu_s * 1e3 / max(seen["done"], 1)
    return values


def joined(stand: Stand) -> Values:
    """The first client's latency per chunk: alone, with those who join it, with as many other streams in step."""
    stream, runs = LIVE.format(chunks=100 if stand.quick else 300), 2 if stand.quick else 5
    found: dict[str, list[dict[str, float]]] = {"alone": [], "joined": [], "others": []}
    calls = 0
    for number in range(1, 2 * runs, 2):
        found["alone"].append(stand.load("each", bench=stream, same=number))
        before = stand.upstream_requests()
        company: dict[str, Any] = {"bench": stream, "conns": JOINERS + 1, "watch": 1}
        found["joined"].append(stand.load("each", same=number + 1, spacing_us=20_000, **company))
        calls = max(calls, stand.upstream_requests() - before)
        found["others"].append(stand.load("each", **company))
    values: Values = {"calls": calls}
    for percentile in ("p50", "p99"):
        by_company = {who: [seen[f"latency_{percentile}_us"] / 1e3 for seen in many] for who, many in found.items()}
        values[f"alone_{percentile}_ms"] = median(by_company["alone"])
        for who in ("joined", "others"):
            pairs = zip(by_company[who], by_company["alone"], strict=True)
            values[f"{who}_{percentile}_ms"] = median(more - alone for more, alone in pairs)
    return values


def distinct(stand: Stand) -> Values:
    """Growth from the warm peer to its highest point while so many requests are asked of which no two are the same."""
    done, seconds = 0, 0.0
    with stand.meter() as meter:
        while done < DISTINCT:
            seen = stand.load("req", conns=16, ms=1000, bench=SOME_KB)
            done, seconds = done + seen["done"], seconds + seen["seconds"]
    values = {"requests_per_s": done / seconds}
    if meter.growth_kb is not None:
        values["growth_mb"] = meter.growth_kb * 1024 / 1e6
    return values


def decided(stand: Stand) -> Values:
    """CPU per request of the whole server, and how much less it is of one with replay and routing off.

    Both run at once and take turns of less than a second, so that whatever else the machine does meets both alike:
    one that is measured minutes after the other differs by more than what is looked for. The upstream and the load
    generator of who is not asked wait.
    """
    values: Values = {}
    folder = stand.place.folder / "off"
    folder.mkdir()
    with beside(stand.programs, peers()["trioproxy"], folder, quick=stand.quick) as off:
        for kind in ("claude", "plain"):
            for name, size_bytes in SIZES.items():
                file = stand.place.folder / f"{kind}_{name}.http"
                file.write_bytes(whole(claude_code(size_bytes, plain=kind == "plain")))
                turns = [(_cpu_ms(off, file), _cpu_ms(stand, file)) for _ in range(4 if stand.quick else TURNS)]
                values[f"{kind}_{name}_off_ms"] = median(without for without, _ in turns)
                values[f"{kind}_{name}_ms"] = median(with_it for _, with_it in turns)
                values[f"{kind}_{name}_more_ms"] = median(with_it - without for without, with_it in turns)
    return values


def _cpu_ms(stand: Stand, file: Path) -> float:
    with stand.meter() as meter:
        seen = stand.load("req", conns=8, ms=TURN_MS, request=file)
    assert meter.cpu_s is not None, "only `direct` has no process"
    return float(meter.cpu_s * 1e3 / max(seen["done"], 1))


def in_process(stand: Stand) -> Values:
    """The same within a process of its own, where nothing else is done."""
    log, command = stand.place.folder / "deciding.log", [sys.executable, "-m", "bench.deciding"]
    with process.child(command, log=log, stdout=subprocess.PIPE) as running:
        text = running.stdout.read() if running.stdout else ""
        if running.wait():
            raise LoadError(f"status {running.returncode}: {' '.join(command)}\n{stand.logs()}")
    values: Values = json.loads(text)
    return values
