"""The time from a client's leaving until the upstream is told, over all ways and moments in which it is to be told."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trioproxy.lab.measures import Measure, Number
from trioproxy.lab.statistics import proportion_interval, quantile, quantile_interval
from trioproxy.lab.wire.cells import Cause, Phase
from trioproxy.trace.records import Figure, Run

# A half-closed client, and one that stops reading, may well be served on.
LEAVING = frozenset({Cause.FIN, Cause.RST, Cause.RST_STREAM, Cause.GOAWAY, Cause.DROPPED})
OPEN = frozenset({Phase.WAITING, Phase.HEAD, Phase.FLOWING, Phase.SILENT, Phase.BLOCKED})
QUANTILES = (("median", 0.5), ("p99", 0.99))


def figures(subject: str, runs: Sequence[Run]) -> list[Figure]:
    """Median and p99, where never counts as later than everything; and how many were told at all."""
    left = [run for run in runs if _counts(run)]
    late = [_late_ms(run) for run in left]
    told = sum(not math.isinf(each) for each in late)
    never = f"; {len(late) - told} of {len(late)} never, within the patience" if told < len(late) else ""
    found = [_quantile(subject, name, q, late, never) for name, q in QUANTILES]
    low, high = proportion_interval(told, len(late))
    found.append(
        Figure(
            subject=subject,
            name=f"{Number.ABORT_LATENCY}, upstreams told",
            value=100 * told / len(late) if late else None,
            unit="%",
            low=None if low is None else 100 * low,
            high=None if high is None else 100 * high,
            n=len(late),
            note="of clients that left while their call was open; Wilson's interval",
        )
    )
    return found if late else []


def _counts(run: Run) -> bool:
    cell = run.cell
    return cell.get("cause") in LEAVING and cell.get("phase") in OPEN and run.measures.get(Measure.TOLD) is not None


def _late_ms(run: Run) -> float:
    late = run.measures.get(Measure.ABORT_MS)
    return float(late) if isinstance(late, int | float) else math.inf


def _quantile(subject: str, name: str, q: float, late: Sequence[float], never: str) -> Figure:
    title = f"{Number.ABORT_LATENCY}, {name}"
    if not late:
        return Figure(subject=subject, name=title, value=None, unit="ms")
    # Between a number and infinity lies infinity; of two infinities nothing.
    value = (
        max(late) if math.isinf(max(late)) and _reaches(late, q) else quantile([min(each, 1e12) for each in late], q)
    )
    low, high = (None if each is None or math.isinf(each) else each for each in quantile_interval(late, q))
    return Figure(
        subject=subject,
        name=title,
        value=None if math.isinf(value) else value,
        unit="ms",
        low=low,
        high=high,
        n=len(late),
        note=f"all ways of leaving, from waiting for the head to blocked; order statistics{never}",
    )


def _reaches(late: Sequence[float], q: float) -> bool:
    """The quantile `q` lies among those that are infinite."""
    return math.isinf(sorted(late)[math.ceil(q * (len(late) - 1))])
