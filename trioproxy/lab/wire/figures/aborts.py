"""The time from a client's leaving until the upstream is told, over all ways and moments in which it is to be told."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trioproxy.lab.measures import Measure, Number
from trioproxy.lab.strata import quantile, quantile_interval, share, share_interval
from trioproxy.lab.wire.cells import Cause, Phase
from trioproxy.trace.records import Figure, Run

# A half-closed client, and one that stops reading, may well be served on.
LEAVING = frozenset({Cause.FIN, Cause.RST, Cause.RST_STREAM, Cause.GOAWAY, Cause.DROPPED})
OPEN = frozenset({Phase.WAITING, Phase.HEAD, Phase.FLOWING, Phase.SILENT, Phase.BLOCKED})
QUANTILES = (("median", 0.5), ("p99", 0.99))


def figures(subject: str, runs: Sequence[Run]) -> list[Figure]:
    """Median and p99, where never counts as later than everything; and how many were told at all.

    Each cell weighs the same: those that wait are run less often.
    """
    cells: dict[tuple[str, ...], list[float]] = {}
    for run in runs:
        if _counts(run):
            cells.setdefault(tuple(run.cell.values()), []).append(_late_ms(run))
    late = list(cells.values())
    if not late:
        return []
    counted = [(sum(not math.isinf(each) for each in cell), len(cell)) for cell in late]
    told, count = sum(part for part, _ in counted), sum(whole for _, whole in counted)
    never = f"; {count - told} of {count} runs never, within the patience" if told < count else ""
    low, high = (None if each is None else 100 * each for each in share_interval(counted))
    return [
        *(_quantile(subject, name, q, late, count, never) for name, q in QUANTILES),
        Figure(
            subject=subject,
            name=f"{Number.ABORT_LATENCY}, upstreams told",
            value=100 * share(counted),
            unit="%",
            low=low,
            high=high,
            n=count,
            note=f"of clients that left while their call was open; {len(late)} cells that weigh the same",
        ),
    ]


def _counts(run: Run) -> bool:
    cell = run.cell
    return cell.get("cause") in LEAVING and cell.get("phase") in OPEN and run.measures.get(Measure.TOLD) is not None


def _late_ms(run: Run) -> float:
    late = run.measures.get(Measure.ABORT_MS)
    return float(late) if isinstance(late, int | float) else math.inf


def _quantile(subject: str, name: str, q: float, cells: Sequence[Sequence[float]], count: int, never: str) -> Figure:
    value = quantile(cells, q)
    low, high = (None if each is None or math.isinf(each) else each for each in quantile_interval(cells, q))
    return Figure(
        subject=subject,
        name=f"{Number.ABORT_LATENCY}, {name}",
        value=None if math.isinf(value) else value,
        unit="ms",
        low=low,
        high=high,
        n=count,
        note=f"all ways of leaving, from waiting for the head to blocked; cells weigh the same{never}",
    )
