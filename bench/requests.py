"""Requests as Claude Code sends them, of a given size: a captured one, made whole, with turns of work added to it.

The capture has the headers, the tools and the members of a real request; its texts were taken out. In their place, and
in the turns, stand this project's own pages and sources, so that quotes, line ends and braces are as frequent as there.
Twelve zeros in a header are the place for a number that makes each request another one: it is not known, so it counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
CAPTURE = PROJECT / "tests" / "data" / "captures" / "claude_code.json"
SIZES = {"50k": 50_000, "1m": 1_000_000}
TURN_CHARS = 3000
LAST_WORDS = "Thank you. What is the difference?"

Headers = list[tuple[str, str]]
_PLACEHOLDER = re.compile(r"<(str|dict) (\d+) (?:chars|bytes).*>")


def compact(value: object) -> bytes:
    """As JavaScript writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def spaced(value: object) -> bytes:
    """As Python writes it unless told otherwise."""
    return json.dumps(value).encode()


def claude_code(size_bytes: int, *, plain: bool = False, write: Callable[[object], bytes] = compact) -> bytes:
    """The body of a request of some `size_bytes`.

    `plain`: as other clients ask, without thinking and cache marks, so that routing and prompt caching edit it.
    """
    text = _texts()
    body = _filled(json.loads(CAPTURE.read_text())["body"], text)
    if plain:
        body = _without(body, {"cache_control", "thinking", "context_management"})
        body["messages"] = [turn for turn in body["messages"] if turn["role"] == "user"]
        body["max_tokens"] = 16_000
    last = {"role": "user", "content": [{"type": "text", "text": LAST_WORDS}]}
    turns: list[object] = []
    missing = size_bytes - len(write({**body, "messages": [*body["messages"], last]}))
    for number in range(size_bytes):
        if missing <= 0:
            break
        turns += _work(number, text, min(TURN_CHARS, max(missing - 500, 1)))
        missing -= sum(len(write(turn)) for turn in turns[-3:])
    body["messages"] += [*turns, last]
    return write(body)


def headers() -> Headers:
    """Without what frames the message."""
    framing = {"host", "content-length", "connection"}
    found = json.loads(CAPTURE.read_text())["headers"]
    return [(name, re.sub("[<>]", "", value)) for name, value in found if name.lower() not in framing]


def whole(body: bytes) -> bytes:
    """The bytes of the request, for the load generator; the upstream answers it with some JSON."""
    more = {"host": "127.0.0.1", "x-bench": "json", "x-user": "000000000000", "content-length": str(len(body))}
    fields = [*headers(), *more.items()]
    lines = ["POST /v1/messages?beta=true HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode() + body


def _texts() -> Callable[[int], str]:
    """Gives the next so many characters of the project's pages and sources."""
    files = sorted([*PROJECT.glob("docs/**/*.md"), *PROJECT.glob("trioproxy/**/*.py")])
    stream: Iterator[str] = cycle("".join(file.read_text() for file in files))
    return lambda chars: "".join(next(stream) for _ in range(chars))


def _filled(value: Any, text: Callable[[int], str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(member, text) for name, member in value.items()}
    if isinstance(value, list):
        return [_filled(element, text) for element in value]
    found = _PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    filling = text(int(found[2]))
    return filling if found[1] == "str" else {"type": "object", "description": filling}


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(member, names) for name, member in value.items() if name not in names}
    return [_without(element, names) for element in value] if isinstance(value, list) else value


def _work(number: int, text: Callable[[int], str], chars: int) -> list[object]:
    """The model reads a file and says something about it."""
    name = f"toolu_01{number:06d}bench"
    use = {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": "sed -n 1,80p file.py", "timeout": 1.5}}
    result = {"type": "tool_result", "tool_use_id": name, "content": text(chars), "is_error": False}
    said = {"type": "text", "text": text(chars // 20)}
    return [
        {"role": "assistant", "content": [{"type": "text", "text": "I look at it."}, use]},
        {"role": "user", "content": [result]},
        {"role": "assistant", "content": [said]},
    ]
