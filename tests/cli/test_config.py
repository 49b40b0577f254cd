"""`trioproxy config check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from trioproxy.cli import main
from trioproxy.settings import load

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _nothing_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in ("TRIOPROXY_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_defaults_are_printed(capsys: Output):
    assert main(["config", "check"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# built-in defaults; secrets masked\n\n[server]\n")
    assert load(shown, "x.toml", {}) == load(None, None, {})


def test_the_effective_configuration_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output):
    file = tmp_path / "a.toml"
    file.write_text("[timeouts]\nread = 5\n")
    monkeypatch.setenv("TRIOPROXY_SERVER__PORT", "1")
    monkeypatch.setenv("trioproxy_server__host", "::1")
    monkeypatch.setenv("TRIOPROXY_TIMEOUTS__READ", "")
    monkeypatch.setenv("TRIOPROXY_LOG", "debug")
    assert main(["config", "check", str(file)]) == 0
    shown = capsys.readouterr().out
    applied = "TRIOPROXY_SERVER__PORT, trioproxy_server__host"
    assert shown.startswith(f"# {file}, with {applied} of the environment; secrets masked\n\n")
    assert "\nport = 1\n" in shown
    assert "\nread = 5.0\n" in shown


def test_policies_and_tables_are_printed_as_they_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
):
    file = tmp_path / "a.toml"
    file.write_text("[routing]\nenabled = true\n[routing.table]\n'gpt-4.1' = { cheap = 'gpt-4.1-nano' }\n")
    monkeypatch.setenv("TRIOPROXY_PROVIDERS__ANTHROPIC__ON_DISCONNECT", "drain")
    assert main(["config", "check", str(file)]) == 0
    shown = capsys.readouterr().out
    for line in ('on_disconnect = "drain"', "enabled = true", '"gpt-4.1" = { cheap = "gpt-4.1-nano" }'):
        assert f"\n{line}\n" in shown
    environ = {"TRIOPROXY_PROVIDERS__ANTHROPIC__ON_DISCONNECT": "drain"}
    assert load(shown, "x.toml", {}) == load(file.read_text(), "a.toml", environ)


def test_the_usual_place_is_looked_at(tmp_path: Path, capsys: Output):
    file = tmp_path / ".config" / "trioproxy" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[server]\nport = 3")
    assert main(["config", "check"]) == 0
    assert "\nport = 3\n" in capsys.readouterr().out


def test_a_broken_one_is_told_everything(tmp_path: Path, capsys: Output):
    file = tmp_path / "a.toml"
    file.write_text("[server]\nport = -1\nhots = 1\n")
    assert main(["config", "check", str(file)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(": ")[:2] for line in shown.err.splitlines()] == [
        [str(file), "server.port"],
        [str(file), "server.hots"],
    ]


def test_a_missing_one(capsys: Output):
    assert main(["config", "check", "nowhere.toml"]) == 2
    said = "nowhere.toml: no such file; expected the configuration, which the command line says is there\n"
    assert capsys.readouterr().err == said


def test_certificates_are_looked_at(tmp_path: Path, capsys: Output):
    file, pem = tmp_path / "a.toml", tmp_path / "x.pem"
    pem.write_text("no PEM")
    file.write_text(f"[server]\ncertfile = '{pem}'\nkeyfile = '{pem}'\nport = -1\n")
    for command in (["config", "check", str(file)], ["serve", "--config", str(file)]):
        assert main(command) == 2
        assert [line.split(": ")[:2] for line in capsys.readouterr().err.splitlines()] == [
            [str(file), "server.port"],
            [str(file), "server.certfile"],
            [str(file), "server.keyfile"],
        ]
