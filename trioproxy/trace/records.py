"""The records of a results file: JSON Lines, one record a line, told apart by `record`; schema version 1.

    header                 first, once: what ran, where, with which versions
    tally                  many runs of one cell, counted
    run ── event, event …  one run with what was measured of it, and its timeline
    figure                 one number with its confidence interval
    trouble                what could not be measured, and why

`docs/lab.md` describes each field. A reader refuses other versions; a field that it does not know, it ignores.
Times are seconds of one monotonic (or virtual) clock since the run began.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

SCHEMA = "trioproxy-lab/1"

Value = str | int | float | bool | None


class Lane(StrEnum):
    """Who something happened to; the swim lanes of a timeline, in their order."""

    CLIENT = "client"
    SEAT = "seat"
    PUMP = "pump"
    UPSTREAM = "upstream"
    SETTLE = "settle"


class What(StrEnum):
    """What happened there."""

    # client
    REQUEST = "request"  # it has been sent (lab), or has arrived (proxy)
    HEAD = "head"  # client: it has the head; upstream: the head came; note: the status
    BYTES = "bytes"  # client: it has these bytes; upstream: a chunk came
    LEFT = "left"  # client: it went (note: how); seat: it was given up (note: the cause)
    STALLED = "stalled"
    END = "end"  # client: a clean end; upstream: the end of the body as framed; seat: no more will come
    TRUNCATED = "truncated"  # client: the connection closed before the end of the answer
    RESET = "reset"
    HANG = "hang"  # client: nothing came any more, and no end
    # seat
    SAT = "sat"  # a place at a call of its own
    JOINED = "joined"
    REPLAYED = "replayed"
    FAILED = "failed"  # no more will come, and that was not all
    # pump
    PHASE = "phase"  # note: the phase it is in now
    CANCELLED = "cancelled"  # note: by whom
    CLOSED = "closed"  # upstream: our end of its connection is closed
    # upstream
    ASKED = "asked"  # the request has come there (lab)
    BROKE = "broke"  # note: how
    TOLD = "told"  # it has seen FIN, RST or RST_STREAM (lab)
    # settle
    CALL = "call"  # note: the outcome
    EXCHANGE = "exchange"  # note: the outcome
    # any lane
    FAULT = "fault"  # what the lab did to it, at this moment; note: what
    BROKEN = "broken invariant"  # note: which


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header", tag_field="record"):
    """What ran. `lab`: explore, compare, wire, or trace (of the proxy in service)."""

    lab: str
    command: list[str]
    began_at: str  # ISO 8601, UTC
    versions: dict[str, str] = {}
    machine: dict[str, Value] = {}
    schema: str = SCHEMA


class Tally(msgspec.Struct, frozen=True, kw_only=True, tag="tally", tag_field="record"):
    """Many runs of one cell. `broken`: invariant to how many runs broke it; `examples`: invariant to a run's id."""

    subject: str
    cell: dict[str, str]
    runs: int
    broken: dict[str, int] = {}
    examples: dict[str, str] = {}
    # How often each ending was seen, and whatever else is counted.
    counts: dict[str, int] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run", tag_field="record"):
    """One run. `cell` says which of the axes' values; `subject` is the target, or the combination, it ran on."""

    id: str
    subject: str
    cell: dict[str, str]
    repetition: int = 0
    seed: int | None = None
    measures: dict[str, Value] = {}
    broken: list[str] = []
    # The command that repeats it; the script, as TOML.
    repeat: str = ""
    script: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag="event", tag_field="record", omit_defaults=True):
    """One moment of a run's timeline."""

    run: str
    at_s: float
    lane: Lane
    what: What
    size_bytes: int = 0
    note: str = ""
    # Which of several clients (0 is the first) or calls.
    who: int = 0
    # The bytes themselves, as base64, where they are kept.
    data: bytes | None = None


class Figure(msgspec.Struct, frozen=True, kw_only=True, tag="figure", tag_field="record"):
    """One number; `low` and `high` bound it with 95 % confidence, where known. None: it could not be measured."""

    subject: str
    name: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    n: int = 0
    note: str = ""


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag="trouble", tag_field="record"):
    """What could not be done, with what was said about it."""

    subject: str
    what: str
    output: str = ""


Record = Header | Tally | Run | Event | Figure | Trouble
