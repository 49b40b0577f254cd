"""`trioproxy lab wire`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from trioproxy.lab.wire.plan import Plan
    from trioproxy.lab.wire.target import Target

EXAMPLES = """Examples:
  trioproxy lab wire --list
  trioproxy lab wire --target 'trioproxy nginx' --quick
  trioproxy lab wire --target litellm --install
  trioproxy lab wire --target mine.toml --cells FIN/waiting --protocol h1
  trioproxy lab wire --target all --out results.jsonl
"""
QUICK_REPETITIONS = 3
FULL_REPETITIONS = 20


def wire(
    *,
    target: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="What is driven: shipped names, files, `all`, `direct`; several with commas or blanks, or again.",
        ),
    ] = (),
    cells: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="Only cells with this in their name: FIN, waiting, FIN/waiting, gzip; several with a ; or again.",
        ),
    ] = (),
    protocol: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="Only clients of this protocol: h1, h2c, h2; several with commas or blanks, or again.",
        ),
    ] = (),
    repetitions: Annotated[
        int | None, Parameter(validator=Number(gte=1), help="How often each cell is run (20; with --quick, 3).")
    ] = None,
    quick: Annotated[bool, Parameter(negative="", show_default=False, help="Few repetitions, small figures.")] = False,
    figures: Annotated[bool, Parameter(help="Measure the five numbers as well.")] = True,
    install: Annotated[
        bool, Parameter(negative="", show_default=False, help="Install what the targets need, by pip and apt.")
    ] = False,
    list_: Annotated[
        bool, Parameter(name="--list", negative="", show_default=False, help="Show the targets, and what is missing.")
    ] = False,
    out: Annotated[str | None, Parameter(help="The results file; else lab-wire-<date>.jsonl, here.")] = None,
) -> int:
    """Drive a real proxy between scripted clients and a scripted upstream.

    Real sockets, on the loopback interface. A target is a small TOML file; some
    come with the lab. Results are tables, and records in a file (JSON Lines).
    """
    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.wire.choosing import chosen_targets, plan_for

    if list_:
        if target or cells or protocol or repetitions or quick or install or out or not figures:
            raise ConfigurationError(["option --list: it shows the targets and drives none; expected no other option"])
        return _list()
    targets = chosen_targets(target)
    times = repetitions or (QUICK_REPETITIONS if quick else FULL_REPETITIONS)
    plan = plan_for(cells, protocol, times, figures=figures, quick=quick, targets=targets)
    return _run(list(targets.values()), plan, out, install=install)


def _list() -> int:
    from rich.table import Table

    from trioproxy.cli.drawing import console
    from trioproxy.lab.wire.installing import missing
    from trioproxy.lab.wire.reading import read_target
    from trioproxy.lab.wire.shipped import shipped

    table = Table()
    for name in ("target", "speaks", "missing", "what it is"):
        table.add_column(name)
    for path in shipped().values():
        target = read_target(path)
        table.add_row(target.name, " ".join(target.speaks), ", ".join(missing(target)) or "-", target.says)
    console().print(table)
    return 0


def _run(targets: list[Target | None], plan: Plan, out: str | None, *, install: bool) -> int:
    import sys
    from functools import partial

    import trio

    from trioproxy.cli.drawing import console
    from trioproxy.lab.results_file import opened, results_path
    from trioproxy.lab.wire.session import examine, without_runs
    from trioproxy.lab.wire.tables import draw
    from trioproxy.trace.files import line
    from trioproxy.trace.records import Record, Run

    path = results_path("wire", out)
    records: list[Record] = []
    watched = sys.stderr.isatty()
    with opened(path) as file:

        def tell(record: Record) -> None:
            records.append(record)
            if watched and isinstance(record, Run) and record.repetition == 0:
                print(
                    f"\r\x1b[K{record.subject}: {', '.join(record.cell.values())}", end="", file=sys.stderr, flush=True
                )
            file.write(line(record))
            file.flush()

        try:
            trio.run(partial(examine, targets, plan, ["trioproxy", *sys.argv[1:]], tell, install=install))
        finally:
            if watched:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            draw(records, console())
            print(f"{sum(isinstance(each, Run) for each in records)} runs; results are in {path}")
    silent = without_runs(targets, records)
    if silent:
        print(f"no run of: {', '.join(silent)}", file=sys.stderr)
    return 1 if silent else 0
