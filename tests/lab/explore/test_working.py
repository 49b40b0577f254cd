from __future__ import annotations

import io

import msgspec
import pytest

from trioproxy.lab.explore.ours import OurProxy
from trioproxy.lab.explore.parts import OUR_PROXY, Part
from trioproxy.lab.explore.working import Done, Task, found, work


def do(*tasks: Task) -> list[Done]:
    given = io.BytesIO(b"".join(msgspec.json.encode(task) + b"\n" for task in tasks))
    done = io.BytesIO()
    assert work(given, done) == 0
    return [msgspec.json.decode(line, type=Done) for line in done.getvalue().splitlines()]


def test_parts_come_and_findings_go() -> None:
    one, other = do(Task(Part("stream", 1, ("leave",), steps=(3,))), Task(Part("json", 1, (), steps=())))

    assert [(found.scenario, found.fault, found.runs) for found in (*one.findings, *other.findings)] == [
        ("stream", "leave", 1),
        ("json", "nothing", 1),
    ]


def test_it_ends_when_nobody_listens() -> None:
    class Deaf(io.BytesIO):
        def write(self, data: object) -> int:
            raise BrokenPipeError

    task = msgspec.json.encode(Task(Part("stream", 1, (), steps=()))) + b"\n"
    assert work(io.BytesIO(task + b"no task at all\n"), Deaf()) == 0


def test_a_subject_is_found_by_its_place() -> None:
    assert isinstance(found(OUR_PROXY), OurProxy)
    with pytest.raises(AttributeError):
        found("trioproxy.lab.explore.ours:Nobody")
