"""The estimates against what providers have reported: the figures in `docs/accounting.md` are these."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support.accounting import ANSWERS, REQUESTS, answer_lines, errors, input_of, large, output_of, request_lines

from trioproxy.providers import estimating
from trioproxy.providers.base import Kind

PAGE = (Path(__file__).parent.parent.parent / "docs/accounting.md").read_text()
VISIBLE = [row for row in ANSWERS if row["kind"] in ("text", "tools", "thinking shown") and large(row)]


def test_the_page_has_the_measured_errors() -> None:
    assert [line for line in (*answer_lines(), *request_lines()) if line not in PAGE.splitlines()] == []


def test_the_page_has_the_constants() -> None:
    table = re.findall(r"^\| `(\w+)` \|[^|]*\| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    kinds = (Kind.MESSAGES, Kind.CHAT, Kind.RESPONSES)

    assert {name for name, *_ in table} == set(estimating.Rates.__slots__) - {"piece_is_token"}
    for name, *values in table:
        assert [float(value) for value in values] == [getattr(estimating.RATES[kind], name) for kind in kinds], name


def test_there_are_enough_recordings_and_each_has_its_source() -> None:
    counts = Counter(row["api"] for row in ANSWERS)
    assert all(f"{count} {api}" in PAGE for api, count in counts.items())
    assert min(counts.values()) >= 30
    repositories = {"/".join(row["source"].split("/")[:2]) for row in (*ANSWERS, *REQUESTS)}
    assert [name for name in repositories if name not in PAGE] == []


@pytest.mark.parametrize("api", ["messages", "chat", "responses"])
def test_most_estimates_of_what_can_be_seen_are_within_a_quarter(api: str) -> None:
    rows = [row for row in VISIBLE if row["api"] == api]
    assert errors(rows, output_of, "output_tokens").median <= 0.25


@pytest.mark.parametrize("api", ["messages", "chat", "responses"])
def test_requests_are_estimated_within_a_third(api: str) -> None:
    rows = [row for row in REQUESTS if row["api"] == api]
    assert errors(rows, input_of, "input_tokens").median <= 0.33


@pytest.mark.parametrize("factor", [0.7, 1.4])
@pytest.mark.parametrize(
    ("api", "constant"),
    [
        *(("messages", name) for name in ("text", "thinking", "tool_arguments", "sealed", "tokens_a_call")),
        *(("chat", name) for name in ("text", "tool_arguments")),
    ],
)
def test_no_constant_is_far_from_the_best(
    api: str, constant: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mean_error() -> float:
        rows = [row for row in VISIBLE if row["api"] == api]
        return sum(abs(output_of(row) / int(row["output_tokens"]) - 1) for row in rows) / len(rows)

    kind = Kind(api)
    ours, rates = mean_error(), estimating.RATES[kind]
    monkeypatch.setitem(estimating.RATES, kind, replace(rates, **{constant: getattr(rates, constant) * factor}))

    assert ours < mean_error() + 0.01
