"""Server-sent events, read incrementally from bytes.

    feed(bytes) ─▶ line ends made LF ─▶ whole events at once, in C ─▶ (name, data) …
                                    └─▶ an event cut by the feed: line by line, kept

Follows the WHATWG HTML standard, 9.2.6 "Interpreting an event stream", for any
way of cutting the stream into feeds. Decodes nothing. Memory is bounded by
`max_event_bytes`, time is linear in the bytes. A meter sees hundreds of deltas
for each event it wants, so names that are not wanted are passed over unparsed,
and what content they have is counted in passing (`tallies.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from trioproxy.wire.tallies import Tallies, Tally

Event = tuple[bytes, bytes]

_BOM = b"\xef\xbb\xbf"
# From so many events on, counting them all is faster than looking at each.
_A_FEED = 4
# Of an event, on average.
_LONG_BYTES = 512
_NO_PREFIX = b"\n\n"  # no event starts with it, so nothing is passed over


class SseReader:
    """Turns the bytes of an event stream into `(event name, data)` pairs.

    The name is `b""` where the stream gives none (the standard's "message").
    `id` and `retry` are ignored. An event that is cut off by the end of the
    stream never was one, so there is nothing to call at the end.

    Args:
        wanted: names of the events to return; None returns all of them.
        max_event_bytes: of an event with a longer line, or with more data, only the name is
            returned, with no data (`b""`), and nothing of it is counted.
        tallies: what to count in the events that are passed over.
    """

    __slots__ = (
        "_boring", "_boring_name", "_boring_tally", "_data", "_data_bytes", "_dropped", "_line", "_line_bytes", "_max",
        "_name", "_start", "_swallow_lf", "_tallies", "_wanted",
    )  # fmt: skip

    def __init__(
        self, wanted: Collection[bytes] | None = None, *, max_event_bytes: int = 1 << 20, tallies: Tallies | None = None
    ) -> None:
        self._wanted = None if wanted is None else frozenset(wanted)
        self._max = max_event_bytes
        self._tallies = tallies or Tallies()
        self._start: bytes | None = b""  # what of a byte order mark has come; None once that is settled
        self._swallow_lf = False  # the last feed ended with CR, which has counted as the line's end already
        self._line: list[bytes] = []  # the pieces of a line that is not finished
        self._line_bytes = 0
        self._name = b""
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._dropped = False  # the event being read is over the limit
        self._boring = _NO_PREFIX  # how the event began that was passed over last, up to what differs in each
        self._boring_tally: Tally | None = None  # of the one string that follows
        self._boring_name: bytes | None = None  # of an event with content that is to be looked for

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes of the stream; return the events that they complete."""
        if self._start is not None:
            data = self._without_bom(data)
        if self._swallow_lf and data:
            self._swallow_lf = False
            if data[0] == 0x0A:
                data = data[1:]
        if b"\r" in data:
            self._swallow_lf = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        events: list[Event] = []
        if self._line_bytes or self._name or self._data or self._dropped:
            if data.startswith(b"\n") and not self._line_bytes:
                end = 1
            else:
                end = data.find(b"\n\n") + 2
                if end == 1:
                    end = len(data)
            self._take(data[:end], events)
            data = data[end:]
        blocks = data.split(b"\n\n")
        rest = blocks.pop()
        if len(data) > self._max and any(len(block) > self._max for block in blocks):
            self._take(data, events)
            return events
        if not self._pass_over(blocks, data, len(data) - len(rest)):
            self._read_whole(blocks, events)
        if rest:
            self._take(rest, events)
        return events

    def _without_bom(self, data: bytes) -> bytes:
        assert self._start is not None
        start = self._start + data
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._start = start
            return b""
        self._start = None
        return start.removeprefix(_BOM)

    def _pass_over(self, blocks: list[bytes], data: bytes, end: int) -> bool:
        """Pass over a whole feed of the events that were passed over last; False if it is not one.

        All begin alike if the least and the greatest of them do. Each has one line end within its beginning, and two
        after it: if there are no more of them than that, none has another line. All this is done in C, and so is
        most of a stream; a line end in a long event is found sooner than all bytes are counted.
        """
        boring, tally = self._boring, self._boring_tally
        if (
            len(blocks) < _A_FEED
            or (tally is None and self._boring_name is not None)
            or not blocks[0].startswith(boring)  # the cheapest question first
        ):
            return False
        if not min(blocks).startswith(boring) or not max(blocks).startswith(boring):
            return False
        if end > _LONG_BYTES * len(blocks):
            more_lines = max([block.find(b"\n", len(boring)) for block in blocks]) >= 0
        else:
            more_lines = data.count(b"\n", 0, end) > 3 * len(blocks)
        if more_lines:
            return False
        if tally is not None:
            tally.pieces += len(blocks)
            tally.octets += sum([block.rfind(b'"') for block in blocks]) - len(blocks) * len(boring)
        return True

    def _read_whole(self, blocks: list[bytes], events: list[Event]) -> None:
        """Read events that came whole, none over the limit. The two usual shapes of one are not split into lines."""
        wanted = self._wanted
        boring, tally = self._boring, self._boring_tally
        start = len(boring)
        pieces = ends = 0
        for block in blocks:
            # With one line more it may be another event: a later `event` line wins over the first one.
            if block.startswith(boring) and block.find(b"\n", start) < 0:
                if tally is not None:
                    pieces += 1
                    ends += block.rfind(b'"')
                elif self._boring_name is not None:
                    head = self._tallies.count(self._boring_name, block, start)
                    if head is not None:
                        self._remember(self._boring_name, block, start, head)
                        boring, tally = self._boring, self._boring_tally
                        start = len(boring)
                continue
            if block.startswith(b"event: "):
                end = block.find(b"\n")
                name = block[7:end]
                if end > 0 and block.startswith(b"data: ", end + 1) and block.find(b"\n", end + 1) < 0:
                    if wanted is None or name in wanted:
                        events.append((name, block[end + 7 :]))
                    else:
                        if tally is not None:
                            tally.pieces += pieces
                            tally.octets += ends - pieces * start
                        self._remember(name, block, end + 7, self._tallies.count(name, block, end + 7))
                        boring, tally = self._boring, self._boring_tally
                        start = len(boring)
                        pieces = ends = 0
                    continue
            elif block.startswith(b"data: ") and block.find(b"\n") < 0:
                if wanted is None or b"" in wanted:
                    events.append((b"", block[6:]))
                continue
            self._take(block + b"\n\n", events)
        if tally is not None:
            tally.pieces += pieces
            tally.octets += ends - pieces * start

    def _remember(self, name: bytes, block: bytes, start: int, head: re.Match[bytes] | None) -> None:
        """From now on pass over events that begin as this one does, up to the end of its head if it has one."""
        self._boring = block[: head.end() if head is not None else start]
        self._boring_tally = self._tallies.of[head.lastgroup or ""] if head is not None else None
        self._boring_name = name if name in self._tallies.patterns else None

    def _take(self, data: bytes, events: list[Event]) -> None:
        """Read line by line; keep what is not finished."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            if self._line_bytes:
                self._keep(line)
                if self._line_bytes > self._max:
                    self._dropped = True
                else:
                    self._read_line(b"".join(self._line))
                self._line.clear()
                self._line_bytes = 0
            elif len(line) > self._max:
                self._dropped = True
            elif line:
                self._read_line(line)
            else:
                self._dispatch(events)
        if rest:
            self._keep(rest)

    def _keep(self, piece: bytes) -> None:
        self._line_bytes += len(piece)
        if self._line_bytes > self._max:
            self._line.clear()
            self._dropped = True
        else:
            self._line.append(piece)

    def _read_line(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            # Every data line counts one more byte: the LF that joins it to the next.
            self._data_bytes += len(value) + 1
            if self._data_bytes > self._max + 1:
                self._dropped = True
                self._data.clear()
            else:
                self._data.append(value)
        elif field == b"event":
            self._name = value

    def _dispatch(self, events: list[Event]) -> None:
        if self._data or self._dropped:
            if self._wanted is None or self._name in self._wanted:
                events.append((self._name, b"" if self._dropped else b"\n".join(self._data)))
            elif not self._dropped:
                self._tallies.count(self._name, b"\n".join(self._data))
        self._name = b""
        self._data = []
        self._data_bytes = 0
        self._dropped = False
