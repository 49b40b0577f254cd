"""Which cells there are, which are impossible, and how they are chosen."""

from __future__ import annotations

import pytest

from trioproxy.errors import ConfigurationError
from trioproxy.lab.script import ClientPhase, Going
from trioproxy.lab.wire.cells import Cause, Cell, Fault, Phase, cells, chosen


def test_every_way_of_going_is_a_cause_and_every_phase_of_a_client_is_one():
    assert {str(going) for going in Going} < {str(cause) for cause in Cause}
    assert {str(phase) for phase in ClientPhase} < {str(phase) for phase in Phase}


def test_each_pair_is_there_once_for_each_protocol():
    every = list(cells(["h1", "h2c"]))
    assert len(every) == len(set(every)) == 2 * (len(Cause) * len(Phase) + len(Fault))


def test_what_a_protocol_has_no_word_for_is_said_to_be_impossible():
    assert Cell("h1", cause=Cause.GOAWAY, phase=Phase.WAITING).impossible == "HTTP/1.1 has no GOAWAY"
    assert Cell("h1", cause=Cause.FIN, phase=Phase.WAITING).impossible is None
    assert Cell("h2c", cause=Cause.HALF_CLOSE, phase=Phase.WAITING).impossible
    assert (
        Cell("h2c", cause=Cause.RST_STREAM, phase=Phase.CONNECTED).impossible == "no byte of HTTP/2 has been sent yet"
    )
    assert Cell("h1", cause=Cause.STOPS_READING, phase=Phase.WAITING).impossible
    assert all(cell.impossible is None for cell in cells() if cell.fault)


@pytest.mark.parametrize(
    ("word", "count"),
    [("FIN/waiting", 1), ("gzip", 1), ("RST/between chunks", 1), ("RST/between", 2), ("refuses the connection", 1)],
)
def test_cells_are_chosen_by_parts_of_their_names(word: str, count: int):
    assert len(chosen([word], ["h1"])) == count


@pytest.mark.parametrize("cell", [*cells(["h1"])], ids=lambda cell: cell.word)
def test_the_word_of_a_cell_chooses_it(cell: Cell):
    assert cell in chosen([cell.word], ["h1"])


def test_floods_are_of_those_who_do_not_read():
    assert Cell("h1", cause=Cause.FIN, phase=Phase.BLOCKED).floods
    assert Cell("h1", cause=Cause.STOPS_READING, phase=Phase.HEAD).floods
    assert not Cell("h1", cause=Cause.FIN, phase=Phase.FLOWING).floods
    assert not Cell("h1", fault=Fault.HUGE).floods


def test_without_words_all_are_chosen():
    assert chosen([], ["h2"]) == list(cells(["h2"]))


def test_words_that_choose_nothing_are_told():
    with pytest.raises(ConfigurationError) as caught:
        chosen(["FIN", "nobody", "rts/waiting for the haed", "gzipp"], ["h1"])
    assert caught.value.problems[:5] == [
        "option --cells: nobody: no such cell",
        "option --cells: rts/waiting for the haed: no such cell; did you mean RST/waiting for the head?",
        "option --cells: gzipp: no such cell; did you mean gzip?",
        "option --cells: expected a part of one of these names, or cause/phase:",
        "    FIN",
    ]
    assert "    head only, then silence" in caught.value.problems
