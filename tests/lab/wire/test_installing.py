"""What is missing is known; installing it says what went wrong. Nothing here needs a network."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.wire_targets import DAEMON, alive

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


async def test_nothing_is_done_where_nothing_is_missing():
    said: list[str] = []
    await install(target('programs = ["sh"]\napt = ["no-such-package"]'), said.append)
    assert said == []


async def test_an_environment_is_made_and_what_fails_is_told(tmp_path: Path):
    said: list[str] = []
    wanted = target(f'pip = ["--no-index", "{tmp_path}/no-such-package"]')
    with pytest.raises(TargetTrouble, match=r"pip install .* failed with status 1") as caught:
        await install(wanted, said.append)

    assert "no-such-package" in caught.value.output
    assert said == [f"tiny: pip install --no-index {tmp_path}/no-such-package into {environment_of(wanted)}"]
    assert missing(wanted)


async def test_versions_are_a_commands_first_line():
    made = target("")
    assert await version_of(made, ["sh", "-c", "echo; echo 'v 1.2'; echo more"]) == "v 1.2"
    assert await version_of(made, ["sh", "-c", "echo to standard error >&2"]) == "to standard error"
    assert await version_of(made, ["no-such-program"]) == "not installed"
    assert await version_of(made, ["sh", "-c", ":"]) == "not known"


async def test_what_a_version_command_leaves_behind_is_gone():
    left = await version_of(target(""), ["sh", "-c", "sleep 1000 & echo $!"])
    assert not alive(int(left))


async def test_a_daemon_of_a_version_command_is_gone_as_well(tmp_path: Path):
    pid = tmp_path / "pid"
    assert await version_of(target(""), [sys.executable, "-c", DAEMON, str(pid), "0"]) == "ready"
    assert not alive(int(pid.read_text()))


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that installs a program and asks, as Debian's does, whether its server may be started."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = f"""#!/bin/sh
    [ "$1" = install ] || exit 0
    {tmp_path}/policy-rc.d; echo $? > {tmp_path}/may-start
    touch {folder}/a-server && chmod +x {folder}/a-server
    """
    (folder / "apt-get").write_text(script)
    (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr("trioproxy.lab.wire.installing.POLICY", tmp_path / "policy-rc.d")
    return tmp_path


SERVER = 'programs = ["a-server"]\napt = ["a-server"]'


async def test_apt_starts_no_servers(apt: Path):
    await install(target(SERVER), lambda _: None)

    assert (apt / "may-start").read_text().strip() == "101"
    assert not (apt / "policy-rc.d").exists()


async def test_a_policy_that_is_there_is_its_owners(apt: Path):
    policy = apt / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)

    await install(target(SERVER), lambda _: None)

    assert (apt / "may-start").read_text().strip() == "104"
    assert policy.read_text().endswith("104\n")


async def test_where_no_policy_can_be_written_nothing_is_installed(apt: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("trioproxy.lab.wire.installing.POLICY", apt / "no" / "policy-rc.d")
    with pytest.raises(TargetTrouble, match=r"policy-rc\.d cannot be written: No such file"):
        await install(target(SERVER), lambda _: None)
    assert not (apt / "may-start").exists()
