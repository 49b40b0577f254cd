"""How much content passes in events that nobody parses: the bytes of one string in each, by its kind.

    {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}   }
    └─────────────── the head: the same in every event of a block ────────────┘└───┘ counted

The bytes are counted as they stand in the JSON, escapes included. What of an
event counts depends on that event alone, so how a stream is cut into feeds
makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Possessive (`*+`), and atomic (`(?>`): what has matched is never looked at twice, so time stays linear.
_MEMBER = r'"%s": ?"(?P<%s>[^"\\]*+(?>(?:\\.[^"\\]*+)*))'


def strings(**members: str) -> re.Pattern[bytes]:
    """A pattern for the first of these string members: `kind=member name`. It has a group for each kind."""
    return re.compile("|".join(_MEMBER % (name, kind) for kind, name in members.items()).encode(), re.DOTALL)


class Tally:
    """Of one kind of content: in how many pieces it came, and how many bytes they had."""

    __slots__ = ("octets", "pieces")

    def __init__(self) -> None:
        self.pieces = 0
        self.octets = 0


class Tallies:
    """The tallies of all kinds.

    Args:
        patterns: by the name of the event that has content: what to count in its data; each group
            of a pattern is a kind.
        head: matches the start of an event's data up to its content, if it has the usual form, in
            which the content is the event's last string; the one group that takes part is its kind.
    """

    def __init__(
        self, patterns: Mapping[bytes, re.Pattern[bytes]] | None = None, *, head: re.Pattern[bytes] | None = None
    ) -> None:
        self.patterns = patterns or {}
        self.head = head
        self.of: dict[str, Tally] = {kind: Tally() for each in self.patterns.values() for kind in each.groupindex}

    def count(self, name: bytes, data: bytes, start: int = 0) -> re.Match[bytes] | None:
        """Count the content of an event whose data is `data[start:]`; return its head, if it has the usual form."""
        pattern = self.patterns.get(name)
        if pattern is None:
            return None
        head = self.head.match(data, start) if self.head is not None else None
        found = head or pattern.search(data, start)
        if found is None or found.lastgroup is None:
            return None
        tally = self.of[found.lastgroup]
        tally.pieces += 1
        if head is not None:
            tally.octets += data.rfind(b'"') - head.end()
        else:
            first, end = found.span(found.lastgroup)
            tally.octets += end - first
        return head
