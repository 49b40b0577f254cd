"""What is shown of each mode, how rounds are pooled, and the goals: limits alone or against naive in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.modes import PHASES
from bench.reusing import DISTINCT, JOINERS

POOLS: Mapping[str, Callable[[Sequence[float]], float]] = {"median": median, "max": max, "sum": sum}

# All that may be kept: `replay.max_total_bytes`.
BOUND_MB = 67.1
# What the same stream differs by from run to run, with nobody joining.
JOIN_P50_MS, JOIN_P99_MS = 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Goal:
    """`limit` of what the peer `of` measures: of the value itself, of its ratio `to` another peer's in the same round,
    or of what it is `over` that.
    """

    limit: float
    at_least: bool = False
    of: str = "trioproxy"
    to: str = ""
    over: str = ""

    def __str__(self) -> str:
        if self.limit == 0:
            return "0"
        sign = "≥" if self.at_least else "≤"
        if self.over:
            return f"{sign} {self.over} + {self.limit:g}"
        return f"{sign} {self.limit:g} × {self.to}" if self.to else f"{sign} {self.limit:g}"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` is mode and value, as in `req32.requests_per_s`. `before`: a second goal, against that peer."""

    name: str
    says: str
    goal: Goal | None = None
    pool: str = "median"
    before: Goal | None = None

    @property
    def goals(self) -> Sequence[Goal]:
        return [goal for goal in (self.goal, self.before) if goal is not None]


# Within the noise of a quiet machine.
NOT_LESS, NOT_MORE = Goal(0.95, at_least=True, to="before"), Goal(1.05, to="before")


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


def _reusing() -> list[Metric]:
    def reuse(limit: float, **more: Any) -> Goal:
        return Goal(limit, of="reuse", **more)

    sizes = {"50k": ("50 kB", 0.3), "1m": ("1 MB", 5.0)}
    kinds = {"claude": "of Claude Code", "plain": "that is edited"}
    company = f"with {JOINERS} {{}}: latency per chunk of the first, {{}}, ms more"
    return [
        Metric("replay1m.mb_per_s", "MB/s, an answer of 1 MB again and again", reuse(200, at_least=True)),
        Metric("replay1m.cpu_ms", "1 MB again and again: CPU ms each"),
        Metric("replay1m.calls", "1 MB again and again: upstream calls", reuse(1), "max"),
        Metric("join.alone_p50_ms", "a stream of 100 chunks/s alone: latency per chunk p50 ms"),
        Metric("join.alone_p99_ms", "a stream of 100 chunks/s alone: latency per chunk p99 ms"),
        Metric("join.joined_p50_ms", company.format("who join", "p50"), reuse(JOIN_P50_MS)),
        Metric("join.joined_p99_ms", company.format("who join", "p99"), reuse(JOIN_P99_MS)),
        Metric("join.others_p50_ms", company.format("streams of their own", "p50")),
        Metric("join.others_p99_ms", company.format("streams of their own", "p99")),
        Metric("join.calls", f"with {JOINERS} who join: upstream calls", reuse(1), "max"),
        Metric("distinct.requests_per_s", f"requests/s, {DISTINCT:,} different ones"),
        Metric("distinct.growth_mb", f"{DISTINCT:,} different ones: growth MB", reuse(BOUND_MB, over="trioproxy")),
        *(
            metric
            for kind, of in kinds.items()
            for size, (says, limit) in sizes.items()
            for metric in (
                Metric(f"decide.{kind}_{size}_off_ms", f"request {of} of {says}: CPU ms, all of it off"),
                Metric(f"decide.{kind}_{size}_more_ms", f"request {of} of {says}: CPU ms more", reuse(limit)),
            )
        ),
        *(
            Metric(f"order.{kind}_{size}_ms", f"request {of} of {says}: CPU ms of deciding alone", reuse(limit))
            for kind, of in kinds.items()
            for size, (says, limit) in sizes.items()
        ),
        *(
            Metric(f"order.spaced_{size}_ms", f"the same, with spaces and escapes, {says}: CPU ms of deciding alone")
            for size, (says, _) in sizes.items()
        ),
    ]


METRICS: Sequence[Metric] = (
    Metric("req1.requests_per_s", "requests/s, 1 connection", before=NOT_LESS),
    Metric("req1.p50_ms", "1 connection: p50 ms"),
    Metric("req32.requests_per_s", "requests/s, 32 connections", Goal(1.7, at_least=True, to="naive"), before=NOT_LESS),
    Metric("req32.cpu_ms_per_request", "32 connections: CPU ms per request", before=NOT_MORE),
    Metric("req32.p99_ms", "32 connections: p99 ms"),
    Metric(
        "stream16.chunks_per_s",
        "chunks/s, 16 streams at full speed",
        Goal(8, at_least=True, to="naive"),
        before=NOT_LESS,
    ),
    Metric("stream16.cpu_us_per_chunk", "16 streams at full speed: CPU µs per chunk", before=NOT_MORE),
    Metric("bulk8.mb_per_s", "MB/s, 8 streams of 4 kB events", before=NOT_LESS),
    Metric("bulk8.cpu_us_per_chunk", "4 kB events: CPU µs per chunk", before=NOT_MORE),
    Metric("paced100.cpu_us_per_chunk", "100 streams × 20/s: CPU µs per chunk", Goal(0.9, to="naive"), before=NOT_MORE),
    Metric("paced100.latency_p50_ms", "100 streams × 20/s: latency per chunk p50 ms", before=NOT_MORE),
    Metric("paced100.latency_p99_ms", "100 streams × 20/s: latency per chunk p99 ms"),
    Metric("paced100.ttfb_p50_ms", "100 streams × 20/s: time to first byte p50 ms"),
    Metric("paced100.incomplete", "100 streams × 20/s: failed or unfinished", Goal(0), "sum"),
    Metric("chat100.cpu_us_per_chunk", "OpenAI chat, 100 × 20/s: CPU µs per chunk", before=NOT_MORE),
    Metric("chat100.latency_p50_ms", "OpenAI chat, 100 × 20/s: latency p50 ms"),
    Metric("idle500.peak", "kB per idle stream (500), 1 kB requests", Goal(50), before=NOT_MORE),
    Metric("idle500big.peak", "kB per idle stream (500), 64 kB requests", before=NOT_MORE),
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
    *_reusing(),
)

# rounds -> peer -> value name -> value
Rounds = Sequence[Mapping[str, Mapping[str, float]]]
# the same of one value: rounds -> peer -> value
Found = Sequence[Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Row:
    metric: Metric
    values: Mapping[str, float]  # by peer
    ratios: Mapping[str, float]  # of trioproxy to each peer: the median of the rounds' ratios
    verdicts: Sequence[tuple[Goal, str]]  # PASS or MISS, for the goals whose sides were measured


def rows(rounds: Rounds) -> list[Row]:
    """The table. The two sides of a ratio or a difference ran one after the other in the same round."""
    table = []
    for metric in METRICS:
        found = [
            {peer: values[metric.name] for peer, values in each.items() if metric.name in values} for each in rounds
        ]
        peers = dict.fromkeys(peer for each in found for peer in each)
        if not peers:
            continue
        pool = POOLS[metric.pool]
        values = {peer: pool([each[peer] for each in found if peer in each]) for peer in peers}
        ratios = {peer: ratio for peer in peers if (ratio := _ratio(found, "trioproxy", peer)) is not None}
        judged = [(goal, _judged(goal, found, values)) for goal in metric.goals]
        verdicts = [(goal, "PASS" if goal.met(value) else "MISS") for goal, value in judged if value is not None]
        table.append(Row(metric, values, ratios, verdicts))
    return table


def _judged(goal: Goal, found: Found, values: Mapping[str, float]) -> float | None:
    if goal.over:
        both = [each[goal.of] - each[goal.over] for each in found if goal.of in each and goal.over in each]
        return median(both) if both else None
    return _ratio(found, goal.of, goal.to) if goal.to else values.get(goal.of)


def _ratio(found: Found, of: str, to: str) -> float | None:
    ratios = [each[of] / each[to] for each in found if of in each and each.get(to)]
    return median(ratios) if ratios else None
