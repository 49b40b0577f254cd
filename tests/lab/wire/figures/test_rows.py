"""A ledger is held against what the upstream was asked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.wire_targets import SLEEPS, target

from trioproxy.lab.guest.line import Way
from trioproxy.lab.wire.figures.crowd import Entrance
from trioproxy.lab.wire.figures.rows import Books, books, figure
from trioproxy.lab.wire.place import place_for
from trioproxy.lab.wire.stage import Stage
from trioproxy.lab.wire.target import Asking
from trioproxy.lab.wire.trouble import TargetTrouble

LEDGER = """
[ledger]
sqlite = "{folder}/ledger.db"
opened = "SELECT count(*) FROM rows"
settled = "SELECT count(*) FROM rows WHERE ended"
doubled = "SELECT count(*) - count(DISTINCT name) FROM rows"
"""


def test_what_is_lost():
    assert Books(asked=10, opened=10, settled=10, doubled=0).lost == 0
    assert Books(asked=10, opened=8, settled=7, doubled=0).lost == 3
    # A call that was left before it reached the upstream has a row, too: rows are counted, not matched.
    assert Books(asked=8, opened=10, settled=10, doubled=0).lost == 0


def test_a_row_too_many_does_not_stand_in_for_one_that_is_lost():
    found = Books(asked=60, opened=60, settled=60, doubled=1)
    assert found.lost == 1
    assert figure("tiny", "aborts", found).value == 2


def test_the_figure_counts_lost_and_doubled():
    found = figure("tiny", "kills", Books(asked=20, opened=19, settled=18, doubled=1))
    assert (found.name, found.value, found.unit, found.n) == ("rows lost or doubled, kills", 4.0, "rows", 20)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 4 < found.high
    assert "20 calls came to the upstream, 19 rows, 18 of them with an end, 1 too many" in found.note


def test_without_a_ledger_it_is_said():
    assert figure("tiny", "aborts", None).note == "it has no ledger that could be read"


def entrance() -> Entrance:
    return Entrance(Stage.nobody(1), Asking(), Way(("127.0.0.1", 1)), "h1")


def test_a_ledger_is_read_by_its_queries(tmp_path: Path):
    place = place_for(target(tmp_path, SLEEPS, more=LEDGER), tmp_path, 1, {})
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        ledger.execute("CREATE TABLE rows (name, ended)")
        ledger.executemany("INSERT INTO rows VALUES (?, ?)", [("a", 1), ("b", 0), ("b", 1)])
        ledger.commit()

    assert books(entrance(), place) == Books(asked=0, opened=3, settled=2, doubled=1)


def test_one_that_cannot_be_read_is_trouble(tmp_path: Path):
    place = place_for(target(tmp_path, SLEEPS, more=LEDGER), tmp_path, 1, {})
    with pytest.raises(TargetTrouble, match=r"its ledger .*ledger\.db cannot be read: unable to open"):
        books(entrance(), place)
