"""The names of what the lab measures: whoever writes results and whoever reads them mean the same.

A name may be any; one of these is understood by the report (heat map, box plots, lies). The end of a name is its unit:
`abort_ms`, `after_bytes`.
"""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """Of one run: the keys of `Run.measures`."""

    # bool: the upstream has seen FIN, RST or RST_STREAM because the client left. None: nobody left in this run.
    TOLD = "told"
    # float: from the client's leaving until the upstream was told. None: it never was.
    ABORT_MS = "abort_ms"
    # bool: the request got as far as the phase in which the client was to leave.
    REACHED = "reached"
    # bool: the upstream was asked only after the client had left.
    ASKED_AFTER = "asked_after"
    # bool: of a client that stays but reads no more, the proxy took nothing more from the upstream after a while.
    STALLED = "stalled"
    # int: what the proxy still took from the upstream after the client had left, or had stopped reading.
    AFTER_BYTES = "after_bytes"
    # str: how the answer ended for the client, a value of `Saw`.
    SAW = "saw"
    # bool: the client was given a clean end of something that was not whole.
    LIE = "lie"


class Saw(StrEnum):
    """How an answer ended, as its client sees it."""

    CLEAN_END = "clean end"
    TRUNCATION = "truncation"
    RESET = "reset"
    HANG = "hang"
    ERROR = "error answer"


class Number(StrEnum):
    """The five numbers: how the names of their `Figure`s begin (`added latency, p99`)."""

    ADDED_LATENCY = "added latency"
    ABORT_LATENCY = "abort latency"
    ROWS = "rows lost or doubled"
    MEMORY = "memory of a waiting stream"
    DRAIN = "drain completeness"


_UNITS = {"us": "µs", "ms": "ms", "s": "s", "bytes": "B"}


def unit(name: str) -> str:
    """The unit that the end of a measure's name says; '' where it says none."""
    return _UNITS.get(name.rpartition("_")[2], "") if "_" in name else ""
