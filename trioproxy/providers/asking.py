"""What a generation request's body asks for: decoded on a copy, and of that only what is wanted.

Most of a request is tools and history that nobody here reads: they are skipped
without being built. Messages are looked at from the last one back, and only if
a preview is wanted. Where somebody has read the body apart, its parts are taken.
"""

from __future__ import annotations

import msgspec

from trioproxy.providers.fields import elements, members, parse
from trioproxy.wire.canonical import Json, canonical
from trioproxy.wire.decoding import decoded

MAX_DECODED_BYTES = 1 << 25  # 32 MiB, of a compressed body
# A larger body is not read, and so neither shared nor edited: it would stop everybody else's streams meanwhile.
READ_BYTES = 4 * 1024 * 1024
# An object with more members is no request of an API: it is not edited.
MAX_MEMBERS = 1_000
STANDARD = "standard"
_MAX_EFFORT_CHARS = 16


class _Message(msgspec.Struct):
    role: object = None
    content: object = None


_parse_message = msgspec.json.Decoder(_Message).decode


def plain(body: bytes, content_encoding: str) -> bytes | None:
    """The body without its content coding (Codex sends zstd), or None if that cannot be undone within 32 MiB."""
    if content_encoding.strip().lower() in ("", "identity"):
        return body
    return decoded(body, content_encoding, MAX_DECODED_BYTES)


def wanted(
    shape: type[msgspec.Struct], body: bytes | None, found: Json | None, *, but: frozenset[str] = frozenset()
) -> bytes | None:
    """The members that `shape` has, and `but` has not, of a body that was read; all of it where it was not."""
    if found is None or not isinstance(found.value, dict):
        return body
    there = found.value
    try:
        return canonical({name: there[name] for name in shape.__struct_fields__ if name in there and name not in but})
    except RecursionError:  # it could just be read
        return body


def effort_named(*names: object) -> str | None:
    """The first of `names` that can be a level of effort, in lower case."""
    for name in names:
        if isinstance(name, str) and 0 < len(name) <= _MAX_EFFORT_CHARS:
            return name.lower()
    return None


def last_user_text(messages: list[msgspec.Raw] | None, chars: int) -> str | None:
    """The first `chars` characters of the last user message that has text.

    Of a message in several parts the last text counts: clients put what they add of their own first.
    """
    for raw in reversed(messages or []):
        message = parse(_parse_message, bytes(raw))
        if message is not None and message.role == "user":
            preview = text_of(message.content, chars)
            if preview is not None:
                return preview
    return None


def text_of(content: object, chars: int) -> str | None:
    """The first `chars` characters of a message's content: a string, or the last part with a `text`."""
    if isinstance(content, str):
        return content[:chars] or None
    for part in reversed(elements(content)):
        words = members(part).get("text")
        if isinstance(words, str) and words:
            return words[:chars]
    return None
