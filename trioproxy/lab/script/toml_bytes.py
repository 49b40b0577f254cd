"""Bytes as a story tells them: text, or base64; said again and again; compressed."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

from trioproxy.lab.script.toml_table import Table, shown

# What one table may come to: a story is read into memory.
MOST_BYTES = 256 * 1024 * 1024


def content(table: Table, key: str) -> bytes:
    """The bytes that `key` (text) or `<key>_base64` tells.

    `repeat = n` says them n times, `bytes = n` up to n bytes in all, `gzip = true` compresses what came of that.
    """
    data = (table.text(key) or "").encode() if key in table else _base64(table, f"{key}_base64")
    times, size = table.count("repeat"), table.count("bytes", most=MOST_BYTES)
    if times is not None and size is not None:
        table.wrong("repeat", "got repeat beside bytes; expected one of them")
    elif times is not None and len(data) * times > MOST_BYTES:
        table.wrong("repeat", f"got {times} times {len(data)} bytes; expected {MOST_BYTES} in all, at the most")
    elif times is not None:
        data *= times
    elif size is not None:
        data = filled(data, size)
    return compressed([data])[0] if table.flag("gzip") else data


def filled(data: bytes, size: int) -> bytes:
    """`data` again and again, `size` bytes of it."""
    data = data or b" "
    return (data * (size // len(data) + 1))[:size]


def compressed(parts: list[bytes]) -> list[bytes]:
    """One gzip stream, in as many parts as can be read one after the other."""
    packer = zlib.compressobj(wbits=31)
    packed = [packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts[:-1]]
    return [*packed, packer.compress(parts[-1]) + packer.flush()]


def body(table: Table) -> bytes:
    """A request's body: text, base64, or a table that becomes JSON; `body_bytes` makes it as long as that.

    A table is filled up with spaces, which JSON has no objection to, anything else with itself.
    """
    size = table.count("body_bytes", most=MOST_BYTES)
    if "body_base64" in table:
        if "body" in table:
            table.wrong("body_base64", "got body beside body_base64; expected one of them")
        data = _base64(table, "body_base64")
        table.value("body")
    else:
        data = _plain(table, table.value("body"))
    if size is None:
        return data
    if isinstance(table.value("body"), dict):
        return data + b" " * (size - len(data))
    return filled(data, size)


def _plain(table: Table, value: Any) -> bytes:
    match value:
        case None:
            return b"{}"
        case str():
            return value.encode()
        case dict():
            return _json(table, value)
    table.wrong("body", f"got {shown(value)}; expected text, or a table that becomes JSON")
    return b""


def _json(table: Table, value: dict[str, Any]) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        table.wrong("body", f"JSON cannot say it: {error}")
        return b""


def _base64(table: Table, key: str) -> bytes:
    text = table.text(key) or ""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        table.wrong(key, f"got {shown(text)}; expected base64 ({error})")
        return b""
