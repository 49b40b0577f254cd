"""Where a ledger's URL leads."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from trioproxy.errors import LedgerError
from trioproxy.store.location import ledger_path, make_private


def test_relative_to_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ledger_path("sqlite:///sub/ledger.db") == tmp_path / "sub" / "ledger.db"


def test_absolute_has_four_slashes():
    assert ledger_path("sqlite:////var/lib/trioproxy/ledger.db") == Path("/var/lib/trioproxy/ledger.db")


def test_the_home_directory_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ledger_path("sqlite:///~/a b.db") == tmp_path / "a b.db"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "memory:"])
def test_in_memory(url):
    assert ledger_path(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://localhost/ledger", "not in this version"),
        ("postgresql+psycopg://localhost/ledger", "not in this version"),
        ("mysql://localhost/ledger", "not the URL of a ledger"),
        ("/var/lib/ledger.db", "not the URL of a ledger"),
        ("", "not the URL of a ledger"),
        ("sqlite:///", "names no file"),
        ("sqlite:////tmp/", "names no file"),
        ("sqlite://ledger.db", "names no file"),
        ("sqlite:///ledger.db?mode=ro", "options"),
        ("sqlite:///~nobody-of-this-name/ledger.db", "home directory"),
    ],
)
def test_what_is_no_place_says_so_and_what_was_expected(url, why):
    with pytest.raises(LedgerError, match=rf"^ledger\.url: .*{why}.*; expected sqlite:///"):
        ledger_path(url)


def test_files_and_new_folders_are_private_and_old_ones_left_alone(tmp_path):
    tmp_path.chmod(0o755)
    path = tmp_path / "a" / "b" / "ledger.db"
    make_private(path)
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (tmp_path, path.parent.parent, path.parent, path)]
    assert modes == [0o755, 0o700, 0o700, 0o600]
    path.chmod(0o640)
    make_private(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
