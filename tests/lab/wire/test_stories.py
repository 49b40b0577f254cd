"""Each cell has a story, and each story does what its name says."""

from __future__ import annotations

import gzip
import json

import pytest

from trioproxy.lab.script import Close, End, Garble, GoAway, Interim, Reset, RstStream, Short, Silence, Take
from trioproxy.lab.wire.cells import Cell, Fault, Phase, cells
from trioproxy.lab.wire.stories import LARGE_BODY_BYTES, Scene, mark, question, scene


def of(fault: Fault) -> Scene:
    return scene(Cell("h1", fault=fault))


@pytest.mark.parametrize("cell", [cell for cell in cells(["h1", "h2c"]) if not cell.impossible], ids=str)
def test_every_possible_cell_has_one(cell: Cell):
    assert scene(cell).script.steps


@pytest.mark.parametrize(
    ("fault", "ending"),
    [
        (Fault.SILENT, Silence),
        (Fault.HEAD_ONLY, Silence),
        (Fault.SILENCE, Silence),
        (Fault.RESET, Reset),
        (Fault.NO_LAST_CHUNK, Close),
        (Fault.SHORT, Short),
        (Fault.GARBLED, Garble),
        (Fault.STREAM_RESET, RstStream),
        (Fault.GOING_AWAY, GoAway),
        (Fault.NO_END, End),
        (Fault.ERROR_EVENT, End),
    ],
)
def test_faults_end_as_they_are_called(fault: Fault, ending: type):
    assert isinstance(of(fault).script.ending, ending)


def test_the_contents_of_faults():
    assert b"event: error" in of(Fault.ERROR_EVENT).script.body
    assert b"message_stop" not in of(Fault.NO_END).script.body
    assert of(Fault.ONE_BYTE).script.write_bytes == 1
    assert max(map(len, of(Fault.HUGE).script.body.split(b"\n\n"))) > 1_000_000
    assert b"message_stop" in gzip.decompress(of(Fault.GZIP).script.body)
    assert of(Fault.SLOW_READER).script.take_bytes_per_s
    assert of(Fault.EARLY).script.take is Take.BESIDE
    assert any(isinstance(action, Interim) for _, action in of(Fault.INTERIM).script.steps)


def test_split_utf8_is_split_within_characters():
    chunks = [action.data for _, action in of(Fault.SPLIT).script.steps if hasattr(action, "data")]
    assert sum(chunk[0] & 0xC0 == 0x80 for chunk in chunks) > 3
    assert "🦊" in b"".join(chunks).decode()


def test_a_question_is_found_again_by_its_mark_and_is_as_large_as_asked():
    body = question("a-model", 17, 1000)
    assert mark(17) in body
    assert mark(1) not in body
    assert len(body) > 1000
    assert json.loads(body)["model"] == "a-model"


def test_only_the_request_that_is_left_half_sent_is_large():
    from trioproxy.lab.wire.cells import Cause

    assert scene(Cell("h1", cause=Cause.FIN, phase=Phase.SENDING)).body_bytes == LARGE_BODY_BYTES
    assert scene(Cell("h1", cause=Cause.FIN, phase=Phase.WAITING)).body_bytes == 0
