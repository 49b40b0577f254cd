"""A target comes up, with its files and its environment; or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.wire_targets import RELAY, SLEEPS, relay, target

from trioproxy.lab.wire.place import place_for
from trioproxy.lab.wire.reading import parse_target
from trioproxy.lab.wire.running import running
from trioproxy.lab.wire.trouble import TargetTrouble


async def test_it_listens_when_the_block_begins(tmp_path: Path):
    place = place_for(relay(tmp_path), tmp_path, 1, {})
    async with running(place) as child:
        assert child.alive
        assert "listening" in child.output()


async def test_files_are_filled_in_and_so_is_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere")
    monkeypatch.setenv("TRIOPROXY_SERVER__PORT", "1")
    script = "import os; print('got', os.environ['OWN'], sorted(os.environ), os.environ['HOME'], flush=True)\n" + RELAY
    more = '[files]\n"sub/conf" = "port {port}"\n'
    made = target(tmp_path, script, "{port}", "{upstream_port}", more=more)
    own = made.model_copy(update={"run": made.run.model_copy(update={"environment": {"OWN": "at {upstream_port}"}})})
    place = place_for(own, tmp_path, 4711, {})
    async with running(place) as child:
        said = child.output()

    assert (tmp_path / "sub" / "conf").read_text() == f"port {place.port('h1')}"
    assert "got at 4711" in said
    assert str(tmp_path) in said
    assert "HTTPS_PROXY" not in said
    assert "TRIOPROXY_" not in said


async def test_one_that_never_listens_is_given_up(tmp_path: Path):
    place = place_for(target(tmp_path, SLEEPS, start_limit_s=0.3), tmp_path, 1, {})
    with pytest.raises(TargetTrouble, match=r"does not listen on \[\d+\] after 0\.3 s") as caught:
        async with running(place):
            pass
    assert caught.value.for_good


async def test_a_program_that_is_not_there(tmp_path: Path):
    text = 'name = "none"\nsays = "x"\nspeaks = ["h1"]\n[run]\ncommand = ["no-such-program"]\n'
    with pytest.raises(TargetTrouble, match=r"^not installed: no-such-program$"):
        async with running(place_for(parse_target(text, "none.toml"), tmp_path, 1, {})):
            pass


async def test_files_stay_within_the_folder(tmp_path: Path):
    made = target(tmp_path, SLEEPS, more='[files]\n"../outside" = "x"\n')
    with pytest.raises(TargetTrouble, match="outside of the folder"):
        async with running(place_for(made, tmp_path, 1, {})):
            pass
