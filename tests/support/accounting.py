"""The recorded answers and requests of `tests/data/usage`, and how far the estimates are from what was reported.

The tables hold sizes and counts read off test recordings in public repositories by this project's
own meters, with the tokens that the provider reported; the texts themselves are not here.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from trioproxy.model import Generated
from trioproxy.providers.base import Kind
from trioproxy.providers.estimating import input_tokens, output_estimate

USAGE = Path(__file__).parent.parent / "data" / "usage"
LARGE_TOKENS = 50  # an estimate of fewer is mostly about the constants
Row = dict[str, str]


def _rows(name: str) -> list[Row]:
    with (USAGE / name).open(newline="") as file:
        return list(csv.DictReader(file))


ANSWERS, REQUESTS = _rows("answers.csv"), _rows("requests.csv")


def output_of(row: Row) -> int:
    """The estimate for a recorded answer."""
    sizes = ("text_bytes", "thinking_bytes", "tool_bytes", "sealed_bytes", "sealed_parts", "pieces")
    generated = Generated(**{name: int(row[name]) for name in sizes})
    return output_estimate(Kind(row["api"]), generated, ("tool",) * int(row["calls"]))


def input_of(row: Row) -> int:
    """The estimate for a recorded request."""
    return input_tokens(
        Kind(row["api"]), int(row["body_bytes"]), opaque=int(row["opaque_bytes"]), tools=row["tools"] == "1"
    )


@dataclass(frozen=True, slots=True)
class Errors:
    """How far estimates are off, each as a share of what was reported."""

    count: int
    median: float
    ninth_decile: float
    total: float

    def __str__(self) -> str:
        return f"{self.count} | {self.median:.0%} | {self.ninth_decile:.0%} | {self.total:+.0%}"


def errors(rows: Sequence[Row], estimate: Callable[[Row], int], reported: str) -> Errors:
    """Of single calls: the median error and the one that nine of ten stay below; and of the sum of all."""
    pairs = [(estimate(row), int(row[reported])) for row in rows]
    off = sorted(abs(guess / truth - 1) for guess, truth in pairs)
    total = sum(guess for guess, _ in pairs) / sum(truth for _, truth in pairs) - 1
    return Errors(len(pairs), median(off), off[int(len(off) * 0.9)], total)


def answer_lines() -> list[str]:
    """The table of the answers' errors, as `docs/accounting.md` has it."""
    return [
        f"| {api} | {kind} | {errors(rows, output_of, 'output_tokens')} |"
        for api in ("messages", "chat", "responses")
        for kind in ("text", "tools", "thinking shown", "thinking hidden", "server tools")
        if (rows := [row for row in ANSWERS if (row["api"], row["kind"]) == (api, kind) and large(row)])
    ]


def request_lines() -> list[str]:
    """The table of the requests' errors, as `docs/accounting.md` has it."""
    return [
        f"| {api} | {errors([row for row in REQUESTS if row['api'] == api], input_of, 'input_tokens')} |"
        for api in ("messages", "chat", "responses")
    ]


def large(row: Row) -> bool:
    """Whether the answer has enough tokens for its error to say something."""
    return int(row["output_tokens"]) >= LARGE_TOKENS


if __name__ == "__main__":
    print("\n".join([*answer_lines(), "", *request_lines()]))
