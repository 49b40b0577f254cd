"""Asking for the usage of a chat stream whose client has not asked, and taking the answer out again (opt-in).

    body    {"stream": true, …}   ─▶ with_usage_asked ─▶ {…, "stream_options":{"include_usage":true}}
    answer  delta … usage, [DONE] ─▶ UsageStripper    ─▶ delta … [DONE]

With `include_usage` a chat stream ends with one event more, whose `choices` is empty and
whose `usage` is an object; some clients trip over it (`choices[0]`). To tell that event
from others its bytes are held until it is whole. This is the one place where bytes wait,
and no event waits for another one: a client can act on an event only when its blank line has
come, and with it all that is held goes out. An event that cannot be the one is not held.
Source: OpenAI API reference, "Chat Completions", `stream_options`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from trioproxy.model import Head
from trioproxy.providers.asking import MAX_MEMBERS
from trioproxy.providers.fields import members, parse
from trioproxy.wire.editing import EditError, added, replaced
from trioproxy.wire.headers import content_coding, media_type
from trioproxy.wire.sse import SseReader

MAX_HELD_BYTES = 1 << 16  # of an event without its blank line; a longer one is not the usage

_OPTIONS, _ASK = "stream_options", "include_usage"


def with_usage_asked(body: bytes, value: object) -> bytes | None:
    """`body` with `stream_options.include_usage` set, everything else byte for byte; None if it is to stay as it is.

    It stays if it is no stream, asks already, or is not what the API takes (over 1,000 members). A client that says
    `false` or `null` has not asked; it, too, is spared the extra event (`UsageStripper`).

    Args:
        body: of a request to `/v1/chat/completions` or `/v1/completions`, without a content coding.
        value: the same, decoded (`wire.canonical.parse`).
    """
    request = members(value)
    if request.get("stream") is not True or len(request) > MAX_MEMBERS:
        return None
    options = request.get(_OPTIONS)
    try:
        if _OPTIONS not in request:
            return added(body, _OPTIONS, b'{"include_usage":true}')
        if options is None:
            return replaced(body, (_OPTIONS,), b'{"include_usage":true}')
        if not isinstance(options, dict):
            return None
        if _ASK not in options:
            return added(body, _ASK, b"true", within=(_OPTIONS,))
        asked = options[_ASK]
        return replaced(body, (_OPTIONS, _ASK), b"true") if asked is None or asked is False else None
    except EditError:
        return None


def usage_stripper(head: Head) -> UsageStripper | None:
    """What takes the event out of an answer with this head: of a 2xx event stream that is not encoded, and whose
    length nobody has promised."""
    fits = 200 <= head.status < 300 and media_type(head.headers) == "text/event-stream"
    promised = head.header(b"content-length") is not None
    return UsageStripper() if fits and not content_coding(head.headers) and not promised else None


class _Chunk(msgspec.Struct):
    choices: object = None
    usage: object = None
    error: object = None


_parse_chunk = msgspec.json.Decoder(_Chunk).decode

_BOM = b"\xef\xbb\xbf"
# What is given out at once at the start of an event: blank lines, and comments (keep-alives).
_COMMENT = re.compile(rb"[^\r\n]*+")
_LEAD = re.compile(rb"(?>(?:[\r\n]++|:[^\r\n]*+)*)")
# Two line ends in a row. Possessive, or a CRLF would pass for two.
_EVENT_END = re.compile(rb"(?:\r\n?+|\n)(?:\r\n?+|\n)")
# The same in any mixture, up to the LF of a last CRLF, which goes out like any blank line.
_BLANK_LINES = (b"\n\n", b"\n\r", b"\r\r")
# In a string there is no quote without a backslash, so these words are names of members.
_FILLED_CHOICES = re.compile(rb'"choices"[ \t]*+:[ \t]*+\[[ \t]*+[^\] \t\r\n]')
_SUSPECT = re.compile(rb'"choices"(?![ \t]*+:[ \t]*+\[[ \t]*+[^\] \t\r\n])')
_NO_OBJECT = re.compile(rb"data:[ \t]*+[^{\[ \t\r\n]")
_DONE = re.compile(rb"data:[ \t]*+\[DONE\]")
_LONGEST_CUT_BYTES = 64  # how far back a cut `_FILLED_CHOICES` is looked for


class UsageStripper:
    """Takes the usage events out of a chat stream; everything else comes out byte for byte, in order.

    An event counts as one whose data is a JSON object with an empty array `choices`, an object
    `usage` and no `error`, and that is at most 64 KiB long. What may be held is the start of an
    event that may still be one. For 2xx event streams without a content coding; the head of
    such an answer can keep no content-length. Never raises, whatever the bytes.
    """

    def __init__(self) -> None:
        self._held = b""
        self._searched = 0  # of what is held: up to where it has no event's end in it
        self._line_end = b""  # with which the given part of an event ended
        self._in_comment = False
        self._drop_lf = False  # of a CRLF whose CR has gone with the event that it ended
        self._given: list[bytes] = []
        self._step: Callable[[bytes, int], int] = self._stream_starts

    @property
    def held_bytes(self) -> int:
        """How many bytes wait for the rest of their event: never more than 64 KiB and a line end."""
        return len(self._held)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return those that can go out."""
        text, self._held = self._held + data, b""
        at, end = 0, len(text)
        while at < end:
            at = self._step(text, at)
        given = self._given[0] if len(self._given) == 1 else b"".join(self._given)
        self._given.clear()
        return given

    def end(self) -> bytes:
        """The stream has ended, in whatever way: what is still held. An event cut off never was the usage."""
        held, self._held = self._held, b""
        return held

    # Each step reads from `at` and returns where it stopped, having set the step that goes on from there.

    def _stream_starts(self, text: bytes, at: int) -> int:
        if len(text) < len(_BOM) and _BOM.startswith(text):
            return self._hold(text, at)
        self._step = self._event_starts
        return self._give(text, at, len(_BOM)) if text.startswith(_BOM) else at

    def _event_starts(self, text: bytes, at: int) -> int:
        if self._drop_lf:
            self._drop_lf = False
            if text[at] == 0x0A:
                return at + 1
        if self._in_comment:
            at = self._give(text, at, _end(_COMMENT, text, at))
        start = self._give(text, at, _end(_LEAD, text, at))
        if start == len(text):
            self._in_comment = text[-1] not in b"\r\n"
            return start
        self._in_comment = False
        self._searched = 0
        self._step = self._event_goes_on
        return start

    def _event_goes_on(self, text: bytes, at: int) -> int:
        if _DONE.match(text, at):
            self._step = self._all_the_rest
            return at
        if not self._searched and (harmless := _harmless_to(text, at)) > at:
            self._step = self._event_starts
            return self._give(text, at, harmless)
        found = _EVENT_END.search(text, at + self._searched)
        if found is None:
            return self._event_is_cut(text, at)
        self._step = self._event_starts
        if _is_usage(text[at : found.start()]):
            self._drop_lf = text[found.end() - 1] == 0x0D
            return found.end()
        return self._give(text, at, found.end())

    def _event_is_cut(self, text: bytes, at: int) -> int:
        part = text[at:]
        lines = part.rstrip(b"\r\n")
        looked_at = max(0, self._searched - _LONGEST_CUT_BYTES)
        self._searched = len(lines)
        sure = len(lines) > MAX_HELD_BYTES or _NO_OBJECT.match(part) or _FILLED_CHOICES.search(part, looked_at)
        if not sure:
            return self._hold(text, at)
        self._line_end = part[len(lines) :]
        self._step = self._given_event_goes_on
        return self._give(text, at, len(text))

    def _given_event_goes_on(self, text: bytes, at: int) -> int:
        known = self._line_end + text[at:]
        found = _EVENT_END.search(known)
        if found is None:
            self._line_end = known[len(known.rstrip(b"\r\n")) :]
            return self._give(text, at, len(text))
        self._step = self._event_starts
        return self._give(text, at, at + found.end() - len(self._line_end))

    def _all_the_rest(self, text: bytes, at: int) -> int:
        return self._give(text, at, len(text))

    def _hold(self, text: bytes, at: int) -> int:
        self._held = text[at:]
        return len(text)

    def _give(self, text: bytes, start: int, end: int) -> int:
        if start < end:
            self._given.append(text[start:end])
        return end


def _harmless_to(text: bytes, at: int) -> int:
    """Up to where whole events follow each other of which none can be the usage or the last word; at least `at`."""
    last_word = text.find(b"[DONE]", at)
    end = len(text) if last_word < 0 else last_word
    suspect = _SUSPECT.search(text, at, end)
    if suspect is not None:
        end = suspect.start()
    blank_line = max(text.rfind(ends, at, end) for ends in _BLANK_LINES)
    return at if blank_line < 0 else blank_line + 2


def _is_usage(event: bytes) -> bool:
    """Whether an event, without its blank line, is the one that `include_usage` brings."""
    if len(event) > MAX_HELD_BYTES or not _SUSPECT.search(event) or _FILLED_CHOICES.search(event):
        return False
    # The line end before it keeps a byte order mark, which counts at the start of a stream alone, from being one.
    data = b"".join(data for _, data in SseReader().feed(b"\n" + event + b"\n\n"))
    chunk = parse(_parse_chunk, data) or _Chunk()
    return chunk.choices == [] and isinstance(chunk.usage, dict) and chunk.error is None


def _end(pattern: re.Pattern[bytes], text: bytes, at: int) -> int:
    """Where a pattern that matches anywhere, if only nothing, stops matching."""
    found = pattern.match(text, at)
    assert found is not None
    return found.end()
