"""A client's table to its script: a request, and steps of when and what.

path = "/v1/messages"
body = { stream = true }
steps = [{ at_event = 3, leave = "RST" }, { after = 1.0, resend = true }]
"""

from __future__ import annotations

import re

from trioproxy.lab.script.client import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    ClientPhase,
    ClientScript,
    ClientStep,
    Deed,
    Going,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    SendMore,
    StopReading,
    When,
    problems,
)
from trioproxy.lab.script.toml_bytes import body, content
from trioproxy.lab.script.toml_lines import Path
from trioproxy.lab.script.toml_table import Table, shown

DEEDS = ("leave", "stop_reading", "read_bytes_per_s", "read_on", "send", "send_base64", "resend")
_TARGET = re.compile(r"/[\x21-\x7e]*")
_METHOD = re.compile(r"[A-Z]+")
MOMENTS = ("after", "at_byte", "at_event", "at_phase")


def read_client(table: Table) -> tuple[ClientScript, float] | None:
    """The script that a table tells, and when it begins; None, with its problems remembered, if it tells none."""
    before = len(table.problems)
    ask = Ask(_path(table), body(table), table.headers(), _method(table))
    begin_s = table.seconds("begin")
    steps: list[ClientStep] = []
    paths: list[Path] = []
    sure = True
    for each in table.tables("steps"):
        found = len(table.problems)
        deed = _deed(each)
        when = _when(each)
        each.close()
        paths.append(each.path)
        steps.append((when, deed or StopReading()))
        sure = sure and deed is not None and len(table.problems) == found
    table.close()
    if sure:
        for number, said in problems(tuple(steps)):
            table.problems.add(paths[number], said)
    if len(table.problems) > before:
        return None
    return ClientScript(ask, tuple(steps)), begin_s


def _path(table: Table) -> str:
    path = table.text("path")
    if path is not None and not _TARGET.fullmatch(path):
        table.wrong("path", f"got {shown(path)}; expected a path such as /v1/messages, without spaces")
    return path or Ask().path


def _method(table: Table) -> str:
    method = table.text("method")
    if method is not None and not _METHOD.fullmatch(method):
        table.wrong("method", f"got {shown(method)}; expected a method such as GET")
    return method or Ask().method


def _when(table: Table) -> When:
    table.known(*MOMENTS)
    moment = table.one_of(MOMENTS, "a moment") if any(key in table for key in MOMENTS) else None
    match moment:
        case "at_byte":
            return AtByte(table.count(moment) or 1)
        case "at_event":
            return AtEvent(table.count(moment) or 1)
        case "at_phase":
            return AtPhase(table.choice(moment, ClientPhase) or ClientPhase.CONNECTED)
    return After(table.seconds("after") if moment else 0.0)


def _deed(table: Table) -> Deed | None:
    deed = table.one_of(DEEDS, "one deed")
    match deed:
        case "leave":
            how = table.choice(deed, Going)
            return None if how is None else Leave(how)
        case "read_bytes_per_s":
            return ReadSlowly(table.count(deed) or 1)
        case "send" | "send_base64":
            return SendMore(content(table, "send"))
        case "stop_reading":
            table.done(deed)
            return StopReading()
        case "read_on":
            table.done(deed)
            return ReadOn()
        case "resend":
            table.done(deed)
            return Resend(table.headers())
    return None
