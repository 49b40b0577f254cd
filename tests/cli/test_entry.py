"""Exit statuses, messages, help: what everybody sees of every command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from cyclopts import App

from trioproxy import __version__
from trioproxy.cli import main
from trioproxy.cli.entry import command_line
from trioproxy.errors import ConfigurationError, LedgerError

Output = pytest.CaptureFixture[str]


def commands(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, as one would type it."""
    for name in app:
        if not name.startswith("-"):
            yield (*path, name)
            yield from commands(app[name], (*path, name))


COMMANDS = list(commands(command_line()))


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_version(capsys: Output):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"trioproxy {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(arguments: list[str], capsys: Output):
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert all(f" {command[0]} " in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples(command: tuple[str, ...], capsys: Output):
    assert main([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Usage: trioproxy {' '.join(command)}" in shown
    assert f"\n  trioproxy {' '.join(command)}" in shown.replace("TRIOPROXY_SERVER__PORT=9000 ", "")
    assert max(map(len, shown.splitlines())) <= 80


def test_help_and_version_load_neither_server_nor_client():
    heavy = ("quart", "hypercorn", "httpx", "pydantic", "genai_prices", "sqlite3", "asyncio")
    code = f"""
import sys
from trioproxy.cli import main
assert main(["--version"]) == main(["--help"]) == main(["run", "--help"]) == 0
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""
    assert python("-c", code).stderr == "[]\n"


def test_as_a_module():
    done = python("-m", "trioproxy", "--version")
    assert (done.returncode, done.stdout) == (0, f"trioproxy {__version__}\n")
    done = python("-m", "trioproxy", "bogus")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith('trioproxy: Unknown command "bogus".')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serv"], 'Unknown command "serv". Did you mean "serve"?'),
        (["serve", "--prt", "1"], "Unknown option: --prt. Did you mean --port?"),
        (["serve", "--port", "x"], 'Invalid value for --port: unable to convert "x" into int.'),
        (["serve", "extra"], 'Unexpected argument "extra".'),
        (["ledger", "show", "one", "two words"], 'Unexpected arguments "one" "two words".'),
        (["run"], 'Command "run" parameter CMD requires an argument.'),
        (["demo", "--port", "70000"], 'Invalid value "70000" for --port.'),
    ],
)
def test_a_wrong_command_line(arguments: list[str], said: str, capsys: Output):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"trioproxy: {said}")
    assert error.endswith("\nTry 'trioproxy --help', or --help after a command.\n")


def test_a_wrong_configuration_lists_every_problem(monkeypatch: pytest.MonkeyPatch, capsys: Output):
    monkeypatch.setenv("TRIOPROXY_SERVER__HOST", "")
    monkeypatch.setenv("TRIOPROXY_TIMEOUTS__READ", "soon")
    for command in (["serve", "--port", "-1"], ["run", "--", "true"], ["config", "check"], ["ledger", "summary"]):
        assert main(command) == 2
        lines = capsys.readouterr().err.splitlines()
        expected = 2 if command[0] == "serve" else 1
        assert len(lines) == expected
        assert lines[-1].startswith("environment variable TRIOPROXY_TIMEOUTS__READ: timeouts.read: ")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ConfigurationError(["one", "two"]), 2, "one\ntwo\n"),
        (LedgerError("cannot be read"), 1, "trioproxy: cannot be read\n"),
        (FileNotFoundError(2, "No such file or directory", "x"), 1, "trioproxy: [Errno 2] No such file"),
        (KeyboardInterrupt(), 130, ""),
        (ZeroDivisionError("oh"), 1, "trioproxy: a fault of the program itself: ZeroDivisionError: oh\n"),
        (ExceptionGroup("", [ExceptionGroup("", [LedgerError("inner")])]), 1, "trioproxy: inner\n"),
        (BaseExceptionGroup("", [LedgerError("inner"), KeyboardInterrupt()]), 130, ""),
    ],
)
def test_errors_become_a_status_and_a_line(
    error: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: Output
):
    assert run_into(error, monkeypatch) == status
    shown = capsys.readouterr().err
    assert shown.startswith(said)
    assert "Traceback" not in shown


def test_a_traceback_for_who_asks(monkeypatch: pytest.MonkeyPatch, capsys: Output):
    monkeypatch.setenv("TRIOPROXY_TRACEBACK", "1")
    assert run_into(LedgerError("no"), monkeypatch) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def run_into(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """The status of a command that raises `error`."""
    app = command_line()

    @app.command
    def fails() -> None:
        raise error

    monkeypatch.setattr("trioproxy.cli.entry.command_line", lambda: app)
    return main(["fails"])


def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "trioproxy", "config", "check"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environ, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
