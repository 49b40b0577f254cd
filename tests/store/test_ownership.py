"""Locks of processes on their rows."""

from __future__ import annotations

import stat

import pytest

from trioproxy.errors import LedgerError
from trioproxy.store import ownership
from trioproxy.store.ownership import Ownership


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def mine(ledger):
    mine = Ownership(ledger, "mine")
    mine.take()
    yield mine
    mine.release()


def test_a_lock_that_is_held_cannot_be_seized(ledger, mine):
    with Ownership(ledger, "other").seized("mine") as gone:
        assert not gone
    assert (ledger.parent / "ledger.db.owners" / "mine.lock").exists()


def test_what_was_released_is_gone_and_leaves_no_file(ledger, mine):
    mine.release()
    mine.release()
    assert list((ledger.parent / "ledger.db.owners").iterdir()) == []
    with Ownership(ledger, "other").seized("mine") as gone:
        assert gone


def test_a_lock_file_that_nobody_holds_is_seized_by_one_and_removed(ledger, mine):
    path = ledger.parent / "ledger.db.owners" / "dead.lock"
    path.touch()
    assert mine.others() == ["dead"]
    with mine.seized("dead") as first, Ownership(ledger, "other").seized("dead") as second:
        assert (first, second) == (True, False)
    assert not path.exists()


def test_a_seizure_that_fails_leaves_the_file_for_the_next(ledger, mine):
    path = ledger.parent / "ledger.db.owners" / "dead.lock"
    path.touch()
    with pytest.raises(RuntimeError), mine.seized("dead"):
        raise RuntimeError("could not settle")
    with Ownership(ledger, "other").seized("dead") as gone:
        assert gone


def test_taking_it_twice_keeps_it(mine):
    mine.take()
    assert mine.others() == []


def test_a_lock_whose_file_was_removed_is_taken_anew(ledger, mine):
    path = ledger.parent / "ledger.db.owners" / "mine.lock"
    path.unlink()
    mine.take()
    with Ownership(ledger, "other").seized("mine") as gone:
        assert not gone
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_removed_between_open_and_lock_is_not_taken_for_a_lock(ledger, mine, monkeypatch):
    path = ledger.parent / "ledger.db.owners" / "new.lock"
    flock, sweeps = ownership.fcntl.flock, []

    def swept_once(descriptor, operation):
        if not sweeps:
            sweeps.append(path.unlink())
        flock(descriptor, operation)

    monkeypatch.setattr(ownership.fcntl, "flock", swept_once)
    new = Ownership(ledger, "new")
    new.take()
    with mine.seized("new") as gone:
        assert not gone
    assert path.exists()
    new.release()


def test_an_id_in_use_is_refused(ledger, mine, monkeypatch):
    monkeypatch.setattr(ownership, "_PATIENCE_S", 0.0)
    with pytest.raises(LedgerError, match="owner mine are in use"):
        Ownership(ledger, "mine").take()
