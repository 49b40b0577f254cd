from __future__ import annotations

import io
from pathlib import Path

import pytest
import trio

from trioproxy.lab.workers import Worker, WorkerLost, answer, share

LOUD = """
import sys
from trioproxy.lab.workers import answer
sys.exit(answer(sys.stdin.buffer, sys.stdout.buffer, lambda line: line.strip().upper() * {times}))
"""
HOARSE = """
import sys
sys.stdin.readline()
sys.exit("no voice")
"""


@pytest.fixture
def loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "loud_worker.py").write_text(LOUD.format(times=1))
    (tmp_path / "long_worker.py").write_text(LOUD.format(times=100_000))
    (tmp_path / "hoarse_worker.py").write_text(HOARSE)
    return "loud_worker"


async def test_lines_are_answered_with_their_numbers(loud: str) -> None:
    answers: dict[int, bytes] = {}

    def tell(number: int, line: bytes) -> bool:
        answers[number] = line
        return True

    await share([b"a", b"b", b"c"], 2, lambda: Worker(loud), tell)

    assert answers == {0: b"A", 1: b"B", 2: b"C"}


async def test_a_long_answer_comes_whole(loud: str) -> None:
    async with Worker("long_worker") as worker:
        assert await worker.ask(b"ab") == b"AB" * 100_000
        assert await worker.ask(b"c") == b"C" * 100_000


async def test_what_is_enough_ends_it(loud: str) -> None:
    await share((b"a" for _ in range(1_000_000)), 1, lambda: Worker(loud), lambda *_: False)


async def test_one_that_ends_early_says_its_last_words(loud: str) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await share([b"a"], 1, lambda: Worker("hoarse_worker"), lambda *_: True)

    [lost] = caught.value.exceptions
    assert isinstance(lost, WorkerLost)
    assert str(lost) == "a worker ended with status 1: no voice"


async def test_no_process_is_left(loud: str) -> None:
    worker = Worker(loud)
    with trio.CancelScope() as scope:
        async with worker:
            scope.cancel()
            await trio.sleep_forever()

    assert worker._process.returncode is not None


def test_nobody_listens_any_more() -> None:
    class Deaf(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError

    asked: list[bytes] = []

    def do(line: bytes) -> bytes:
        asked.append(line)
        return line

    assert answer([b"a\n", b"b\n"], Deaf(), do) == 0
    assert asked == [b"a\n"]
