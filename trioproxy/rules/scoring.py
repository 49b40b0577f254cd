"""How hard a prompt is taken to be, 0 to 10, by what stands in it: rules that can be read, no model.

    thinking enabled, or no words of the user's                  10
    words that ask for work                                      +3
    code fences 3, file names 3, constructs 2, paths 2           together +5 at most
    over 200 characters +1, over 500 +2
    messages with calls of tools or results, of the last four    +1 each

Only `thinking.type == "enabled"` is enabled: `adaptive`, which Claude Code sends with every
turn, leaves it to the model and says nothing about the prompt; nor does `effort`, which
clients set by default. Of a long text the first and the last 1,000 characters are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trioproxy.rules.prompts import messages, tool_turns, user_text
from trioproxy.rules.signs import code_construct, code_fence, file_name, path, work_asked

HARDEST = 10
_EDGE_CHARS = 1_000
_CODE_AT_MOST = 5
_CODE: tuple[tuple[int, str, Callable[[str], str | None]], ...] = (
    (3, "a code fence", code_fence),
    (3, "a file name", file_name),
    (2, "a code construct", code_construct),
    (2, "a path", path),
)
_LENGTHS = ((500, 2), (200, 1))
_SHOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Score:
    """`points` from 0 to 10; `reasons` is what they are made of, for people ("+3 asks for work (fix)")."""

    points: int
    reasons: tuple[str, ...]


def score(value: object) -> Score:
    """Score a generation request's decoded body; what cannot be read as one has 10, so that nothing is done to it.

    Example: `{"messages": [{"role": "user", "content": "Fix main.py"}]}` has 6 points, 3 for "fix", 3 for "main.py".
    """
    if _thinks(value):
        return Score(HARDEST, ("10: thinking is enabled",))
    conversation = messages(value)
    text = user_text(conversation)
    if text is None:
        return Score(HARDEST, ("10: no text of the user's, only tool results or nothing that can be read",))
    parts = [*_by_words(_edges(text)), *_by_length(len(text)), *_by_tools(tool_turns(conversation))]
    points = min(sum(each for each, _ in parts), HARDEST)
    return Score(points, tuple(f"+{each} {why}" for each, why in parts) or ("0: a short, plain text",))


def _thinks(value: object) -> bool:
    thinking = value.get("thinking") if isinstance(value, dict) else None
    return isinstance(thinking, dict) and thinking.get("type") == "enabled"


def _edges(text: str) -> str:
    return text if len(text) <= 2 * _EDGE_CHARS else f"{text[:_EDGE_CHARS]}\n{text[-_EDGE_CHARS:]}"


def _by_words(text: str) -> list[tuple[int, str]]:
    asked = work_asked(text)
    parts = [(3, f"asks for work ({asked})")] if asked else []
    left = _CODE_AT_MOST
    for worth, what, find in _CODE:
        found = find(text) if left else None
        if found is not None:
            points = min(worth, left)
            left -= points
            limit = f", {_CODE_AT_MOST} at most for code" if points < worth else ""
            parts.append((points, f"{what} ({_shown(found)}){limit}"))
    return parts


def _by_length(chars: int) -> list[tuple[int, str]]:
    over = next(((limit, points) for limit, points in _LENGTHS if chars > limit), None)
    return [(over[1], f"over {over[0]} characters ({chars})")] if over else []


def _by_tools(turns: int) -> list[tuple[int, str]]:
    return [(turns, f"{turns} of the last four messages with tools")] if turns else []


def _shown(found: str) -> str:
    line = " ".join(found.split())
    return line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 1] + "…"
