"""Requests that real clients sent (`tests/data/captures`), made whole again.

The captures keep the case and order of headers and the shape of bodies; texts were replaced by
their length and a hash, ids and keys by placeholders. `captured` fills texts of that length in,
so that a body has the size that its own `content-length` says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trioproxy.model import RawHeaders

CAPTURES = Path(__file__).parent.parent / "data" / "captures"
KEY = "sk-captured-0123456789"
# What a WebSocket handshake wants in place of a key: 16 bytes in base64.
NONCE = "dGhlIHNhbXBsZSBub25jZQ=="
# Umlauts, escapes and more than two bytes a character: what careless re-encoding would change.
FILLER = 'Grüße, "quoted" \\ and\nbroken → 🙂 text. '

_TEXT = re.compile(r"<str (\d+) (?:chars|bytes).*>")
_VALUE = re.compile(r"<(list|dict) (\d+) bytes>")
_HEADER_JSON = re.compile(r"<json (\d+) bytes, keys: (.*)>")
_ID = re.compile(r"<id-(\d+)>")


@dataclass(frozen=True, slots=True)
class Captured:
    """One request. `headers` are as sent, `host` included; `target` has the query."""

    method: str
    target: str
    headers: RawHeaders
    body: bytes

    def to(self, prefix: str) -> Captured:
        """The same for a client whose base URL has a path."""
        return replace(self, target=prefix + self.target)

    def header(self, name: bytes) -> bytes | None:
        """The first value of the header `name` (lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def wire(self) -> bytes:
        """The bytes that the client sent."""
        lines = [f"{self.method} {self.target} HTTP/1.1".encode(), *(b"%b: %b" % pair for pair in self.headers)]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


def captured(name: str) -> Captured:
    """The capture in the file `<name>.json`."""
    found = json.loads((CAPTURES / f"{name}.json").read_text())
    headers = tuple((key.encode(), _header(key, value).encode()) for key, value in found["headers"])
    length = next((int(value) for key, value in headers if key.lower() == b"content-length"), 0)
    query = f"?{found['query']}" if found["query"] else ""
    body = b"" if found["body"] is None else _sized(_filled(found["body"]), length)
    return Captured(found["method"], found["path"] + query, headers, body)


def _header(name: str, value: str) -> str:
    if name.lower() == "sec-websocket-key":
        return NONCE
    if found := _HEADER_JSON.fullmatch(value):
        empty = dict.fromkeys(found[2].split(","), "")
        missing_bytes = int(found[1]) - len(_encode(empty))
        return _encode({**empty, next(iter(empty)): "i" * missing_bytes}).decode()
    return _ids(value.replace("<redacted>", KEY))


def _ids(value: str) -> str:
    return _ID.sub(lambda found: f"01a206ef-0000-7000-8000-{int(found[1]):012d}", value)


def _filled(value: Any) -> Any:
    """`value` with texts in the places of placeholders."""
    match value:
        case dict():
            return {key: _filled(each) for key, each in value.items()}
        case list():
            return [_filled(each) for each in value]
        case str() if found := _TEXT.fullmatch(value):
            return _text(int(found[1]))
        case str() if found := _VALUE.fullmatch(value):
            inner = {"type": "text", "text": _text(max(int(found[2]) - 30, 1) * 4 // 5)}
            return [inner] if found[1] == "list" else inner
        case str():
            return _ids(value)
    return value


def _text(chars: int) -> str:
    return (FILLER * (chars // len(FILLER) + 1))[:chars]


def _sized(value: Any, size_bytes: int) -> bytes:
    """`value` as JSON of `size_bytes`: its longest text gives or takes."""
    body = _encode(value)
    missing_bytes = size_bytes - len(body)
    if not missing_bytes:
        return body
    longest = max(re.findall(rb'"((?:[^"\\]|\\.)*)"', body), key=len)
    if missing_bytes > 0:
        return body.replace(longest, longest + b"x" * missing_bytes, 1)
    assert len(longest) + missing_bytes > 0, "no text can be shortened so far"
    return body.replace(longest, b"x" * (len(longest) + missing_bytes), 1)


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
