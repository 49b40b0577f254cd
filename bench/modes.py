"""The modes: each drives one fresh stand and gives its values by name, of which `metrics.py` says what they mean.

Sizes are those of the published method; `quick` shortens the runs and changes no size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import process, reusing
from bench.stand import LoadError, Stand, Values

LEAVERS = 20
STALLED = 10
UPLOAD_BYTES = 20_000_000
# The small receive buffer lets the peer feel at once that nobody reads.
STOPS_READING: dict[str, Any] = {
    "bench": "stream;n=10000000;size=4096",
    "pause_after": 65536,
    "receive_buffer": 32768,
}
# phase: the options that bring a client into it
PHASES: dict[str, dict[str, Any]] = {
    "head": {"bench": "mute"},
    "silent": {"bench": "stream;n=5;hold=1"},
    "flow": {"bench": "stream;n=1000000;us=20000"},
    "blocked": {**STOPS_READING, "conns": 5, "settle_ms": 3000, "half_close": 1},
    "upload": {"path": "/v1/files", "body": 8_000_000, "stop_at": 262_144},
}


def _requests(stand: Stand, conns: int) -> Values:
    with stand.meter() as meter:
        seen = stand.load("req", conns=conns, ms=stand.milliseconds(4))
    values = {"requests_per_s": seen["done"] / seen["seconds"], "p50_ms": seen["duration_p50_us"] / 1e3}
    values["p99_ms"] = seen["duration_p99_us"] / 1e3
    if meter.cpu_s is not None:
        values["cpu_ms_per_request"] = meter.cpu_s * 1e3 / max(seen["done"], 1)
    return values


def _at_full_speed(stand: Stand, conns: int, stream: str) -> Values:
    with stand.meter() as meter:
        seen = stand.load("req", conns=conns, ms=stand.milliseconds(4), bench=stream)
    values = {"chunks_per_s": seen["deltas"] / seen["seconds"]}
    values["mb_per_s"] = seen["bytes"] / 1e6 / seen["seconds"]
    if meter.cpu_s is not None:
        values["cpu_us_per_chunk"] = meter.cpu_s * 1e6 / max(seen["deltas"], 1)
    return values


def _paced(stand: Stand, path: str) -> Values:
    chunks = 40 if stand.quick else 100
    with stand.meter() as meter:
        stream = f"stream;n={chunks};us=50000"
        seen = stand.load("each", tolerant=True, conns=100, spacing_us=5000, path=path, bench=stream)
    values = {f"latency_{p}_ms": seen[f"latency_{p}_us"] / 1e3 for p in ("p50", "p99")}
    values["ttfb_p50_ms"] = seen["ttfb_p50_us"] / 1e3
    values["incomplete"] = seen["failed"] + seen["unfinished"]
    if meter.cpu_s is not None:
        values["cpu_us_per_chunk"] = meter.cpu_s * 1e6 / max(seen["deltas"], 1)
    return values


def _idle(stand: Stand, body: int) -> Values:
    """Growth from the warm peer to its highest point while 500 streams of one chunk a second open and are held."""
    if stand.pid is None:
        return {}
    pid, hold_ms = stand.pid, stand.milliseconds(4)
    readings: dict[str, int] = {}
    process.reset_peak(pid)
    before_kb = process.memory_kb(pid, "VmRSS")

    def read() -> None:
        time.sleep(hold_ms / 1000 - 0.5)
        readings.update(peak=process.memory_kb(pid, "VmHWM"), now=process.memory_kb(pid, "VmRSS"))

    stream = "stream;n=1000000;us=1000000"
    seen = stand.load("idle", when_held=read, bench=stream, conns=500, spacing_us=4000, body=body, hold_ms=hold_ms)
    if seen["failed"]:
        raise LoadError(f"{seen['failed']} of 500 idle streams failed: {seen['failure']}")
    return {name: (reading - before_kb) / 500 for name, reading in readings.items()}


def _burst(stand: Stand) -> Values:
    seen = stand.load("each", tolerant=True, conns=1000, spacing_us=1000, bench="stream;n=40;us=50000", limit_ms=30000)
    return {"failed": seen["failed"], "unfinished": seen["unfinished"], "seconds": seen["seconds"]}


def _leave(stand: Stand) -> Values:
    values: Values = {"ran_on": 0}
    for phase, options in PHASES.items():
        for kind in ("fin", "rst"):
            defaults: dict[str, Any] = {"conns": LEAVERS, "spacing_us": 5000, "reset": int(kind == "rst")}
            seen = stand.load("leave", **{**defaults, **options})
            values["ran_on"] += seen["ran_on"]
            if phase == "blocked" and seen["still_moving"]:
                stand.warnings.append(f"{seen['still_moving']} blocked streams still moved when their clients left")
            if seen["noticed"]:
                values[f"{phase}.{kind}_p50_ms"] = seen["departure_p50_us"] / 1e3
                values[f"{phase}.{kind}_max_ms"] = seen["departure_max_us"] / 1e3
    return values


def _stall(stand: Stand) -> Values:
    with stand.meter() as meter:
        seen = stand.load("stall", conns=STALLED, hold_ms=2000, **STOPS_READING)
    if seen["still_moving"]:
        stand.warnings.append(f"{seen['still_moving']} of {STALLED} stalled streams still moved after 2 s")
    values = {"pulled_mb": seen["pulled_mb"]}
    if meter.growth_kb is not None:
        values["growth_mb"] = meter.growth_kb / 1000 / STALLED
    return values


def _upload(stand: Stand, path: str, **options: Any) -> Values:
    with stand.meter() as meter:
        seen = stand.load("each", path=path, body=UPLOAD_BYTES, **options)
    values = {"ms": seen["duration_p50_us"] / 1e3} if seen["done"] else {}
    if meter.growth_kb is not None and seen["done"]:
        values["growth_mb"] = meter.growth_kb / 1000
    return values


@dataclass(frozen=True, slots=True)
class Mode:
    says: str
    run: Callable[[Stand], Values]
    peers: Sequence[str] = ("direct", "naive", "trioproxy", "before")  # of whom it tells something


REUSE, ON_AND_OFF = ("reuse",), ("trioproxy", "reuse")
ALL = ("direct", "naive", "trioproxy", "before", "reuse")


MODES = {
    "req1": Mode("small JSON requests, 1 connection, closed loop", lambda s: _requests(s, 1)),
    "req32": Mode("small JSON requests, 32 connections, closed loop", lambda s: _requests(s, 32), ALL),
    "stream16": Mode(
        "16 streams at full speed, 180-byte events, one upstream send each",
        lambda s: _at_full_speed(s, 16, "stream;n=2000;size=180"),
        ALL,
    ),
    "bulk8": Mode("8 streams at full speed, 4 kB events", lambda s: _at_full_speed(s, 8, "stream;n=2000;size=4096")),
    "paced100": Mode("100 streams of 20 chunks a second", lambda s: _paced(s, "/v1/messages"), ALL),
    "chat100": Mode("the same on the OpenAI chat route", lambda s: _paced(s, "/openai/v1/chat/completions")),
    "idle500": Mode("500 streams of one chunk a second, 1 kB requests", lambda s: _idle(s, 1000), ALL),
    "idle500big": Mode("the same with 64 kB requests", lambda s: _idle(s, 64000)),
    "burst1000": Mode("1,000 streams started within a second, 40 chunks at 20 a second each", _burst),
    "leave": Mode("clients leave by FIN or RST in each phase; time until the upstream sees it", _leave),
    "stall": Mode(f"{STALLED} clients read 64 kB of a stream at full speed, then nothing for 2 s", _stall),
    "up_generation": Mode("one 20 MB generation request", lambda s: _upload(s, "/v1/messages")),
    "up_file": Mode("one 20 MB file upload, content-length", lambda s: _upload(s, "/v1/files")),
    "up_chunked": Mode("one 20 MB file upload, chunked", lambda s: _upload(s, "/v1/files", chunked=1)),
    "replay1m": Mode("an answer of 1 MB, asked for again and again by 4 connections", reusing.replayed, ON_AND_OFF),
    "join": Mode(f"a stream of 100 chunks a second, and {reusing.JOINERS} who join it", reusing.joined, REUSE),
    "distinct": Mode(f"{reusing.DISTINCT:,} requests, no two the same", reusing.distinct, ON_AND_OFF),
    "decide": Mode("requests of 50 kB and 1 MB: CPU of the whole server", reusing.decided, REUSE),
    "order": Mode("the same decisions within a process", reusing.in_process, REUSE),
}
