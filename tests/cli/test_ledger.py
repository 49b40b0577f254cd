"""`trioproxy ledger`: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.rows import opening

from trioproxy.cli import main
from trioproxy.store.sqlite import SqliteEngine
from trioproxy.views.requests import COLUMNS

Output = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("recorded")


def lines_of(output: Output, *arguments: str) -> list[str]:
    assert main(["ledger", *arguments]) == 0
    return output.readouterr().out.splitlines()


def objects_of(output: Output, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(output, *arguments, "--json")]


def records_of(output: Output, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(lines_of(output, *arguments, "--csv")))))


def test_show_is_a_table(capsys: Output):
    header, _, first, second, third = lines_of(capsys, "show")
    assert re.split(r"  +", header) == [column.title for column in COLUMNS]
    assert re.split(r"  +", first) == [
        *("2026-11-23 04:36:01", "claude-code", "claude-sonnet-4-6", "delivered", "200", "end_turn"),
        *("80", "30", "20", "$0.0100", "14 ms", "1.50 s"),
    ]
    assert "client left" in second
    assert "  open  " in third


def test_a_pipe_gets_whole_cells_and_nothing_that_a_terminal_obeys(capsys: Output):
    shown = "\n".join(lines_of(capsys, "show"))
    assert "\x1b" not in shown
    assert "curl\N{REPLACEMENT CHARACTER}[2J" in shown
    assert "…" not in shown


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["x1", "x2", "x3"]),
        (["--limit", "1"], ["x3"]),
        (["--since", "2026-11-23T04:36:03"], ["x3"]),
        (["--since", "2026-11-23", "--limit", "2"], ["x2", "x3"]),
        (["--since", "9999-01-01"], []),
    ],
)
def test_which_rows_are_shown(arguments: list[str], ids: list[str], capsys: Output):
    assert [row["id"] for row in objects_of(capsys, "show", *arguments)] == ids
    assert [row["id"] for row in records_of(capsys, "show", *arguments)] == ids


def test_without_since_the_last_twenty(recorded: SqliteEngine, capsys: Output):
    recorded.write([opening(n) for n in range(4, 31)])
    assert len(objects_of(capsys, "show")) == 20
    assert len(objects_of(capsys, "show", "--since", "2026-11-23")) == 30


def test_json_has_types_and_lists(capsys: Output):
    first, second, third = objects_of(capsys, "show")
    assert (first["cost_usd"], first["tools"], first["input_tokens"]) == (0.01, ["Read", "Bash"], 10)
    assert (second["cost_usd"], second["call_outcome"]) == (None, "abandoned")
    assert third["ended_at"] is None


def test_csv_leaves_out_what_is_not_known(capsys: Output):
    first, second, _ = records_of(capsys, "show")
    assert (first["cost_usd"], first["tools"]) == ("0.01", '["Read", "Bash"]')
    assert second["cost_usd"] == ""


def test_summary(capsys: Output):
    header, _, first, second, _, total, note = lines_of(capsys, "summary")
    assert header.split()[:2] == ["model", "requests"]
    assert first.split()[:2] == ["claude-sonnet-4-6", "2"]
    assert second.split()[:2] == ["gpt-5-mini", "1"]
    assert total.split()[:2] == ["total", "3"]
    assert note == "the cost of 1 request is not known"


@pytest.mark.usefixtures("saving")
def test_show_says_who_served_how_a_call_outlived_its_client_and_what_is_estimated(capsys: Output):
    cells = [re.split(r"  +", line) for line in lines_of(capsys, "show", "--limit", "4")[2:]]
    assert [line[3] for line in cells] == ["client left, drain 12.3 s, completed", "joined", "replayed", "delivered"]
    assert [line[6:10] for line in cells] == [
        ["80", "30", "~20", "~$0.0100"],
        ["-", "-", "-", "$0"],
        ["-", "-", "-", "$0"],
        ["80", "30", "20", "$0.0100"],
    ]
    drained, joined, replayed, kept = objects_of(capsys, "show", "--limit", "4")
    assert (drained["usage_source"], drained["policy"], drained["detached_ms"]) == ("mixed", "drain", 12_345.6)
    assert joined["savings"] == [{"kind": "joined", "saved_usd": 0.01}]
    assert (replayed["served_by"], replayed["call_id"], replayed["saved_usd"]) == ("replayed", "c4", 0.01)
    assert [entry["held_back_usd"] for entry in kept["savings"]] == [None]


@pytest.mark.usefixtures("saving")
def test_summary_tells_what_is_estimated_what_was_saved_and_what_was_held_back(capsys: Output):
    header, _, first, *_, unpriced, estimated, saved, held_back = lines_of(capsys, "summary")
    assert re.split(r"  +", header)[-5:] == ["cached", "out", "cost", "saved", "held back"]
    assert first.split()[-5:] == ["90", "~60", "~$0.0300", "$0.0200", "-"]
    assert unpriced == "the cost of 1 request is not known"
    assert estimated == "$0.0100 of the cost is estimated, for 1 request whose usage was not reported in full"
    assert saved == "saved $0.0200: $0.0100 by joining (1 request), $0.0100 by replay (1 request)"
    assert held_back == (
        "held back an unknown amount (1 request: the cache of claude-\N{REPLACEMENT CHARACTER}[2J is warm)"
    )


@pytest.mark.usefixtures("saving")
def test_summary_for_programs(capsys: Output):
    (group,) = objects_of(capsys, "summary", "--by", "provider")
    assert (group["estimated"], group["estimated_usd"], group["saved_usd"]) == (1, 0.01, 0.02)
    assert {entry["kind"] for entry in group["savings"]} == {"joined", "replayed", "routing"}
    (record,) = records_of(capsys, "summary", "--by", "provider")
    assert (record["estimated"], record["saved_usd"], record["held_back_usd"]) == ("1", "0.02", "")
    assert json.loads(record["savings"]) == group["savings"]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("model", ["claude-sonnet-4-6", "gpt-5-mini"]),
        ("provider", ["anthropic"]),
        ("day", ["2026-11-23"]),
        ("source", ["claude-code", "curl\x1b[2J"]),
    ],
)
def test_summary_by(by: str, names: list[str], capsys: Output):
    assert [group["name"] for group in objects_of(capsys, "summary", "--by", by)] == names
    assert [group["name"] for group in records_of(capsys, "summary", "--by", by)] == names
    assert objects_of(capsys, "summary", "--since", "9999-01-01") == []


def test_export_is_csv_unless_json_is_asked_for(capsys: Output):
    header, *rows = lines_of(capsys, "export", "--table", "calls")
    assert header.startswith("id,exchange_id,owner,started_at,")
    assert [row.split(",")[0] for row in rows] == ["c1", "c2", "c3"]
    assert [row["id"] for row in objects_of(capsys, "export", "--table", "exchanges")] == ["x1", "x2", "x3"]
    assert [row["id"] for row in objects_of(capsys, "export", "--since", "2026-11-23T04:36:02")] == ["x2", "x3"]


def test_a_reader_that_leaves_in_the_middle_of_an_export_is_no_error(recorded: SqliteEngine):
    recorded.write([opening(n) for n in range(4, 1000)])
    reader, writer = os.pipe()
    os.close(reader)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "trioproxy", "ledger", "export"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environ, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_keys_that_only_the_server_may_read_do_not_matter(tmp_path: Path, capsys: Output):
    file = tmp_path / "a.toml"
    file.write_text("server.certfile = 'no.pem'\nserver.keyfile = 'no.pem'\n")
    assert len(objects_of(capsys, "show", "--config", str(file))) == 3


def test_another_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output):
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("TRIOPROXY_LEDGER__URL", "sqlite:////nowhere/ledger.db")
    assert len(objects_of(capsys, "show", "--ledger", url)) == 3
    assert main(["ledger", "show"]) == 1
    assert capsys.readouterr().err.startswith("trioproxy: there is no ledger at /nowhere/ledger.db")


@pytest.mark.parametrize("command", ["show", "tail", "summary", "export"])
def test_a_wrong_ledger(command: str, capsys: Output):
    assert main(["ledger", command, "--ledger", "ledger.db"]) == 2
    assert capsys.readouterr().err.startswith('option --ledger: ledger.url: got "ledger.db"')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "--json", "--csv"], "option --csv: given together with --json; expected one of them\n"),
        (["show", "--since", "long ago"], "option --since: 'long ago' is not a moment; expected 90s, 30m,"),
        (["show", "--limit", "0"], 'trioproxy: Invalid value "0" for --limit.'),
        (["tail", "--limit", "0"], 'trioproxy: Invalid value "0" for --limit.'),
        (["summary", "--by", "colour"], 'trioproxy: Invalid value "colour" for --by.'),
        (["export", "--table", "prices"], 'trioproxy: Invalid value "prices" for --table.'),
    ],
)
def test_wrong_options(arguments: list[str], said: str, capsys: Output):
    assert main(["ledger", *arguments]) == 2
    assert capsys.readouterr().err.startswith(said)
