"""What the demo prints: words wrap at the edge, nothing is cut, commands are whole lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from trioproxy.lab.guest import AnswerEnding
from trioproxy.lab.screen import Row, Screen


def screen(width: int = 80) -> tuple[Screen, io.StringIO]:
    paper = io.StringIO()
    return Screen(Console(file=paper, width=width, highlight=False)), paper


def test_words_wrap_with_an_indent() -> None:
    shown, paper = screen(width=12)
    for word in ("one ", "two ", "three ", "[four] ", "five"):
        shown.type(word)
    shown.whole(5, 3.0, AnswerEnding.CLEAN)

    lines = paper.getvalue().splitlines()
    assert [line.rstrip() for line in lines[:4]] == ["   one two", "   three", "   [four]", "   five"]
    assert lines[4].startswith("✓")


def test_a_clean_end_of_a_broken_stream_is_called_a_lie() -> None:
    shown, paper = screen()
    shown.broken(AnswerEnding.CLEAN, 3)

    assert "clean, a lie" in paper.getvalue()
    assert paper.getvalue().startswith("✗")


@pytest.mark.parametrize("width", [80, 120])
def test_the_longest_row_fits(width: int) -> None:
    row: Row = {
        "model": None,
        "model_requested": "claude-haiku-4-5",
        "call_outcome": "completed",
        "outcome": "upstream_failed",
        "served_by": "call",
        "usage_source": "mixed",
        "stop_reason": "incomplete",
        "input_tokens": 99,
        "output_tokens": 999,
        "cost_usd": 0.00027,
        "call_duration_ms": 3456.0,
    }
    shown, paper = screen(width)
    shown.ledger(Path("/tmp/ledger.db"), [row])

    words = paper.getvalue().splitlines()[-1].split()
    assert words == [
        "1", "claude-haiku-4-5", "completed", "upstream_failed", "incomplete", "99/~999", "~$0.00027", "3.46", "s"
    ]  # fmt: skip


def test_commands_are_not_wrapped() -> None:
    shown, paper = screen(width=40)
    shown.commands("http://127.0.0.1:1", Path("/tmp/ledger.db"))

    assert "\nANTHROPIC_BASE_URL=http://127.0.0.1:1 ANTHROPIC_API_KEY=demo claude -p Hello\n" in paper.getvalue()


@pytest.mark.parametrize(("outcome", "shown_as"), [("delivered", "joined"), ("client_left", "client_left")])
def test_who_was_served_by_anothers_call_shows(outcome: str, shown_as: str) -> None:
    row: Row = dict.fromkeys(
        (
            *("model", "model_requested", "call_outcome", "stop_reason", "input_tokens", "output_tokens"),
            *("cost_usd", "call_duration_ms", "usage_source"),
        )
    ) | {"outcome": outcome, "served_by": "joined"}
    shown, paper = screen(80)
    shown.ledger(Path("/tmp/ledger.db"), [row])
    assert shown_as in paper.getvalue().splitlines()[-1].split()


def test_coming_back_is_paid_once_or_it_is_a_failure() -> None:
    shown, paper = screen(80)
    shown.left_and_back(14)
    shown.came_back(50, 1, AnswerEnding.CLEAN)
    shown.came_back(50, 2, AnswerEnding.CLEAN)
    assert [line[0] for line in paper.getvalue().splitlines()] == ["…", "✓", "✗"]
