"""What is shown of each mode, how rounds are pooled, and the goals: limits alone or against naive in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.modes import PHASES

POOLS: Mapping[str, Callable[[Sequence[float]], float]] = {"median": median, "max": max, "sum": sum}


@dataclass(frozen=True, slots=True)
class Goal:
    """`limit` of the value itself, or of its ratio to naive's where `relative`."""

    limit: float
    at_least: bool = False
    relative: bool = False

    def __str__(self) -> str:
        if self.limit == 0:
            return "0"
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{' × naive' if self.relative else ''}"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` is mode and value, as in `req32.requests_per_s`."""

    name: str
    says: str
    goal: Goal | None = None
    pool: str = "median"


def _leaving() -> list[Metric]:
    says = {
        "head": "before the head",
        "silent": "between chunks, silent upstream",
        "flow": "mid-stream",
        "blocked": "while it does not read",
        "upload": "while uploading",
    }
    return [
        metric
        for phase in PHASES
        for kind in ("fin", "rst")
        for metric in (
            Metric(f"leave.{phase}.{kind}_p50_ms", f"client leaves {says[phase]}, {kind.upper()}: median ms", Goal(1)),
            Metric(
                f"leave.{phase}.{kind}_max_ms", f"client leaves {says[phase]}, {kind.upper()}: worst ms", Goal(5), "max"
            ),
        )
    ]


METRICS: Sequence[Metric] = (
    Metric("req1.requests_per_s", "requests/s, 1 connection"),
    Metric("req1.p50_ms", "1 connection: p50 ms"),
    Metric("req32.requests_per_s", "requests/s, 32 connections", Goal(1.7, at_least=True, relative=True)),
    Metric("req32.cpu_ms_per_request", "32 connections: CPU ms per request"),
    Metric("req32.p99_ms", "32 connections: p99 ms"),
    Metric("stream16.chunks_per_s", "chunks/s, 16 streams at full speed", Goal(8, at_least=True, relative=True)),
    Metric("stream16.cpu_us_per_chunk", "16 streams at full speed: CPU µs per chunk"),
    Metric("bulk8.mb_per_s", "MB/s, 8 streams of 4 kB events"),
    Metric("bulk8.cpu_us_per_chunk", "4 kB events: CPU µs per chunk"),
    Metric("paced100.cpu_us_per_chunk", "100 streams × 20/s: CPU µs per chunk", Goal(0.9, relative=True)),
    Metric("paced100.latency_p50_ms", "100 streams × 20/s: latency per chunk p50 ms"),
    Metric("paced100.latency_p99_ms", "100 streams × 20/s: latency per chunk p99 ms"),
    Metric("paced100.ttfb_p50_ms", "100 streams × 20/s: time to first byte p50 ms"),
    Metric("paced100.incomplete", "100 streams × 20/s: failed or unfinished", Goal(0), "sum"),
    Metric("chat100.cpu_us_per_chunk", "OpenAI chat, 100 × 20/s: CPU µs per chunk"),
    Metric("chat100.latency_p50_ms", "OpenAI chat, 100 × 20/s: latency p50 ms"),
    Metric("idle500.peak", "kB per idle stream (500), 1 kB requests", Goal(50)),
    Metric("idle500big.peak", "kB per idle stream (500), 64 kB requests"),
    Metric("burst1000.failed", "1,000 streams within a second: failed", Goal(0), "sum"),
    Metric("burst1000.unfinished", "1,000 streams within a second: unfinished", Goal(0), "sum"),
    Metric("burst1000.seconds", "1,000 streams within a second: s until the last has ended"),
    *_leaving(),
    Metric("leave.ran_on", "streams that ran on after their client had left", Goal(0), "sum"),
    Metric("stall.growth_mb", "a client that stops reading: MB", Goal(0.3)),
    Metric("stall.pulled_mb", "a client that stops reading: MB taken from the upstream"),
    Metric("up_generation.growth_mb", "20 MB generation request: growth MB", Goal(45)),
    Metric("up_generation.ms", "20 MB generation request: ms"),
    Metric("up_file.growth_mb", "20 MB file, content-length: growth MB", Goal(5)),
    Metric("up_file.ms", "20 MB file, content-length: ms"),
    Metric("up_chunked.growth_mb", "20 MB file, chunked: growth MB", Goal(5)),
    Metric("up_chunked.ms", "20 MB file, chunked: ms"),
)

# rounds -> peer -> value name -> value
Rounds = Sequence[Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Row:
    metric: Metric
    values: Mapping[str, float]  # by peer
    ratio: float | None  # of trioproxy to naive: the median of the rounds' ratios
    verdict: str  # PASS, MISS, or nothing where there is no goal or no figure


def rows(rounds: Rounds) -> list[Row]:
    """The table. The two sides of a ratio ran one after the other in the same round."""
    table = []
    for metric in METRICS:
        by_peer: dict[str, list[float]] = {}
        ratios = []
        for each in rounds:
            found = {peer: values[metric.name] for peer, values in each.items() if metric.name in values}
            for peer, value in found.items():
                by_peer.setdefault(peer, []).append(value)
            if found.get("naive") and "trioproxy" in found:
                ratios.append(found["trioproxy"] / found["naive"])
        if not by_peer:
            continue
        pooled = {peer: POOLS[metric.pool](values) for peer, values in by_peer.items()}
        ratio = median(ratios) if ratios else None
        judged = ratio if metric.goal and metric.goal.relative else pooled.get("trioproxy")
        verdict = "" if metric.goal is None or judged is None else "PASS" if metric.goal.met(judged) else "MISS"
        table.append(Row(metric, pooled, ratio, verdict))
    return table
