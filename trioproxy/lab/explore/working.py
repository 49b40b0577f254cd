"""What a worker does: read a part, explore it, write what was found."""

from __future__ import annotations

import gc
import importlib
from itertools import count
from typing import BinaryIO

import msgspec

from trioproxy.lab.explore.case import Scenario
from trioproxy.lab.explore.engine import Engine
from trioproxy.lab.explore.findings import Findings
from trioproxy.lab.explore.parts import Part
from trioproxy.lab.explore.scenarios import SCENARIOS
from trioproxy.lab.explore.stories import find
from trioproxy.lab.explore.subject import Subject
from trioproxy.lab.workers import answer

_TASKS_A_COLLECTION = 8


class Task(msgspec.Struct, frozen=True):
    """A part, and when it is enough: at the first run that breaks an invariant."""

    part: Part
    until_broken: bool = False


class Done(msgspec.Struct, frozen=True):
    """What was found in a part."""

    findings: list[Findings]


_task = msgspec.json.Decoder(Task).decode
_done = msgspec.json.Encoder().encode


def work(tasks: BinaryIO, done: BinaryIO) -> int:
    """Do each task that comes, until none does.

    Garbage is collected between tasks alone, and between few of them: it is little.
    """
    engines: dict[str, Engine] = {}
    scenarios: dict[str, Scenario] = dict(SCENARIOS)
    numbers = count()

    def do(line: bytes) -> bytes:
        task = _task(line)
        part = task.part
        if next(numbers) % _TASKS_A_COLLECTION == 0:
            gc.collect()
        if part.scenario not in scenarios:
            scenarios[part.scenario] = find(part.scenario)
        if part.subject not in engines:
            engines[part.subject] = Engine(found(part.subject), scenarios)
        return _done(Done(explore(engines[part.subject], task)))

    return answer(tasks, done, do)


def explore(engine: Engine, task: Task) -> list[Findings]:
    """Do one task, in a run of Trio of its own."""

    async def main() -> list[Findings]:
        return await engine.explore(task.part, (lambda cell: bool(cell.broken)) if task.until_broken else _never)

    return engine.theatre.run(main)


def _never(_: Findings) -> bool:
    return False


def found(place: str) -> Subject:
    """The subject at `module:name`."""
    module, _, name = place.partition(":")
    subject: Subject = getattr(importlib.import_module(module), name)()
    return subject
