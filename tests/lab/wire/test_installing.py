"""What is missing is known; installing it says what went wrong. Nothing here needs a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.lab.wire.installing import install, missing, version_of
from trioproxy.lab.wire.place import environment_of
from trioproxy.lab.wire.reading import parse_target
from trioproxy.lab.wire.target import Target
from trioproxy.lab.wire.trouble import TargetTrouble


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def target(install: str) -> Target:
    text = f'name = "tiny"\nsays = "x"\nspeaks = ["h1"]\n[install]\n{install}\n[run]\ncommand = ["x"]\n'
    return parse_target(text, "tiny.toml")


def test_what_is_missing():
    assert missing(target('programs = ["sh", "no-such-program"]')) == ["no-such-program"]
    assert missing(target('pip = ["a-package", "another"]')) == ["a-package another"]
    assert missing(target("")) == []


def test_nothing_is_done_where_nothing_is_missing():
    said: list[str] = []
    install(target('programs = ["sh"]\napt = ["no-such-package"]'), said.append)
    assert said == []


def test_an_environment_is_made_and_what_fails_is_told(tmp_path: Path):
    said: list[str] = []
    wanted = target(f'pip = ["--no-index", "{tmp_path}/no-such-package"]')
    with pytest.raises(TargetTrouble, match=r"pip install .* failed with status 1") as caught:
        install(wanted, said.append)

    assert "no-such-package" in caught.value.output
    assert said == [f"tiny: pip install --no-index {tmp_path}/no-such-package into {environment_of(wanted)}"]
    assert missing(wanted)


def test_versions_are_a_commands_first_line():
    made = target("")
    assert version_of(made, ["sh", "-c", "echo; echo 'v 1.2'; echo more"]) == "v 1.2"
    assert version_of(made, ["sh", "-c", "echo to standard error >&2"]) == "to standard error"
    assert version_of(made, ["no-such-program"]) == "not installed"
    assert version_of(made, ["sh", "-c", ":"]) == "not known"
