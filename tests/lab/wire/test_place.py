"""Places are filled in, ports are free and different, and a misspelt place is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trioproxy.lab.wire.place import environment_of, place_for, python_of, unknown_places, which
from trioproxy.lab.wire.reading import parse_target


def target(more: str = "", command: str = '["proxy", "{port}"]', speaks: str = '"h1", "h2c"'):
    text = f'name = "tiny"\nsays = "x"\nspeaks = [{speaks}]\n{more}\n[run]\ncommand = {command}\n'
    return parse_target(text, "tiny.toml")


def test_known_places_are_filled_in_and_other_braces_stay(tmp_path: Path):
    place = place_for(target(), tmp_path, 4711, {"certfile": "/c.pem"})

    assert place.fill("{upstream_port} {folder} {certfile} { listen {other}; }") == (
        f"4711 {tmp_path} /c.pem {{ listen {{other}}; }}"
    )
    assert place.fill("{python}") == sys.executable


def test_protocols_share_a_port_unless_they_have_one_of_their_own(tmp_path: Path):
    shared = place_for(target(), tmp_path, 1, {})
    assert shared.ports == [shared.port("h1")] == [shared.port("h2c")]

    apart = place_for(target(command='["proxy", "{port}", "{port_h2c}"]'), tmp_path, 1, {})
    assert apart.port("h1") != apart.port("h2c")
    assert len(apart.ports) == 2


def test_own_environments_lie_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    needs_pip = target('[install]\npip = ["x"]')

    assert environment_of(needs_pip) == tmp_path / "trioproxy" / "lab" / "tiny"
    assert python_of(needs_pip) == tmp_path / "trioproxy" / "lab" / "tiny" / "bin" / "python"
    assert python_of(target()) == Path(sys.executable)

    program = environment_of(needs_pip) / "bin" / "its-own"
    assert which(needs_pip, "its-own") is None
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    assert which(needs_pip, "its-own") == str(program)


def test_a_relative_cache_folder_is_no_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert environment_of(target()) == tmp_path / ".cache" / "trioproxy" / "lab" / "tiny"


def test_unknown_places_are_told_with_their_key():
    data = {"files": {"a": "{port} {prot}"}, "run": {"command": ["x", "{prot}"]}, "says": "{this is text}"}
    assert [key for key, _ in unknown_places(data)] == [("files", "a"), ("run", "command", 1)]
