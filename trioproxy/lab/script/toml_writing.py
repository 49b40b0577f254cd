"""A story to TOML that tells it: what is read back is the same story."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from trioproxy.lab.script.actions import (
    Action,
    Chunk,
    Ending,
    Framing,
    GoAway,
    Head,
    Interim,
    Raw,
    RstStream,
    Short,
    Take,
)
from trioproxy.lab.script.actions import End as CleanEnd
from trioproxy.lab.script.client import (
    After,
    Ask,
    AtByte,
    AtEvent,
    AtPhase,
    ClientScript,
    Deed,
    Leave,
    ReadOn,
    ReadSlowly,
    Resend,
    SendMore,
    When,
)
from trioproxy.lab.script.story import Story
from trioproxy.lab.script.toml_json import as_table
from trioproxy.lab.script.toml_upstream import FAULTS
from trioproxy.lab.script.upstream import Script
from trioproxy.model import RawHeaders

_BARE = re.compile(r"[A-Za-z0-9_-]+")
# From this length on, a body that is one piece again and again is told so.
_REPEATED_BYTES = 64
_NAMES = {kind: name for name, kind in FAULTS.items()}

Pairs = dict[str, Any]


def write_story(story: Story) -> str:
    """`story` as TOML, step by step.

    Headers that HTTP cannot carry are written, and refused by whoever reads them.
    """
    blocks = [f"name = {_value(story.name)}\n"]
    blocks += [_block("upstream", _upstream(script), len(story.upstream) > 1) for script in story.upstream]
    for client, begin_s in zip(story.clients, story.begin_s, strict=True):
        blocks.append(_block("client", _client(client, begin_s), several=True))
    return "\n".join(blocks)


def _block(name: str, pairs: Pairs, several: bool) -> str:
    lines = [f"[[{name}]]" if several else f"[{name}]"]
    for key, value in pairs.items():
        if key == "steps":
            lines += ["steps = [", *(f"    {_value(step)}," for step in value), "]"]
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _upstream(script: Script) -> Pairs:
    pairs: Pairs = {}
    if script.take is not Take.WHOLE:
        pairs["take"] = script.take.value
    if script.take_bytes_per_s is not None:
        pairs["take_bytes_per_s"] = script.take_bytes_per_s
    if script.write_bytes is not None:
        pairs |= {"byte_by_byte": True} if script.write_bytes == 1 else {"write_bytes": script.write_bytes}
    pairs["steps"] = [{**_after(after_s), **_action(action)} for after_s, action in script.steps]
    return pairs


def _client(script: ClientScript, begin_s: float) -> Pairs:
    ask, usual = script.ask, Ask()
    pairs: Pairs = {}
    if begin_s:
        pairs["begin"] = begin_s
    if ask.method != usual.method:
        pairs["method"] = ask.method
    pairs |= {"path": ask.path, **_headers(ask.headers), **_body(ask.body)}
    if script.steps:
        pairs["steps"] = [{**_when(when), **_deed(deed)} for when, deed in script.steps]
    return pairs


def _after(after_s: float) -> Pairs:
    return {"after": after_s} if after_s else {}


def _action(action: Action) -> Pairs:
    match action:
        case Interim(status, headers):
            return {"interim": status, **_headers(headers)}
        case Head():
            return _head(action)
        case Chunk(data):
            return _bytes("send", data)
        case Raw(data):
            return _bytes("raw", data)
        case CleanEnd(hang_up):
            return {"end": True, **({"hang_up": True} if hang_up else {})}
    return {"fault": _NAMES[type(action)], **_options(action)}


def _head(head: Head) -> Pairs:
    pairs: Pairs = {"head": head.status, **_headers(head.headers)}
    if head.framing is not Framing.CHUNKED:
        pairs["framing"] = head.framing.value
    if head.length_bytes is not None:
        pairs["length_bytes"] = head.length_bytes
    return pairs


def _options(ending: Ending) -> Pairs:
    match ending:
        case Short(missing_bytes) if missing_bytes != 1:
            return {"missing_bytes": missing_bytes}
        case RstStream(code) | GoAway(code) if code != RstStream().code:
            return {"code": code}
    return {}


def _when(when: When) -> Pairs:
    match when:
        case After(seconds_s):
            return _after(seconds_s)
        case AtByte(count):
            return {"at_byte": count}
        case AtEvent(count):
            return {"at_event": count}
        case AtPhase(phase):
            return {"at_phase": phase.value}


def _deed(deed: Deed) -> Pairs:
    match deed:
        case Leave(how):
            return {"leave": how.value}
        case ReadSlowly(bytes_per_s):
            return {"read_bytes_per_s": bytes_per_s}
        case ReadOn():
            return {"read_on": True}
        case SendMore(data):
            return _bytes("send", data)
        case Resend(headers):
            return {"resend": True, **_headers(headers)}
    return {"stop_reading": True}


def _headers(headers: RawHeaders) -> Pairs:
    if not headers:
        return {}
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    if len(dict(pairs)) == len(pairs):
        return {"headers": dict(pairs)}
    return {"headers": [list(pair) for pair in pairs]}


def _bytes(key: str, data: bytes) -> Pairs:
    piece, times = _repeated(data)
    again = {"repeat": times} if times > 1 else {}
    try:
        return {key: piece.decode(), **again}
    except UnicodeDecodeError:
        return {f"{key}_base64": base64.b64encode(piece).decode(), **again}


def _repeated(data: bytes) -> tuple[bytes, int]:
    """The shortest piece that `data` consists of, and how often; at once if `data` is short."""
    if len(data) < _REPEATED_BYTES:
        return data, 1
    size = (data + data).find(data, 1, len(data) + min(len(data), 4096))
    return (data, 1) if size in (-1, len(data)) else (data[:size], len(data) // size)


def _body(data: bytes) -> Pairs:
    table = as_table(data)
    if table is not None:
        return {"body": table}
    try:
        return {"body": data.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(data).decode()}


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case dict():
            return (
                "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
                if value
                else "{}"
            )
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    # JSON's way to write text is TOML's, but for this one letter.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
