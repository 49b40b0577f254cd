"""An answer as data: a head and the parts of its body, which become a script."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from trioproxy.lab.script import Action, Chunk, End, Ending, Framing, Head, Script
from trioproxy.model import RawHeaders, Usage

JSON = (b"content-type", b"application/json")
EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")

# When the scripted models were made and asked, in seconds since the epoch: answers are the same every time.
CREATED_AT = 1_767_225_600


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answers. Of a stream each part is one event; otherwise the one part is the body."""

    parts: tuple[bytes, ...]
    status: int = 200
    headers: RawHeaders = (JSON,)

    @property
    def body(self) -> bytes:
        """All of its parts."""
        return b"".join(self.parts)

    @property
    def streamed(self) -> bool:
        """It is an event stream."""
        return EVENT_STREAM in self.headers

    def up_to(self, count: int, *more: bytes) -> Answer:
        """The first `count` parts (from the end if negative), then `more`: an error event, or nothing at all."""
        return replace(self, parts=(*self.parts[:count], *more))

    def in_reads(self, *counts: int) -> Answer:
        """The same answer with so many of its parts joined into its first part, so many into the next, …"""
        starts = [sum(counts[:number]) for number in range(len(counts))]
        if sum(counts) != len(self.parts):
            raise ValueError(f"{len(self.parts)} parts cannot be cut into {counts}")
        joined = (b"".join(self.parts[at : at + count]) for at, count in zip(starts, counts, strict=True))
        return replace(self, parts=tuple(joined))

    def script(
        self,
        *,
        head_after_s: float = 0.0,
        every_s: float = 0.0,
        then: Ending | None = None,
        framing: Framing | None = None,
        write_bytes: int | None = None,
    ) -> Script:
        """The answer as a story: the head, each part `every_s` after the one before it, and `then` (a proper end).

        `framing` is chunked for streams and by length for the rest, if not said otherwise.
        """
        if framing is None:
            framing = Framing.CHUNKED if self.streamed else Framing.LENGTH
        story: list[Action | float] = [head_after_s, Head(self.status, self.headers, framing)]
        for part in self.parts:
            story += [every_s, Chunk(part)]
        return Script.of(*story, then or End(), write_bytes=write_bytes)


def encode(value: object) -> bytes:
    """Compact JSON; text stays UTF-8, as the APIs send it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(value: object, *, status: int = 200, headers: RawHeaders = ()) -> Answer:
    """An answer whose body is `value` as JSON."""
    return Answer((encode(value),), status, (JSON, *headers))


def event(data: dict[str, Any], *, named: bool) -> bytes:
    """One server-sent event; `named` ones repeat the data's type in an `event` field."""
    name = b"event: " + str(data["type"]).encode() + b"\n" if named else b""
    return name + b"data: " + encode(data) + b"\n\n"


def words(text: str) -> list[str]:
    """The text in pieces that join to the whole: each word with the space after it."""
    return re.findall(r"\s*\S+\s*", text)


def usage_of(text: str, input_tokens: int = 12) -> Usage:
    """What the scripted models charge: a token a word."""
    return Usage(
        input_tokens=input_tokens,
        output_tokens=len(words(text)),
        cache_read_tokens=0,
        cache_write_5m_tokens=0,
        cache_write_1h_tokens=0,
        reasoning_tokens=0,
    )


def cache_written(usage: Usage) -> int:
    """Tokens written to the cache, whatever their lifetime."""
    return (usage.cache_write_5m_tokens or 0) + (usage.cache_write_1h_tokens or 0)
