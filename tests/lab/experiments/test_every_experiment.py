"""A slice of each experiment: its result goes the way that its page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trioproxy.lab.compare.experiment import Claim, Result, find, markdown, names

PAGES = Path(__file__).parents[3] / "docs/experiments"
# One seed decides each claim as all of them do; of clients it takes some.
SLICES = {"what_drain_costs_and_saves": 20}
# Those that are quick are measured whole: their pages are what they measure, to the last figure.
WHOLE = {"how_long_to_linger_for_a_resend", "whether_half_close_counts_as_leaving"}


def on_page(name: str) -> list[Claim]:
    text = (PAGES / f"{name}.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| (holds|\*\*does not hold\*\*) \|$", text, re.MULTILINE)
    return [Claim(words, verdict == "holds") for words, verdict in rows]


def measured(name: str) -> Result:
    experiment = find(name)
    return experiment.measure(experiment.SEEDS if name in WHOLE else SLICES.get(name, 1))


@pytest.mark.parametrize("name", names())
def test_its_claims_are_decided_as_on_its_page(name: str) -> None:
    result = measured(name)

    assert list(result.claims) == on_page(name)
    if name in WHOLE:
        text = (PAGES / f"{name}.md").read_text("utf-8")
        assert all("\n".join(markdown(shown.table)) in text for _, shown in result.tables)
