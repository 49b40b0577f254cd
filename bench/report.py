"""The table as text for the terminal and as Markdown for `docs/performance.md`, and everything as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.metrics import Row

BEGIN, END = "<!-- bench: results -->", "<!-- bench: end -->"
LIBRARIES = ("trio", "hypercorn", "quart", "quart-trio", "httpx", "httpcore", "h11")


def machine() -> dict[str, str]:
    """What the figures depend on."""
    processor = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    return {
        "cpus": str(len(os.sched_getaffinity(0))),
        "processor": processor,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


def number(value: float | None) -> str:
    if value is None:
        return "–"
    value = float(value)
    if value.is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.2g}"


def cells(rows: Sequence[Row], peers: Sequence[str]) -> list[list[str]]:
    """Header and lines; columns for ratios and goals only where both sides were measured."""
    against = [peer for peer in ("naive", "before") if peer in peers and "trioproxy" in peers]
    judged = any(row.verdicts for row in rows)
    table = [["", *peers, *(f"ratio to {peer}" for peer in against), *(["goal", ""] if judged else [])]]
    for row in rows:
        line = [row.metric.says, *(number(row.values.get(peer)) for peer in peers)]
        line += [number(row.ratios.get(peer)) for peer in against]
        if judged:
            line += ["; ".join(str(goal) for goal, _ in row.verdicts), "; ".join(word for _, word in row.verdicts)]
        table.append(line)
    return table


def text(table: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in table
    )


def markdown(table: list[list[str]], runs: str, facts: dict[str, str], notes: Sequence[str]) -> str:
    head, *lines = table
    rule = ["---"] + ["--:"] * (len(head) - 1)
    where = f"{facts['cpus']} cores ({facts['processor']}), Linux {facts['kernel']}, Python {facts['python']}"
    return "\n".join(
        [
            f"{runs} on {where}; {facts['libraries']}.",
            "",
            *("| " + " | ".join(line) + " |" for line in (head, rule, *lines)),
            *(["", *(f"* {note}" for note in notes)] if notes else []),
        ]
    )


def has_place(document: Path) -> bool:
    return document.is_file() and END in document.read_text().partition(BEGIN)[2]


def insert(document: Path, block: str) -> None:
    """Puts the results between the two marks of the document, which `has_place` for them."""
    before, _, rest = document.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    document.write_text(f"{before}{BEGIN}\n## Results\n\n{block}\n\n{END}{after}")
