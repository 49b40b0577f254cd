"""Tables for people: a target's cells, its five numbers, its troubles."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trioproxy.lab.wire.summary import Row, rows
from trioproxy.trace.records import Figure, Record, Run, Trouble

# Of a trouble's output so many lines are shown; the file has all.
SHOWN_LINES = 8
# How a trouble begins that is nobody's fault.
IMPOSSIBLE = "impossible: "


def draw(records: Sequence[Record], console: Console) -> None:
    """Everything that was told, target by target."""
    found = rows(record for record in records if isinstance(record, Run))
    subjects = dict.fromkeys(record.subject for record in records if isinstance(record, Run | Figure | Trouble))
    for subject in subjects:
        own = [row for row in found if row.subject == subject]
        leaving, faults = [row for row in own if "cause" in row.cell], [row for row in own if "fault" in row.cell]
        if leaving:
            console.print(_leaving(subject, leaving))
        if faults:
            console.print(_faults(subject, faults))
        figures = [record for record in records if isinstance(record, Figure) and record.subject == subject]
        if figures:
            console.print(_figures(subject, figures))
        for record in records:
            if isinstance(record, Trouble) and record.subject == subject:
                _trouble(record, console)


def _leaving(subject: str, own: Sequence[Row]) -> Table:
    table = Table(title=f"{escape(subject)}: the client leaves", title_justify="left")
    for name in ("protocol", "leaves by", "when", "told", "late ms (median / p99 / max)", "pulled after, bytes", "saw"):
        table.add_column(name)
    table.add_column("")
    for row in own:
        cell = row.cell
        table.add_row(
            cell["protocol"], cell["cause"], cell["phase"], row.told, row.late_ms, row.after_bytes, row.saw, row.remarks
        )
    return table


def _faults(subject: str, own: Sequence[Row]) -> Table:
    table = Table(title=f"{escape(subject)}: the upstream's faults", title_justify="left")
    for name in ("protocol", "the upstream", "runs", "the client saw"):
        table.add_column(name)
    table.add_column("")
    for row in own:
        table.add_row(row.cell["protocol"], row.cell["fault"], str(len(row.runs)), row.saw, row.remarks)
    return table


def _figures(subject: str, figures: Sequence[Figure]) -> Table:
    table = Table(title=f"{escape(subject)}: numbers, with 95 % confidence", title_justify="left")
    for name in ("what", "value", "from", "to", "unit", "n", "note"):
        table.add_column(name)
    for figure in figures:
        table.add_row(
            figure.name,
            _number(figure.value),
            _number(figure.low),
            _number(figure.high),
            figure.unit,
            str(figure.n),
            escape(figure.note),
        )
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _trouble(trouble: Trouble, console: Console) -> None:
    console.print(Text(f"{trouble.subject}: {trouble.what}", style="bold"))
    lines = trouble.output.strip().splitlines()
    if trouble.what.startswith(IMPOSSIBLE):
        console.print(f"    {len(lines)} cells")
        return
    for line in lines[-SHOWN_LINES:]:
        console.print(Text(f"    {line}"))
