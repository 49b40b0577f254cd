"""A worker answers each cell with what was found in it."""

from __future__ import annotations

import io

import msgspec

from trioproxy.lab.compare.semantics import Cause, Leaving, Pump, Semantics
from trioproxy.lab.compare.sweep import Contest, Contestant, sweep
from trioproxy.lab.compare.worker import Cell, work
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.stage import Theatre

CONTEST = Contest(("reset",), ("leave",), (1, 2), stride=3)
CONTESTANTS = [
    Contestant(Semantics(Pump.GENERATOR)),
    Contestant(Semantics(leaving=Leaving.of("linger:3"), cause=Cause.FLAG), commit_s=1.0),
    Contestant(Semantics(leaving=Leaving.of("drain")), ours=True),
]


def test_each_line_is_answered_by_one() -> None:
    cells = [Cell.of(each, "reset", "leave", CONTEST) for each in CONTESTANTS]
    found = io.BytesIO()

    assert work(io.BytesIO(b"".join(msgspec.json.encode(cell) + b"\n" for cell in cells)), found) == 0

    answers = [msgspec.json.decode(line, type=Findings) for line in found.getvalue().splitlines()]
    theatre = Theatre()
    for contestant, answer in zip(CONTESTANTS, answers, strict=True):
        expected = theatre.run(lambda each=contestant: sweep(theatre, each, "reset", "leave", CONTEST))
        assert (answer.runs, answer.broken, answer.endings) == (expected.runs, expected.broken, expected.endings)
        assert answer.failures == expected.failures


def test_nobody_wants_it_any_more() -> None:
    class Closed(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError

    cell = Cell.of(CONTESTANTS[0], "reset", "leave", Contest(("reset",), ("leave",), (0,), step=3))

    assert work(io.BytesIO(msgspec.json.encode(cell) + b"\n"), Closed()) == 0
