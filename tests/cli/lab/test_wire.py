"""`trioproxy lab wire`: targets are listed, faults are told, results are written."""

from __future__ import annotations

# Other processes are watched from outside: /proc tells nobody when it changes.
# ruff: noqa: ASYNC110
import json
import signal
import sys
from pathlib import Path

import pytest
import trio
from support.wire_targets import RELAY, alive

from trioproxy.cli import main


def target_file(folder: Path) -> Path:
    (folder / "relay.py").write_text(RELAY)
    command = f'["{sys.executable}", "-S", "{folder}/relay.py", "{{port}}", "{{upstream_port}}"]'
    path = folder / "mine.toml"
    path.write_text(f'name = "mine"\nsays = "x"\nspeaks = ["h1"]\n[run]\ncommand = {command}\n')
    return path


def test_the_targets_are_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["lab", "wire", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("trioproxy", "naive", "nginx"))


def test_tables_and_a_results_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "results.jsonl"
    options = ["--cells", "none;FIN/waiting", "--repetitions", "1", "--no-figures", "--out", str(out)]
    assert main(["lab", "wire", "--target", str(target_file(tmp_path)), *options]) == 0

    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert records[0]["record"] == "header"
    assert [record["subject"] for record in records if record["record"] == "run"] == ["direct"] * 2 + ["mine"] * 2
    said = capsys.readouterr().out
    assert "mine: the client leaves" in said
    assert f"4 runs; results are in {out}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "option --target: missing; expected a file, `all`, or some of: "),
        (["--target", "ngnix"], "option --target: ngnix: no such target; did you mean nginx?"),
        (["--target", "nginx", "--cells", "never"], "option --cells: never: no such cell"),
        (["--list", "--target", "nope"], "option --list: it shows the targets and drives none; expected no other"),
        (
            ["--target", "nginx", "--cells", "gzip", "--out", "/no/such/place"],
            "option --out: cannot write /no/such/place",
        ),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    assert main(["lab", "wire", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (
            "",
            ["--protocol", "h2"],
            "mine: no cell was run: it speaks h1, and h1 to its upstream, and no chosen",
        ),
        ('command = ["no-such-program"]', ["--cells", "none"], "mine: not installed: no-such-program\n"),
    ],
)
def test_where_nothing_was_run_the_status_says_so(
    change: str, options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = target_file(tmp_path)
    if change:
        path.write_text(path.read_text().partition("command")[0] + change)
    out = ["--out", str(tmp_path / "results.jsonl"), "--repetitions", "1", "--no-figures"]

    assert main(["lab", "wire", "--target", str(path), *options, *out]) == 1
    told = capsys.readouterr()
    assert said in told.out
    assert told.err == "no run of: mine\n"


async def test_ctrl_c_ends_the_proxies_and_keeps_what_was_measured(tmp_path: Path):
    out, pid_file = tmp_path / "results.jsonl", tmp_path / "pid"
    script = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n" + RELAY
    path = target_file(tmp_path)
    (tmp_path / "relay.py").write_text(script)
    command = [sys.executable, "-m", "trioproxy", "lab", "wire", "--target", str(path), "--repetitions", "30"]
    options = ["--cells", "FIN/waiting", "--protocol", "h1", "--no-figures", "--out", str(out)]
    lab = await trio.lowlevel.open_process([*command, *options], stdout=-3, stderr=-3)
    try:
        with trio.fail_after(60):
            while not pid_file.exists() or not pid_file.read_text():
                await trio.sleep(0.02)
            lab.send_signal(signal.SIGINT)
            assert await lab.wait() == 130
            while alive(int(pid_file.read_text())):
                await trio.sleep(0.02)
    finally:
        lab.kill()
    assert json.loads(out.read_bytes().splitlines()[0])["record"] == "header"
