"""Rows as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest

from trioproxy.cli.records import Form, form, json_line, write
from trioproxy.errors import ConfigurationError

ROWS = [{"id": 'a"b', "tools": '["Read"]', "cost_usd": 0.1}, {"id": "c,\nd", "tools": None, "cost_usd": None}]


def written(output: pytest.CaptureFixture[str], as_form: Form) -> str:
    write(ROWS, ["id", "tools", "cost_usd"], as_form)
    return output.readouterr().out


def test_csv_can_be_read_back(capsys: pytest.CaptureFixture[str]):
    header, first, second = csv.reader(io.StringIO(written(capsys, "csv")))
    assert header == ["id", "tools", "cost_usd"]
    assert first == ['a"b', '["Read"]', "0.1"]
    assert second == ["c,\nd", "", ""]


def test_csv_without_rows_has_a_header(capsys: pytest.CaptureFixture[str]):
    write([], ["id", "tools"], "csv")
    assert capsys.readouterr().out == "id,tools\n"


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]):
    first, second = written(capsys, "json").splitlines()
    assert json.loads(first) == {"id": 'a"b', "tools": ["Read"], "cost_usd": 0.1}
    assert json.loads(second) == ROWS[1]


def test_json_is_plain_ascii():
    assert json_line({"preview": "\x1b[2Jü"}) == '{"preview": "\\u001b[2J\\u00fc"}'


def test_one_form_at_most():
    assert form(json=False, csv=False) is None
    assert (form(json=True, csv=False), form(json=False, csv=True)) == ("json", "csv")
    with pytest.raises(ConfigurationError, match="--csv: given together with --json"):
        form(json=True, csv=True)
