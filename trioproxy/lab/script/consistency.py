"""Which stories of an upstream can be told."""

from __future__ import annotations

import math
from collections.abc import Iterator

from trioproxy.lab.script.actions import (
    Action,
    Chunk,
    End,
    Ending,
    Framing,
    Garble,
    Head,
    Interim,
    Refuse,
    Short,
    Step,
    Unreachable,
)


def problems(steps: tuple[Step, ...]) -> Iterator[tuple[int, str]]:
    """What is wrong with a story, each with the number of its step from 0."""
    head: Head | None = None
    for number, (after_s, action) in enumerate(steps):
        last = number == len(steps) - 1
        for problem in (*_out_of_range(after_s, action), *_out_of_place(action, head)):
            yield number, problem
        if isinstance(action, Ending) and not last:
            yield number + 1, f"nothing can follow {type(action).__name__}"
        if isinstance(action, Refuse | Unreachable) and number:
            yield number, f"{type(action).__name__} stands alone: there is no connection"
        if isinstance(action, Head) and head is None:
            head = action
    if not steps or not isinstance(steps[-1][1], Ending):
        yield (
            max(0, len(steps) - 1),
            "a script ends with End, Close, Short, Reset, RstStream, GoAway, Garble, Silence, Refuse or Unreachable",
        )


def _out_of_range(after_s: float, action: Action) -> Iterator[str]:
    """What no step can say, wherever it stands."""
    name = type(action).__name__
    if not math.isfinite(after_s):
        yield f"{name} after {after_s} s: say Silence"
    elif after_s < 0:
        yield f"{name} cannot happen {-after_s} s before the step that precedes it"
    match action:
        case Interim(status) if not 100 <= status <= 199:
            yield f"an Interim has a status from 100 to 199: not {status}"
        case Head(status) if not 200 <= status <= 999:
            yield f"a Head has a status from 200 to 999: not {status}"
        case Chunk(b""):
            yield "an empty Chunk would end a chunked body: say End"
        case Short(missing_bytes) if missing_bytes < 1:
            yield "Short misses at least 1 byte"


def _out_of_place(action: Action, head: Head | None) -> Iterator[str]:
    """What cannot come where it does: `head` is the one that came before, if any."""
    name = type(action).__name__
    match action:
        case Head() | Interim() if head is not None:
            yield f"{name} after the head"
        case Chunk() | End() if head is None:
            yield f"{name} before the head"
        case Chunk() if head is not None and head.framing is Framing.NONE:
            yield "a Chunk where the head says that there is no body"
        case Short() if head is None or head.framing is not Framing.LENGTH:
            yield "Short needs a head with Framing.LENGTH"
        case Garble() if head is None or head.framing is not Framing.CHUNKED:
            yield "Garble needs a head with Framing.CHUNKED"
