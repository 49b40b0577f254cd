"""An upstream's table to its script.

    answer = "anthropic", text = "…", up_to = 4, every = 0.1, fault = "reset"     in short
    steps = [{ head = 200 }, { after = 0.5, send = "data: one\\n\\n" }, …]          in full

A step tells when (`after` seconds) and one deed. An answer becomes a head and a chunk for each of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trioproxy.lab.script.actions import (
    Action,
    Chunk,
    Close,
    End,
    Ending,
    Framing,
    Garble,
    GoAway,
    Head,
    Interim,
    Raw,
    Refuse,
    Reset,
    RstStream,
    Short,
    Silence,
    Step,
    Take,
    Unreachable,
)
from trioproxy.lab.script.consistency import problems
from trioproxy.lab.script.toml_answer import answer_steps, error_event
from trioproxy.lab.script.toml_bytes import content
from trioproxy.lab.script.toml_lines import Path
from trioproxy.lab.script.toml_table import Table
from trioproxy.lab.script.upstream import Script

FAULTS: Mapping[str, type[Ending]] = {
    "close": Close,
    "short": Short,
    "reset": Reset,
    "rst_stream": RstStream,
    "goaway": GoAway,
    "garble": Garble,
    "silence": Silence,
    "refuse": Refuse,
    "unreachable": Unreachable,
}
DEEDS = ("head", "interim", "send", "send_base64", "raw", "raw_base64", "answer", "error_event", "end", "fault")
MOST_CODE = 2**32 - 1


@dataclass(slots=True)
class _Telling:
    """The steps so far, and where each comes from. Not `sure`: what follows from their order is not looked at."""

    steps: list[tuple[Step, Path]]
    sure: bool = True

    def add(self, step: Step, path: Path) -> None:
        self.steps.append((step, path))


def read_script(table: Table) -> Script | None:
    """The script that a table tells; None, with its problems remembered, if it tells none."""
    before = len(table.problems)
    told = _Telling([])
    if "answer" in table:
        after_s = table.seconds("after")
        _add_answer(told, table, after_s)
        if "steps" not in table and "fault" not in table:
            told.add((0.0, End()), table.path)
    elif "steps" not in table and "fault" not in table:
        table.wrong(None, "tells nothing; expected steps, an answer or a fault")
        told.sure = False
    found = len(table.problems)
    steps = list(table.tables("steps"))
    told.sure = told.sure and len(table.problems) == found
    for step in steps:
        _add_step(told, step)
    if "fault" in table:
        after_s = 0.0 if "answer" in table else table.seconds("after")
        _add_ending(told, table, after_s)
    take = table.choice("take", Take) or Take.WHOLE
    rate = table.count("take_bytes_per_s")
    write_bytes = _write_bytes(table)
    table.close()
    script = tuple(step for step, _ in told.steps)
    if told.sure:
        for number, said in problems(script):
            table.problems.add(told.steps[number][1] if told.steps else table.path, said)
    if len(table.problems) > before:
        return None
    return Script(script, take, rate, write_bytes)


def _write_bytes(table: Table) -> int | None:
    size = table.count("write_bytes")
    if not table.flag("byte_by_byte"):
        return size
    if "write_bytes" in table:
        table.wrong("write_bytes", "got write_bytes beside byte_by_byte; expected one of them")
    return 1


def _add_step(told: _Telling, table: Table) -> None:
    after_s = table.seconds("after")
    deed = table.one_of(DEEDS, "one deed")
    match deed:
        case None:
            told.sure = False
            return
        case "answer":
            _add_answer(told, table, after_s)
        case "fault":
            _add_ending(told, table, after_s)
        case _:
            before = len(table.problems)
            told.add((after_s, _action(table, deed)), table.path)
            told.sure = told.sure and len(table.problems) == before
    table.close()


def _add_answer(told: _Telling, table: Table, after_s: float) -> None:
    steps = list(answer_steps(table, after_s))
    told.sure = told.sure and bool(steps)
    for step in steps:
        told.add(step, table.path)


def _add_ending(told: _Telling, table: Table, after_s: float) -> None:
    ending = _ending(table)
    if ending is None:
        told.sure = False
    else:
        told.add((after_s, ending), (*table.path, "fault"))


def _action(table: Table, deed: str) -> Action:
    match deed:
        case "head":
            return _head(table)
        case "interim":
            return Interim(table.count(deed, 100, 199) or 103, table.headers())
        case "send" | "send_base64":
            return Chunk(content(table, "send"))
        case "raw" | "raw_base64":
            return Raw(content(table, "raw"))
        case "error_event":
            return Chunk(error_event(table))
    table.done("end")
    return End(hang_up=table.flag("hang_up"))


def _head(table: Table) -> Head:
    return Head(
        table.count("head", 200, 999) or 200,
        table.headers(),
        table.choice("framing", Framing) or Framing.CHUNKED,
        table.count("length_bytes", 0),
    )


def _ending(table: Table) -> Ending | None:
    match table.word("fault", list(FAULTS)):
        case None:
            return None
        case "short":
            return Short(table.count("missing_bytes") or 1)
        case "rst_stream":
            return RstStream(_code(table))
        case "goaway":
            return GoAway(_code(table))
        case name:
            return FAULTS[name]()


def _code(table: Table) -> int:
    code = table.count("code", 0, MOST_CODE)
    return RstStream().code if code is None else code
