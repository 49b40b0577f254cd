"""`trioproxy lab wire`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from trioproxy.lab.wire.plan import Plan
    from trioproxy.lab.wire.target import Target

EXAMPLES = """Examples:
  trioproxy lab wire --list
  trioproxy lab wire --target 'trioproxy nginx' --quick
  trioproxy lab wire --target litellm --install
  trioproxy lab wire --target my-proxy.toml --cells 'FIN/waiting' --repetitions 100
  trioproxy lab wire --target all --out results.jsonl
"""
QUICK_REPETITIONS = 3
FULL_REPETITIONS = 20


def wire(
    *,
    target: Annotated[
        tuple[str, ...],
        Parameter(negative="", help="What is driven: shipped names, files, `all`, `direct`; several with blanks."),
    ] = (),
    cells: Annotated[
        tuple[str, ...],
        Parameter(
            negative="", help="Only cells with this in their name: FIN, waiting, FIN/waiting, gzip; a ; between."
        ),
    ] = (),
    protocol: Annotated[
        tuple[Literal["h1", "h2c", "h2"], ...], Parameter(help="Only clients of this protocol.", negative="")
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
    from trioproxy.lab.wire.choosing import chosen_targets, plan_for

    if list_:
        return _list()
    targets = chosen_targets(target)
    times = repetitions or (QUICK_REPETITIONS if quick else FULL_REPETITIONS)
    plan = plan_for(cells, protocol, times, figures=figures, quick=quick)
    return _run(targets, plan, out, install=install)


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
    import time
    from functools import partial
    from pathlib import Path

    import trio

    from trioproxy.cli.drawing import console
    from trioproxy.errors import ConfigurationError
    from trioproxy.lab.wire.session import examine
    from trioproxy.lab.wire.tables import draw
    from trioproxy.trace.files import line
    from trioproxy.trace.records import Record, Run

    path = Path(out or time.strftime("lab-wire-%Y%m%d-%H%M%S.jsonl"))
    records: list[Record] = []
    watched = sys.stderr.isatty()
    try:
        file = path.open("wb")
    except OSError as error:
        raise ConfigurationError([f"option --out: cannot write {path}: {error.strerror}"]) from None
    with file:

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
    return 0
